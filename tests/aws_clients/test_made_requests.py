"""Requests made from botocore's model, right, wrong and hostile, at a real door; the bench sends far more."""

from __future__ import annotations

from bench.gateway import requests


def test_none_is_a_fault_of_ours_and_none_that_is_refused_has_done_anything(tmp_path):
    rows = requests.sent(tmp_path, 300, seed=1)
    assert [row.name for row in rows if not row.holds] == []
