"""The library's front door, as its users meet it."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from tunewright.core.errors import InvalidSpec, NotFound
from tunewright_suggester import Choice, Float, Int, Optimizer, SpaceExhausted

SPACE = {"rate": Float(1e-4, 1e-1, log=True), "batch": Choice(32, 64, 128), "epochs": Int(10, 50)}


def score(configuration) -> float:
    return (math.log10(configuration["rate"]) + 2) ** 2 + abs(configuration["batch"] - 64) / 64


def tuned(rounds=20, **settings) -> Optimizer:
    optimizer = Optimizer(SPACE, seed=1, **settings)
    for _ in range(rounds):
        configuration = optimizer.ask()
        optimizer.tell(configuration, score(configuration))
    return optimizer


def test_it_finds_the_minimum_and_says_so():
    optimizer = tuned()
    best = optimizer.best()
    assert best.value == min(told.value for told in optimizer.history)
    assert best.value < 0.05
    assert best.configuration["batch"] == 64
    assert optimizer.recommend()["batch"] == 64


def test_maximising_looks_for_the_largest():
    optimizer = Optimizer(SPACE, direction="maximize", seed=1)
    for _ in range(20):
        configuration = optimizer.ask()
        optimizer.tell(configuration, -score(configuration))
    assert optimizer.best().value > -0.05


def test_a_configuration_is_a_dictionary_of_plain_typed_values_with_an_id():
    asked = Optimizer(SPACE, seed=1).ask()
    assert [type(value) for value in asked.values()] == [float, int, int]
    assert isinstance(asked, dict)
    assert asked.id == 0


def test_choices_give_back_the_very_objects():
    values = (None, True, 1, "1", 2.5, (1, 2))
    optimizer = Optimizer({"c": Choice(*values)}, strategy="Random", seed=0)
    asked = [optimizer.ask()["c"] for _ in range(6)]
    assert {id(one) for one in asked} == {id(one) for one in values}


def test_choices_that_are_equal_are_told_apart_by_type():
    optimizer = Optimizer({"c": Choice(True, 1)}, seed=0)
    optimizer.tell({"c": 1}, 0.0)
    optimizer.tell({"c": True}, 1.0)
    assert optimizer.best().configuration["c"] is not True


def test_numpy_values_may_be_told():
    optimizer = Optimizer(SPACE, seed=0)
    optimizer.tell({"rate": np.float64(1e-3), "batch": np.int64(64), "epochs": np.int64(20)}, np.float32(0.5))
    assert optimizer.history[0].configuration == {"rate": 1e-3, "batch": 64, "epochs": 20}
    assert type(optimizer.history[0].value) is float


def test_asking_again_before_telling_gives_something_else():
    optimizer = tuned(8)
    asked = [optimizer.ask() for _ in range(4)]
    assert len({tuple(one.values()) for one in asked}) == 4
    assert len(optimizer.pending) == 4
    optimizer.tell(asked[2], 1.0)
    assert asked[2] not in optimizer.pending


def test_the_default_point_comes_once_also_where_its_value_changes_on_its_way_back():
    """In this range 0.55, the middle, is 0.5500000000000003 once it has been through the scaled axis and back."""
    optimizer = Optimizer({"x": Float(0.1, 1.0)}, seed=0)
    asked = [optimizer.ask()["x"] for _ in range(4)]
    assert len(set(asked)) == 4, asked
    for value in asked:
        optimizer.tell({"x": value}, failed="it fails")
    assert optimizer.ask()["x"] not in asked


def test_a_plain_dictionary_of_the_same_values_counts_as_what_was_asked():
    optimizer = Optimizer(SPACE, seed=0)
    asked = optimizer.ask()
    optimizer.tell(dict(asked), 1.0)
    assert not optimizer.pending


def test_a_seed_and_the_same_calls_give_the_same_configurations():
    assert [one.configuration for one in tuned(10).history] == [one.configuration for one in tuned(10).history]


def test_cold_is_warm():
    """A new optimiser that is told the same history asks the same as the old one would."""
    warm = tuned(9)
    cold = Optimizer(SPACE, seed=1)
    for _ in range(9):
        cold.tell(cold.ask(), 1.0)
    cold._history = list(warm.history)
    assert cold.ask() == warm.ask()


def test_what_was_never_asked_and_what_is_known_beforehand_counts():
    known = [({"rate": 1e-2, "batch": 64, "epochs": 10 + k}, 0.0 + k) for k in range(6)]
    optimizer = Optimizer(SPACE, seed=0, prior=known)
    assert optimizer.best().value == 0.0
    assert optimizer.explain.__self__ is optimizer
    optimizer.ask()
    assert optimizer.explain().neighbours


def test_one_that_expects_what_another_has_asked_goes_on_as_that_one_would():
    first = tuned(8)
    running = first.ask()
    second = Optimizer(SPACE, seed=1)
    for told in first.history:
        second.tell(second.expect(told.configuration), told.value)
    assert second.expect(running).id == running.id
    assert second.pending == first.pending == (running,)
    assert second.ask() == first.ask()


def test_the_default_point_comes_first():
    assert Optimizer(SPACE, default={"batch": 128}).ask()["batch"] == 128


def test_amt_ranges_are_a_space():
    ranges = {
        "ContinuousParameterRanges": [
            {"Name": "eta", "MinValue": "0.001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}
        ],
        "IntegerParameterRanges": [{"Name": "depth", "MinValue": "2", "MaxValue": "8"}],
        "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b"]}],
    }
    asked = Optimizer(ranges, seed=0).ask()
    assert asked == {"eta": pytest.approx(0.01), "depth": 5, "kind": "a"}


def test_a_finite_space_ends_with_space_exhausted():
    optimizer = Optimizer({"a": Int(1, 2), "b": Choice("x", "y")}, seed=0)
    assert len({tuple(optimizer.ask().values()) for _ in range(4)}) == 4
    with pytest.raises(SpaceExhausted) as exhausted:
        optimizer.ask()
    assert exhausted.value.size == 4


def test_failures_are_kept_with_their_reason_and_are_never_best():
    optimizer = Optimizer(SPACE, seed=0)
    optimizer.tell(optimizer.ask(), failed="out of memory")
    optimizer.tell(optimizer.ask(), math.nan)
    with pytest.raises(NotFound):
        optimizer.best()
    assert [told.failed for told in optimizer.history] == ["out of memory", "the value is nan"]
    for _ in range(6):
        optimizer.tell(optimizer.ask(), failed="again")
    optimizer.tell(optimizer.ask(), 3.0)
    assert optimizer.best().value == 3.0


def test_what_was_stopped_early_is_not_best():
    optimizer = Optimizer(SPACE, seed=0)
    optimizer.tell(optimizer.ask(), 0.1, step=3)
    optimizer.tell(optimizer.ask(), 0.5)
    assert optimizer.best().value == 0.5


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: Optimizer({}), "space"),
        (lambda: Optimizer({"a": (0, 1)}), "space.a"),
        (lambda: Optimizer({"a": Float(1, 0)}), "space.a.low"),
        (lambda: Optimizer(SPACE, strategy="Annealing"), "strategy"),
        (lambda: Optimizer(SPACE, direction="up"), "direction"),
        (lambda: Optimizer(SPACE, default={"epochs": 99}), "default.epochs"),
        (lambda: Optimizer(SPACE).tell({"rate": 1e-2, "batch": 65, "epochs": 10}, 1.0), "configuration.batch"),
        (lambda: Optimizer(SPACE).tell({"rate": 1e-2, "batch": 64}, 1.0), "configuration.epochs"),
        (lambda: Optimizer(SPACE).tell({"rate": 1e-2, "batch": 64, "epochs": 10}), "value"),
        (
            lambda: Optimizer({"ContinuousParameterRanges": [{"Name": "a", "MinValue": "0"}]}),
            "ContinuousParameterRanges[0].MaxValue",
        ),
        (
            lambda: Optimizer({"IntegerParameterRanges": [{"Name": "a", "MinValue": "0", "MaxValue": "x"}]}),
            "IntegerParameterRanges[0].MaxValue",
        ),
    ],
)
def test_bad_input_is_refused_with_its_field(call, field):
    with pytest.raises(InvalidSpec) as refused:
        call()
    assert refused.value.field == field


def test_nothing_told_or_asked_yet_is_said():
    optimizer = Optimizer(SPACE)
    for call in (optimizer.best, optimizer.recommend, optimizer.explain):
        with pytest.raises(NotFound):
            call()


def test_importing_the_package_is_light():
    program = "import sys, tunewright_suggester; sys.exit(bool({'numpy', 'grpc'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_histories_of_similar_problems_are_started_from():
    """Their values are on another scale; a configuration outside the space and a failed one are borne."""

    def loss(at):
        return (at["x"] - 0.7) ** 2 + (at["kind"] == 2)

    space = {"x": Float(0.0, 1.0), "kind": Choice(1, 2)}
    points = [{"x": place / 10, "kind": 1 + place % 2} for place in range(11)]
    similar = [(at, 1000.0 * loss(at) + 50.0) for at in points]
    odd = [({"x": 2.0, "kind": 1}, 1.0), ({"x": 0.5, "kind": 3}, 0.0), ({"x": 0.1, "kind": 1}, math.nan)]
    optimizer = Optimizer(space, seed=0, transfer=[similar, odd])
    first = optimizer.ask()
    assert first == {"x": pytest.approx(0.6, abs=0.21), "kind": 1}
    assert optimizer.history == ()


def test_several_values_count_as_their_mean_with_its_standard_error():
    optimizer = Optimizer({"x": Float(0.0, 1.0)}, seed=1)
    optimizer.tell({"x": 0.5}, [1.0, 2.0, 3.0, 4.0])
    assert optimizer.history[0].value == 2.5
    assert optimizer.history[0].error == pytest.approx(1.2909944 / 2)


def test_what_is_known_to_be_noisy_is_believed_less():
    """Equal values; those at 0.2 are sure, the one at 0.8 is a lucky fold."""
    optimizer = Optimizer({"x": Float(0.0, 1.0)}, seed=1)
    for x, value, error in ((0.2, 0.1, 0.01), (0.3, 0.11, 0.01), (0.5, 0.5, 0.01), (0.7, 0.6, 0.01), (0.9, 0.6, 0.01)):
        optimizer.tell({"x": x}, value, error=error)
    optimizer.tell({"x": 0.8}, 0.05, error=0.5)
    assert optimizer.recommend()["x"] == 0.2
    assert optimizer.best().configuration["x"] == 0.8


@pytest.mark.parametrize(
    ("value", "error", "field"), [([], None, "value"), (1.0, -1.0, "error"), ([1.0, 2.0], 0.1, "error")]
)
def test_a_standard_error_that_is_none_is_refused(value, error, field):
    optimizer = Optimizer({"x": Float(0.0, 1.0)}, seed=1)
    with pytest.raises(InvalidSpec) as refused:
        optimizer.tell({"x": 0.5}, value, error=error)
    assert refused.value.field == field
    assert optimizer.history == ()
