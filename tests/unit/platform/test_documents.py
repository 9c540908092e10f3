from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.platform.pairs import TEXTS
from tunewright.platform.documents import from_document, to_document
from tunewright_metrics.core.stream import Stream
from tunewright_scheduler.core.job import Ask, TuningJob
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.core.training import Training

STORED = [TuningJob, Training, Ask, Session, Stream]
"""What the services keep in the store as documents."""
SCALARS = {
    type(None): st.none(),
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(),
    str: TEXTS,
    bytes: st.binary(max_size=8),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy of a type that stands in a stored record."""
    origin, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{field.name: values_of(hints[field.name]) for field in fields(hint)})
    if origin in {Union, types.UnionType}:
        return st.one_of([values_of(option) for option in inner])
    if origin is tuple and inner[-1] is not Ellipsis:
        return st.tuples(*map(values_of, inner))
    if origin is tuple:
        return st.lists(values_of(inner[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(TEXTS, values_of(inner[1]), max_size=2)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return SCALARS[hint]


@pytest.mark.parametrize("value_type", STORED)
def test_what_is_stored_is_read_back(value_type):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values_of(value_type))
    def holds(value):
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(to_document(value)))
        back = from_document(kept, value_type)
        assert repr(asdict(back)) == repr(asdict(value))  # NaN is not equal to itself; 1 and 1.0 are

    holds()


def job(**fields) -> TuningJob:
    return TuningJob("u", "job", "somebody", created_at=1.0, modified_at=2.0, seed=3, **fields)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 5e-324, -0.0, 1.0])
def test_a_float_keeps_all_its_bits(value):
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(to_document(job(due_at=value))))
    assert repr(from_document(kept, TuningJob).due_at) == repr(value)


def test_fields_of_indexes_and_of_a_newer_version_are_left_out():
    document = to_document(job()) | {"shown": "InProgress", "invented_later": {"deep": [1]}}
    assert from_document(document, TuningJob) == job()


def test_fields_that_an_older_version_did_not_write_take_their_defaults():
    document = to_document(job())
    del document["outlook"], document["fallbacks"]
    assert from_document(document, TuningJob) == job()


@pytest.mark.parametrize("wrong", [{"state": "DREAMING"}, {"seed": "three"}, {"slots": 4}, {"uid": None}])
def test_what_cannot_be_understood_is_refused_and_not_guessed(wrong):
    with pytest.raises(msgspec.ValidationError):
        from_document(to_document(job()) | wrong, TuningJob)
