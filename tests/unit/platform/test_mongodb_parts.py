"""What the store on MongoDB does without a server: writes as operations, errors as ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import (
    ClientBulkWriteException,
    InvalidOperation,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
    WriteConcernError,
)

from tunewright.core.errors import Unavailable
from tunewright.platform.store.mongodb_errors import lost_to_others, text, told
from tunewright.platform.store.mongodb_writes import escaped, kept, operations
from tunewright.platform.store.port import Check, Insert, Put, Remove, Replace

documents = st.dictionaries(
    st.text("$~.a", max_size=3),
    st.recursive(
        st.integers(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("$~.a", max_size=3), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)


def bulk_error(**details: object) -> ClientBulkWriteException:
    empty: dict[str, object] = {"error": None, "writeErrors": [], "writeConcernErrors": []}
    return ClientBulkWriteException(empty | details, verbose=True)


def refused(code: int) -> ClientBulkWriteException:
    return bulk_error(writeErrors=[{"idx": 0, "code": code, "errmsg": "no", "op": {"doc": {"password": "hush"}}}])


@given(documents)
def test_keys_come_back_and_none_begins_with_a_dollar_sign(document):
    def keys(value):
        if isinstance(value, dict):
            yield from value
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                yield from keys(item)

    assert kept(escaped(document)) == document
    assert not any(key.startswith("$") for key in keys(escaped(document)))


def test_each_write_is_one_operation_but_a_check_of_what_is_not_there():
    writes = [Insert("c", "k", {}), Replace("c", "k", {}, 1), Put("c", "k", {}), Remove("c", "k"), Check("c", "k", 1)]
    assert len(operations("d", writes)) == len(writes)
    assert len(operations("d", [Check("c", "k", 0)])) == 2


@pytest.mark.parametrize(
    "error",
    [
        ServerSelectionTimeoutError("refused, Timeout: 3s, Topology Description: long"),
        NetworkTimeout("timed out"),
        InvalidOperation("Cannot use MongoClient after close"),
        OperationFailure("Authentication failed.", 18, {"errmsg": "Authentication failed."}),
        OperationFailure("not allowed", 13),
        OperationFailure("slow", 50),
        bulk_error(error=NetworkTimeout("timed out")),
        bulk_error(writeConcernErrors=[{"code": 64, "errmsg": "waiting for replication timed out"}]),
        WriteConcernError("waiting", 64, {"errInfo": {}, "errorLabels": ["RetryableWriteError"]}),
    ],
    ids=repr,
)
def test_a_store_that_is_away_or_shut_to_us_is_unavailable_and_no_fault_of_what_is_written(error):
    said = told(error)
    assert isinstance(said, Unavailable)
    assert "Topology" not in str(said)


def test_what_the_server_refuses_is_told_without_the_document():
    said = told(refused(2))
    assert isinstance(said, OperationFailure)
    assert "no" in str(said)
    assert "hush" not in str(said) + text(refused(2))


@pytest.mark.parametrize("code", [11000, 112])
def test_what_others_won_is_tried_again(code):
    assert lost_to_others(refused(code))
    assert lost_to_others(OperationFailure("conflict", 112))


def test_a_server_that_did_not_answer_is_not_asked_again_for_a_commit():
    silent = NetworkTimeout("timed out")
    silent._add_error_label("TransientTransactionError")
    assert not lost_to_others(bulk_error(error=silent))
