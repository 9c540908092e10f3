"""Jobs of several definitions: what each must have, how draws are shared out, and what is refused by which name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.specs import definition, spec
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec, SpaceExhausted
from tunewright.core.space import Choice, Float
from tunewright.core.spec import (
    Direction,
    EnqueuedConfiguration,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Strategy,
    WarmStart,
    WarmStartType,
)
from tunewright.core.turns import turn

LOSS = (MetricDefinition("loss", "loss=(.*)"),)


def several(*definitions, **fields):
    return spec(definitions=definitions or (definition(name="a"), definition(name="b")), **fields)


def choices(name, *counts):
    parameters = tuple(Parameter(f"p{i}", Choice(tuple(map(str, range(count))))) for i, count in enumerate(counts))
    return definition(name=name, parameters=parameters)


def refusal(wrong, judge=check):
    with pytest.raises(InvalidSpec) as caught:
        judge(wrong)
    return caught.value


def test_definitions_of_one_direction_are_tuned_together():
    own, other = Objective("loss"), Objective("acc")
    first = definition(name="a", objective=own, metric_definitions=LOSS)
    checked = check(several(first, definition(name="b", objective=other)))
    assert checked.objective == own
    assert [checked.objective_of(name) for name in "ab"] == [own, other]


def test_ten_definitions_and_no_more():
    ten = tuple(definition(name=f"d{i}") for i in range(10))
    assert check(several(*ten)).definitions == ten
    assert refusal(several(*ten, definition(name="d10"))).field == "definitions"


MINIMISED = definition(name="b", objective=Objective("loss", Direction.MINIMIZE), metric_definitions=LOSS)
WRONG = [
    (several(definition(name="a"), definition()), "definitions[1].name", "is missing"),
    (several(definition(name="a"), definition(name="a")), "definitions[1].name", "two definitions"),
    (several(definition(name="a b"), definition(name="b")), "definitions[0].name", "is not a letter"),
    (several(definition(name="a"), MINIMISED), "definitions[1].objective.direction", "is Minimize here and Maximize"),
    (
        several(definition(name="a"), definition(name="b", parameters=())),
        "definitions[1].parameters",
        "nothing to tune",
    ),
    (
        several(definition(name="a"), definition(name="b", objective=Objective("loss"))),
        "definitions[1].objective.metric_name",
        "A metric is required",
    ),
    (several(warm_start=WarmStart(("p",), WarmStartType.TRANSFER_LEARNING)), "warm_start", "one definition"),
    (
        several(enqueued=(EnqueuedConfiguration({"lr": 0.01}),)),
        "enqueued[0].definition_name",
        "no definition of this job",
    ),
]


@pytest.mark.parametrize(("wrong", "field", "why"), WRONG, ids=[row[1] for row in WRONG])
def test_what_is_refused(wrong, field, why):
    error = refusal(wrong)
    assert (error.field, why in error.why, bool(error.remedy)) == (field, True, True)


def test_a_grid_of_several_has_the_points_of_all():
    grid = several(choices("a", 2, 3), choices("b", 4), strategy=Strategy.GRID, limits=Limits(2))
    assert check(grid).limits.max_trainings == 10
    assert refusal(several(choices("a", 30, 20), choices("b", 30, 20), strategy=Strategy.GRID)).field == "definitions"
    real = definition(name="b", parameters=(Parameter("x", Float(0, 1)),))
    error = refusal(several(choices("a", 2), real, strategy=Strategy.GRID))
    assert error.field == "definitions[1].parameters[0].range"


def test_a_definition_whose_space_is_used_up_is_passed_over():
    assert [turn([2, None, 1], draw) for draw in range(8)] == [
        (0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (1, 2), (1, 3), (1, 4)
    ]  # fmt: skip


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_every_configuration_has_its_turn_once(sizes):
    turns = [turn(sizes, draw) for draw in range(sum(sizes))]
    assert sorted(turns) == [(place, number) for place, size in enumerate(sizes) for number in range(size)]
    with pytest.raises(SpaceExhausted) as caught:
        turn(sizes, sum(sizes))
    assert caught.value.size == sum(sizes)
