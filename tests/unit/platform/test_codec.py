from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.platform.pairs import ADDED_HERE, PARTIAL, WHOLE, values_of
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import (
    Completion,
    Definition,
    Direction,
    EnqueuedConfiguration,
    Limits,
    Objective,
    Parameter,
    StoppingCondition,
    TuningJobSpec,
)
from tunewright.core.states import EndCause
from tunewright.platform import codec
from tunewright.platform.codec import from_message, to_message
from tunewright.v1 import spec_pb2, tuning_service_pb2

NEVER_ZERO = {"instance_count"}
"""Numbers of which there cannot be none."""


def named(pair) -> str:
    return f"{pair[0].__module__.rpartition('.')[2]}.{pair[0].__name__}"


@pytest.mark.parametrize("pair", WHOLE, ids=named)
def test_dataclass_and_message_have_the_same_fields(pair):
    value_type, message_type = pair
    assert {field.name for field in fields(value_type)} == codec.field_names(message_type)


@pytest.mark.parametrize("pair", PARTIAL, ids=named)
def test_a_partial_dataclass_has_no_field_that_the_message_lacks(pair):
    value_type, message_type = pair
    assert {field.name for field in fields(value_type)} - ADDED_HERE < codec.field_names(message_type)


def test_every_dataclass_of_a_specification_is_compared():
    messages = {name for name in spec_pb2.DESCRIPTOR.message_types_by_name if name != "Value"}
    assert messages <= {value_type.__name__ for value_type, _ in WHOLE}


@pytest.mark.parametrize("pair", [*WHOLE, *PARTIAL], ids=named)
def test_only_texts_and_enums_may_mean_their_default_by_being_empty(pair):
    """Elsewhere zero is a value, so a field whose default is not zero must be `optional` in the message."""
    value_type, message_type = pair
    for field in fields(value_type):
        descriptor = message_type.DESCRIPTOR.fields_by_name.get(field.name)
        if descriptor is None or descriptor.is_repeated or descriptor.has_presence or not field.default:
            continue
        assert field.default is MISSING or isinstance(field.default, str) or field.name in NEVER_ZERO, field.name


@pytest.mark.parametrize("pair", [*WHOLE, *PARTIAL], ids=named)
def test_what_is_encoded_decodes_to_the_same(pair):
    value_type, message_type = pair

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values_of(value_type, message_type))
    def holds(value):
        content = to_message(value, message_type).SerializeToString()
        assert from_message(message_type.FromString(content), value_type) == value

    holds()


@pytest.mark.parametrize("value", [0, 1, -(2**63), 0.0, 1.0, -0.0, math.inf, "", "1", "1.0"])
def test_a_hyperparameter_keeps_its_type(value):
    back = codec.value_from_message(codec.value_to_message(value))
    assert (type(back), repr(back)) == (type(value), repr(value))


@given(st.floats(2.0**23, 2.0**33))
def test_a_time_comes_back_exactly(instant):
    assert codec.instant_from_timestamp(codec.instant_to_timestamp(instant)) == instant


@pytest.mark.parametrize(
    ("value", "message_type"),
    [
        (Limits(max_parallel=0), spec_pb2.Limits),
        (Completion(target=0.0, max_not_improving=0, on_convergence=False), spec_pb2.Completion),
        (StoppingCondition(max_runtime_s=0, max_wait_s=0), spec_pb2.StoppingCondition),
        (Parameter("x", Int(0, 0), scaling_given=False), spec_pb2.Parameter),
        (Parameter("x", Choice(("",)), hint=""), spec_pb2.Parameter),
        (Objective("loss", Direction.MINIMIZE, last_k=0), spec_pb2.Objective),
    ],
    ids=lambda item: type(item).__name__,
)
def test_zero_is_told_from_absent(value, message_type):
    message = message_type.FromString(to_message(value, message_type).SerializeToString())
    assert from_message(message, type(value)) == value


def test_what_is_absent_takes_the_default():
    decoded = from_message(spec_pb2.Definition(image="file:///a", resources=spec_pb2.Resources()), Definition)
    assert decoded == Definition("file:///a")


def field_of(refused) -> str:
    return refused.value.field


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (spec_pb2.TuningJobSpec(name="a"), "objective"),
        (spec_pb2.TuningJobSpec(objective=spec_pb2.Objective(direction=77)), "objective.direction"),
        (
            spec_pb2.TuningJobSpec(definitions=[{}, {"parameters": [{"name": "x"}]}]),
            "definitions[1].parameters[0].range",
        ),
        (
            spec_pb2.TuningJobSpec(
                definitions=[{"parameters": [{"float_range": {"low": 2, "high": 1, "scaling": "SCALING_TYPE_LINEAR"}}]}]
            ),
            "definitions[0].parameters[0].range.low",
        ),
        (
            spec_pb2.TuningJobSpec(objective={"metric_name": "loss"}, enqueued=[{"configuration": {"x": {}}}]),
            "enqueued[0].configuration.x",
        ),
    ],
)
def test_what_cannot_be_decoded_is_named_by_its_path(message, field):
    with pytest.raises(InvalidSpec) as refused:
        from_message(message, TuningJobSpec)
    assert field_of(refused) == field


@dataclass(frozen=True)
class Ended:
    end_cause: EndCause | None = None


def test_an_optional_enum_that_is_present_must_say_something():
    with pytest.raises(InvalidSpec, match="end_cause"):
        from_message(tuning_service_pb2.TrainingJob(end_cause="END_CAUSE_UNSPECIFIED"), Ended)


@pytest.mark.parametrize(
    ("limits", "field"),
    [(Limits(max_parallel=2**40), "limits.max_parallel"), (Limits(max_cost="cheap"), "limits.max_cost")],  # type: ignore[arg-type]
)
def test_what_a_message_cannot_hold_is_named_by_its_path(limits, field):
    spec = TuningJobSpec("a", (), Objective("loss"), limits=limits)
    with pytest.raises(InvalidSpec) as refused:
        to_message(spec, spec_pb2.TuningJobSpec)
    assert field_of(refused) == field


@pytest.mark.parametrize("value", [2**63, True, "\ud800"])
def test_a_value_that_no_hyperparameter_can_have_is_refused(value):
    enqueued = EnqueuedConfiguration({"x": value})
    with pytest.raises(InvalidSpec, match="configuration"):
        to_message(enqueued, spec_pb2.EnqueuedConfiguration)


def test_a_range_keeps_its_kind():
    for range_ in (Float(0.0, 1.0), Int(0, 1), Choice(("0", "1"))):
        message = to_message(Parameter("x", range_), spec_pb2.Parameter)
        assert type(from_message(message, Parameter).range) is type(range_)
