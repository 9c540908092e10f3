"""The pages that follow from the code are as the code is, and every promise has its test."""

from __future__ import annotations

import re

import pytest
from docs.generate import DOCS, faults_page, pages

import tunewright
from tests.proofs import CLAIMS, Proof, proofs
from tunewright.v1 import tuning_service_pb2, worker_service_pb2


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_the_page_is_fresh(path):
    assert path.read_text() == pages()[path], "python -m docs.generate"


def test_the_references_name_all_that_is_public():
    python, grpc = ((DOCS / "reference" / name).read_text() for name in ("python.md", "grpc.md"))
    named = set(re.findall(r"^#+ (?:\w+\.)?(\w+)$", python, re.MULTILINE))
    assert set(tunewright.__all__) - {"AsyncClient"} <= named
    assert {name for name in vars(tunewright.Client) if not name.startswith("_")} <= named
    calls = {
        method.name
        for file in (tuning_service_pb2, worker_service_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert calls <= set(re.findall(r"^\| `(\w+)` \|", grpc, re.MULTILINE))


def test_every_promise_has_a_test_and_every_proof_was_promised():
    proven = {proof.claim for proof in proofs()}
    assert proven == set(CLAIMS)
    assert len(CLAIMS) == len(set(CLAIMS))


def test_a_promise_without_a_test_stands_out():
    page = faults_page([Proof(claim, "test_it", "tests/test_it.py") for claim in CLAIMS[1:]])
    (row,) = [line for line in page.splitlines() if "**nothing**" in line]
    assert CLAIMS[0][1] in row
