"""Requests of any kind are decoded, or refused with the field that is wrong; nothing else."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.suggester.histories import MIXED
from tests.unit.suggester.requests import observations_of, request_of
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import WarmStartType
from tunewright.v1 import spec_pb2
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.warm_start import evidence_of
from tunewright_suggester.wire import MOST_OBSERVATIONS, MOST_SUGGESTIONS, read_ask

NUMBERS = (0, 1, -1, 7, 2**31 - 1, -(2**31), math.nan, math.inf, -math.inf, 1e308)


def full_request() -> pb.SuggestRequest:
    """Return a request in which every message of an ask occurs."""
    request = request_of(rows=3, warm_start=spec_pb2.WARM_START_TYPE_IDENTICAL_DATA_AND_ALGORITHM)
    (definition,) = request.definitions
    definition.observations.errors.extend([0.1, math.nan, 0.2])
    parent = definition.parents.add(uid="p", parameters=definition.parameters, static_hyperparameters={"units": "12"})
    parent.observations.CopyFrom(definition.observations)
    definition.pending.add(number=9).configuration["rate"].float_value = 0.01
    definition.default_point["units"].int_value = 64
    request.hyperband.max_resource = 9
    return request


def test_parents_are_decoded():
    request = full_request()
    request.definitions[0].ClearField("pending")
    ask = read_ask(request)
    ((parent,),) = [definition.parents for definition in ask.definitions]
    assert ask.warm_start is WarmStartType.IDENTICAL_DATA_AND_ALGORITHM
    assert parent.space == ask.definitions[0].space
    assert repr(parent.observations) == repr(ask.definitions[0].observations)
    assert parent.static == {"units": "12"}


OBSERVED = "definitions[0].observations"
REFUSED = {
    f"{OBSERVED}.columns.rate": lambda r: r.definitions[0].observations.columns[0].floats.__setitem__(1, math.nan),
    f"{OBSERVED}.columns.units": lambda r: r.definitions[0].observations.columns[1].ints.append(1),
    f"{OBSERVED}.columns": lambda r: r.definitions[0].observations.columns.add(name="unheard"),
    f"{OBSERVED}.outcomes": lambda r: r.definitions[0].observations.outcomes.__setitem__(0, 9),
    f"{OBSERVED}.values": lambda r: r.definitions[0].observations.values.append(1.0),
    f"{OBSERVED}.steps": lambda r: r.definitions[0].observations.steps.__setitem__(0, -1),
    f"{OBSERVED}.errors": lambda r: r.definitions[0].observations.errors.extend([1.0, -1.0, 1.0]),
    f"{OBSERVED}.curve_lengths": lambda r: r.definitions[0].observations.curve_lengths.__setitem__(0, -1),
    f"{OBSERVED}.curves": lambda r: r.definitions[0].observations.curves.append(1.0),
    f"{OBSERVED}.curve_steps": lambda r: r.definitions[0].observations.curve_steps.__setitem__(0, 0),
    "definitions[0].parents[0].parameters": lambda r: r.definitions[0].parents.add(),
    "definitions[0].parameters[0].range.low": lambda r: setattr(
        r.definitions[0].parameters[0].float_range, "low", math.inf
    ),
    "definitions": lambda r: setattr(r, "prefix_length", MOST_OBSERVATIONS),
    "direction": lambda r: setattr(r, "direction", 9),
    "warm_start": lambda r: setattr(r, "warm_start", 9),
    "budget": lambda r: setattr(r, "budget", -1),
    "count": lambda r: setattr(r, "count", MOST_SUGGESTIONS + 1),
    "started": lambda r: setattr(r, "started", -1),
}


@pytest.mark.parametrize("field", REFUSED)
def test_what_is_wrong_is_named(field):
    request = request_of(rows=3)
    read_ask(request)
    REFUSED[field](request)
    with pytest.raises(InvalidSpec) as refused:
        read_ask(request)
    assert refused.value.field == field
    assert refused.value.remedy


def test_parents_without_a_kind_of_warm_start_are_refused():
    request = request_of(rows=3)
    request.definitions[0].parents.add(parameters=request.definitions[0].parameters)
    with pytest.raises(InvalidSpec, match="warm_start"):
        read_ask(request)


def test_a_hundred_thousand_observations_are_refused_before_they_are_decoded():
    request = request_of(rows=1)
    request.definitions[0].observations.outcomes.extend([pb.OUTCOME_COMPLETED] * 100_000)
    with pytest.raises(InvalidSpec, match="100001 observations are more than"):
        read_ask(request)


@settings(max_examples=300)
@given(st.data())
def test_no_request_meets_anything_but_a_refusal(data):
    request = full_request()
    for _ in range(data.draw(st.integers(1, 3))):
        garble(request, data)
    with suppress(InvalidSpec):
        read_ask(request)


def garble(message, data):
    """Change one place of a message, anywhere in it."""
    field = data.draw(st.sampled_from(list(message.DESCRIPTOR.fields)))
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        getattr(message, field.name).clear()
    elif field.message_type is not None and field.is_repeated:
        items = getattr(message, field.name)
        garble(data.draw(st.sampled_from(list(items))), data) if items and data.draw(st.booleans()) else items.add()
    elif field.message_type is not None:
        garble(getattr(message, field.name), data)
    elif field.is_repeated:
        garble_list(getattr(message, field.name), data)
    else:
        put(lambda value: setattr(message, field.name, value), data)


def garble_list(items, data):
    if items and data.draw(st.booleans()):
        del items[data.draw(st.integers(0, len(items) - 1))]
    else:
        put(items.append, data)


def put(setter, data):
    """Set what the field can hold: a number, else a text."""
    for value in (data.draw(st.sampled_from(NUMBERS)), 2, data.draw(st.text(max_size=3)), b""):
        try:
            setter(value)
        except (TypeError, ValueError):
            continue
        return


def test_what_a_definition_holds_fixed_decides_what_its_parents_observations_mean():
    """A parent that ran with another solver saw another problem; its configurations may be tried again."""
    request = request_of("RANDOM", rows=0)
    parent = pb.Parent(
        parameters=request.definitions[0].parameters,
        observations=observations_of(MIXED, range(3)),
        static_hyperparameters={"solver": "lbfgs"},
    )
    request.definitions[0].parents.append(parent)
    request.warm_start = spec_pb2.WARM_START_TYPE_IDENTICAL_DATA_AND_ALGORITHM
    for solver, same in (("lbfgs", 3), ("sgd", 0)):
        request.definitions[0].static_hyperparameters["solver"] = solver
        definition = read_ask(request).definitions[0]
        assert sum(map(len, evidence_of(definition, read_ask(request).warm_start))) == same
