"""All analyses of a job together: what they rest on, what is refused and why, and histories that mean harm."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.unit.metrics.analysis.histories import SQUARE, additive, cube, definition, history, job_of, training
from tunewright.core.analysis import Analysis, Method
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Direction, Objective
from tunewright.core.states import TrainingState
from tunewright_metrics.core.analysis.analyses import analyse

ALL = frozenset(Analysis)
MODELLED = [Analysis.IMPORTANCE, Analysis.PARTIAL_DEPENDENCE]
FEW = frozenset({Analysis.BEST_SO_FAR, Analysis.DISTRIBUTION})


def square(values, **fields):
    """Return a job over two parameters, on a grid that no value is twice on."""
    points = cube(0, len(values), 2)
    tried = [
        training(number, value, {"x": float(x), "y": float(y)})
        for number, (value, (x, y)) in enumerate(zip(values, points, strict=True), 1)
    ]
    return history(tried, definition(SQUARE), **fields)


def reasons(told):
    return {refusal.analysis: refusal.reason for refusal in told.refused}


def test_a_healthy_job_is_analysed_in_full():
    told = analyse(job_of(additive, cube(1, 40, 4)), ALL)
    assert told.refused == ()
    assert (told.trainings, told.stopped, told.left_out) == (40, 0, 0)
    for method in Method:
        (most, *_) = sorted((item for item in told.importances if item.method == method), key=lambda item: -item.share)
        assert most.parameter == "x0"
    assert [item.parameter for item in told.dependences] == ["x0", "x1", "x2", "x3"]
    assert told.best_so_far[-1].value == told.distribution[0].value


def test_the_best_so_far_names_the_trainings_in_the_order_in_which_they_ended():
    tried = [
        training(1, 5.0, {}, ended_at=40.0),
        training(2, 7.0, {}, ended_at=10.0),
        training(3, None, {}, ended_at=20.0, state=TrainingState.FAILED),
        training(4, 6.0, {}, ended_at=30.0),
        training(5, 6.0, {}, ended_at=50.0),
    ]
    steps = analyse(history(tried, definition(SQUARE)), FEW).best_so_far
    assert [(step.number, step.value, step.at, step.trainings) for step in steps] == [
        (2, 7.0, 10.0, 1),
        (4, 6.0, 30.0, 3),
        (1, 5.0, 40.0, 4),
    ]


@pytest.mark.parametrize(
    ("direction", "shares"),
    [
        (Direction.MINIMIZE, [(1.0, 0.5), (2.0, 0.75), (3.0, 1.0)]),
        (Direction.MAXIMIZE, [(3.0, 0.25), (2.0, 0.5), (1.0, 1.0)]),
    ],
)
def test_the_distribution_counts_what_is_this_good_or_better(direction, shares):
    told = analyse(square([1.0, 3.0, 1.0, 2.0, math.nan], direction=direction), FEW)
    assert [(item.value, item.share) for item in told.distribution] == shares
    assert (told.trainings, told.left_out) == (4, 1)


def test_the_distribution_of_many_objectives_keeps_its_ends():
    values = np.random.default_rng(0).random(3000).tolist()
    shares = analyse(square(values), FEW).distribution
    assert len(shares) == 500
    assert (shares[0].value, shares[-1].value, shares[-1].share) == (min(values), max(values), 1.0)


def test_maximising_the_negative_tells_the_same():
    values = additive(cube(0, 30, 4)).tolist()
    told = analyse(square(values), ALL)
    turned = analyse(square([-value for value in values], direction=Direction.MAXIMIZE), ALL)
    assert turned.importances == told.importances
    for one, other in zip(turned.dependences, told.dependences, strict=True):
        assert one.mean == pytest.approx([-mean for mean in other.mean])
        assert one.deviation == pytest.approx(other.deviation)


def test_partial_dependence_follows_the_function_in_its_own_units():
    told = analyse(job_of(lambda points: 100.0 + 10.0 * additive(points), cube(2, 60, 4)), ALL)
    first, *_, last = told.dependences
    assert (first.at[0], first.at[-1], len(first.at)) == (0.0, 1.0, 25)
    assert np.array(first.mean) == pytest.approx(100.0 + 15.0 + 30.0 * np.array(first.at), abs=1.5)
    assert np.ptp(last.mean) < 1.0
    assert max(first.deviation) < 3.0


def test_of_a_choice_or_of_few_integers_each_value_is_told():
    space = {"optimizer": Choice(("sgd", "adam", "off")), "layers": Int(1, 4), "one": Float(0.5, 0.5)}
    random = np.random.default_rng(3)
    tried = []
    for number in range(1, 41):
        optimizer, layers = random.choice(["sgd", "adam", "off"]), int(random.integers(1, 5))
        value = 2.0 * (optimizer == "off") + 0.1 * layers + 0.05 * random.random()
        tried.append(training(number, value, {"optimizer": str(optimizer), "layers": layers, "one": 0.5}))
    told = analyse(history(tried, definition(space)), ALL)
    optimizer, layers = told.dependences
    assert optimizer.at == ("sgd", "adam", "off")
    assert np.argmax(optimizer.mean) == 2
    assert layers.at == (1, 2, 3, 4)
    assert {item.parameter for item in told.importances} == {"optimizer", "layers"}


def test_trainings_stopped_early_are_not_among_the_best():
    """Their values are of fewer steps: here those with a low x seem best, and were stopped."""
    points = cube(4, 60, 2)
    tried = []
    for number, (x, y) in enumerate(points.tolist(), 1):
        state = TrainingState.STOPPED if x < 0.3 else TrainingState.COMPLETED
        value = -5.0 if x < 0.3 else y
        tried.append(training(number, value, {"x": x, "y": y}, state=state))
    told = analyse(history(tried, definition(SQUARE)), ALL)
    assert told.stopped == sum(x < 0.3 for x, _ in points)
    (dependence, _) = told.dependences
    assert dependence.mean[0] > dependence.mean[-1] - 0.1
    assert max(told.importances[:2], key=lambda item: item.share).parameter == "y"


def test_repeats_count_as_one_configuration():
    tried = [training(number, float(number), {"x": number % 5 / 5, "y": 0.5}) for number in range(1, 21)]
    reason = reasons(analyse(history(tried, definition(SQUARE)), ALL))[Analysis.IMPORTANCE]
    assert reason.startswith("5 configurations ran to their end")
    assert "it takes 10" in reason


def test_configurations_that_differ_no_more_than_their_repeats_are_refused():
    random = np.random.default_rng(5)
    tried = [
        training(number, float(random.standard_normal()), {"x": number % 12 / 12, "y": 0.5}) for number in range(48)
    ]
    reason = reasons(analyse(history(tried, definition(SQUARE)), ALL))[Analysis.IMPORTANCE]
    assert "no more than noise" in reason


def test_definitions_are_judged_each_by_itself():
    large = definition({"x0": Float(0.0, 1.0), "depth": Int(1, 9)}, "large")
    small = definition({"x0": Float(0.0, 1.0)}, "small")
    tried = [
        training(number, x, {"x0": x, "depth": 3 + number % 5}, definition_name="large")
        for number, x in enumerate(cube(6, 20, 1)[:, 0].tolist(), 1)
    ]
    tried.append(training(21, -9.0, {"x0": 0.5}, definition_name="small"))
    job = history(tried, large, small)
    told = analyse(job, ALL)
    assert {(item.definition_name, item.parameter) for item in told.importances} == {
        ("large", "x0"),
        ("large", "depth"),
    }
    assert [(refusal.definition_name, refusal.analysis) for refusal in told.refused] == [
        ("small", analysis) for analysis in (*MODELLED, Analysis.ADVICE)
    ]
    assert told.best_so_far[-1].value == -9.0
    alone = analyse(job, ALL, "large")
    assert (alone.refused, alone.trainings, alone.importances) == ((), 20, told.importances)


def test_a_definition_that_the_job_does_not_have_is_refused_by_its_field():
    job = history([], definition(SQUARE, "large", Objective("loss")), definition(SQUARE, "small"))
    with pytest.raises(InvalidSpec) as refused:
        analyse(job, ALL, "medium")
    assert refused.value.field == "definition_name"
    assert "large, small" in refused.value.remedy


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "0 configurations"),
        ([1.0], "1 configurations ran"),
        ([math.nan] * 12, "0 configurations"),
        ([math.inf, -math.inf] * 9, "0 configurations"),
        ([0.5] * 12, "all 12 objectives are 0.5"),
        ([1e300] * 12, "all 12 objectives are"),
    ],
)
def test_what_gives_no_answer_is_refused_with_a_reason(values, said):
    told = analyse(square(values), ALL)
    assert (told.importances, told.dependences) == ((), ())
    for analysis in MODELLED:
        assert said in reasons(told)[analysis]
    assert (Analysis.BEST_SO_FAR in reasons(told)) == (told.trainings == 0)


def test_a_space_of_one_configuration_has_nothing_to_tell():
    job = history([training(1, 1.0, {"x": 0.5})], definition({"x": Float(0.5, 0.5)}))
    assert "more than one value" in reasons(analyse(job, ALL))[Analysis.IMPORTANCE]


def test_noise_alone_is_not_modelled():
    """The model foretells nothing then: no Sobol indices, whatever chance there is in the best quarter."""
    refused = 0
    for seed in range(10):
        told = analyse(square(np.random.default_rng(seed).standard_normal(40).tolist()), ALL)
        refused += Analysis.PARTIAL_DEPENDENCE in reasons(told)
    assert refused >= 8


def huge():
    return [10.0 ** (20.0 * x) for x in cube(7, 30, 1)[:, 0] * 15.0]


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(square(huge()), id="values up to 1e300"),
        pytest.param(square([-value for value in huge()]), id="values down to -1e300"),
        pytest.param(square([1e-300 * number for number in range(20)]), id="values near 0"),
        pytest.param(square([1e16 + 2.0 * number for number in range(20)]), id="differences in the last digits"),
        pytest.param(job_of(lambda points: points.sum(1), cube(8, 70, 30)), id="30 parameters"),
        pytest.param(
            history(
                [training(n, float(n % 7), {f"c{k}": "ab"[(n >> k) % 2] for k in range(5)}) for n in range(64)],
                definition({f"c{k}": Choice(("a", "b")) for k in range(5)}),
            ),
            id="all choices",
        ),
        pytest.param(
            history(
                [training(n, float(n % 4), {"x": n % 11 / 11, "y": 7.0}) for n in range(40)], definition(SQUARE)
            ),
            id="outside the ranges",
        ),
        pytest.param(
            history([training(n, float(n), {"x": n % 11 / 11}) for n in range(40)], definition(SQUARE)),
            id="a parameter without values",
        ),
        pytest.param(
            history(
                [training(n, float(n), {"x": n / 40, "y": 0.1}, error=[math.nan, math.inf, 1e300][n % 3])
                 for n in range(40)],
                definition(SQUARE),
            ),
            id="errors that are no numbers",
        ),
    ],
)  # fmt: skip
def test_no_history_brings_anything_but_finite_figures_or_a_reason(job):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        told = analyse(job, ALL)
    shares = [figure for item in told.importances for figure in (item.share, item.low, item.high)]
    assert all(0.0 <= figure <= 1.0 for figure in shares)
    assert all(item.low <= item.share <= item.high for item in told.importances)
    figures = [figure for item in told.dependences for figure in (*item.mean, *item.deviation)]
    assert all(map(math.isfinite, figures))
    assert told.importances or reasons(told)[Analysis.IMPORTANCE]
    assert told.dependences or reasons(told)[Analysis.PARTIAL_DEPENDENCE]
