"""What a fitting process keeps: prefix and tail are the whole, whatever the pieces; what it lacks, it says."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.suggester.histories import MIXED
from tests.unit.suggester.requests import observations_of, request_of
from tunewright.core.errors import InvalidSpec
from tunewright.v1 import spec_pb2
from tunewright_suggester.core.ask import Curve
from tunewright_suggester.prefixes import Prefixes
from tunewright_suggester.wire import read_ask

ROWS = 8
PER_ROW = ("outcomes", "values", "steps", "numbers")


def completed(prefixes, request):
    return prefixes.completed(request, read_ask(request))


def tail_of(low, high, digest, change=lambda _: None):
    request = request_of(rows=high, prefix_digest=digest, prefix_length=low)
    request.definitions[0].observations.CopyFrom(observations_of(MIXED, range(low, high)))
    change(request.definitions[0].observations)
    return request


def no_curves(observations):
    for name in ("curves", "curve_steps", "curve_lengths"):
        observations.ClearField(name)


def with_errors(observations):
    observations.errors.extend([0.25] * len(observations.outcomes))


@given(st.lists(st.integers(1, ROWS - 1), unique=True), st.data())
def test_a_history_in_pieces_is_the_history_in_one(cuts, data):
    """Also where only some of the pieces bear curves or standard errors."""
    prefixes, digest = Prefixes(), b""
    whole = request_of(rows=0)
    for low, high in zip([0, *sorted(cuts)], [*sorted(cuts), ROWS], strict=True):
        change = data.draw(st.sampled_from([no_curves, with_errors, lambda _: None]))
        piece = tail_of(low, high, digest, change)
        ask, digest = completed(prefixes, piece)
        prefixes.trim()
        add(whole.definitions[0].observations, piece.definitions[0].observations)
    expected, whole_digest = completed(Prefixes(), whole)
    assert digest == whole_digest
    assert repr(ask.definitions) == repr(expected.definitions)  # NaN is what it is, not equal to itself


def add(whole, piece):
    rows = len(piece.outcomes)
    for column in piece.columns:
        known = [one for one in whole.columns if one.name == column.name]
        (known[0] if known else whole.columns.add(name=column.name)).MergeFrom(
            type(column)(floats=column.floats, ints=column.ints, choices=column.choices)
        )
    for name in (*PER_ROW, "curves", "curve_steps"):
        getattr(whole, name).extend(getattr(piece, name))
    whole.curve_lengths.extend(piece.curve_lengths or [0] * rows)
    whole.errors.extend(piece.errors or [math.nan] * rows)


@pytest.mark.parametrize("name", [*PER_ROW, "errors", "curves", "curve_steps", "floats", "ints", "choices"])
def test_whatever_the_core_reads_is_in_the_digest(name):
    digests = set()
    for number in (1, 2):
        request = request_of(rows=3)
        observations = request.definitions[0].observations
        observations.errors.extend([0.5] * 3)
        columns = [*observations.columns, observations]
        field = next(getattr(one, name) for one in columns if hasattr(one, name) and getattr(one, name))
        field[1] = number
        digests.add(completed(Prefixes(), request)[1])
    assert len(digests) == 2


def test_the_space_and_the_parents_are_in_the_digest():
    plain, wider, warm = (request_of(rows=3) for _ in range(3))
    wider.definitions[0].parameters[0].float_range.high = 0.2
    warm.warm_start = spec_pb2.WARM_START_TYPE_TRANSFER_LEARNING
    warm.definitions[0].parents.add(parameters=warm.definitions[0].parameters)
    digests = {completed(Prefixes(), request)[1] for request in (plain, wider, warm)}
    assert len(digests) == 3


def test_parents_are_known_from_the_prefix_on():
    prefixes = Prefixes()
    whole = request_of(rows=4, warm_start=spec_pb2.WARM_START_TYPE_TRANSFER_LEARNING)
    parent = whole.definitions[0].parents.add(parameters=whole.definitions[0].parameters)
    parent.observations.CopyFrom(observations_of(MIXED, range(20, 25)))
    first, digest = completed(prefixes, whole)
    tail = tail_of(4, 6, digest)
    tail.warm_start = spec_pb2.WARM_START_TYPE_TRANSFER_LEARNING
    second, _ = completed(prefixes, tail)
    assert second.definitions[0].parents == first.definitions[0].parents
    assert len(second.definitions[0].parents[0].observations) == 5
    tail.definitions[0].parents.append(parent)
    with pytest.raises(InvalidSpec, match="parents belong to the prefix"):
        completed(prefixes, tail)


def test_a_prefix_is_unknown_under_another_length_space_or_name():
    prefixes = Prefixes()
    _, digest = completed(prefixes, request_of(rows=4))
    longer, wider, renamed = tail_of(5, 6, digest), tail_of(4, 6, digest), tail_of(4, 6, digest)
    wider.definitions[0].parameters[0].float_range.high = 0.2
    renamed.definitions[0].name = "another"
    assert [completed(prefixes, request) for request in (longer, wider, renamed)] == [None] * 3
    assert completed(prefixes, tail_of(4, 6, digest)) is not None


def test_what_is_kept_is_bounded_and_the_oldest_goes_first():
    prefixes = Prefixes(values_kept=250)
    digests = []
    for uid in "abc":
        digests.append(completed(prefixes, request_of(rows=8, uid=uid))[1])
        prefixes.trim()
    known = [completed(prefixes, tail_of(8, 8, digest)) is not None for digest in digests]
    assert known == [False, True, True]


def test_curves_are_decoded_row_by_row():
    request = request_of(rows=3)
    observations = request.definitions[0].observations
    no_curves(observations)
    observations.curve_lengths.extend([2, 0, 1])
    observations.curve_steps.extend([1, 3, 2])
    observations.curves.extend([0.5, 0.25, 0.75])
    (definition,) = read_ask(request).definitions
    assert definition.observations.curves == (Curve((1, 3), (0.5, 0.25)), Curve(), Curve((2,), (0.75,)))
