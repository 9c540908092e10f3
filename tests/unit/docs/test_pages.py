"""The pages that follow from the code are as the code is, and every promise has its test."""

from __future__ import annotations

import pytest
from docs.generate import faults_page, pages

from tests.proofs import CLAIMS, Proof, proofs


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_the_page_is_fresh(path):
    assert path.read_text() == pages()[path], "python -m docs.generate"


def test_every_promise_has_a_test_and_every_proof_was_promised():
    proven = {proof.claim for proof in proofs()}
    assert proven == set(CLAIMS)
    assert len(CLAIMS) == len(set(CLAIMS))


def test_a_promise_without_a_test_stands_out():
    page = faults_page([Proof(claim, "test_it", "tests/test_it.py") for claim in CLAIMS[1:]])
    (row,) = [line for line in page.splitlines() if "**nothing**" in line]
    assert CLAIMS[0][1] in row
