"""The advisor: a faulty job gets the hint that names its fault, a healthy one gets none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bench.metrics.advice import is_true
from bench.metrics.seeded_jobs import BAYESIAN, Job, crowded, dummies, flat, healthy, noisy, outside, ran

from tunewright.core.analysis import Advice, AdviceKind
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec
from tunewright.core.narrowing import narrowed_spec, only_value
from tunewright.core.space import Float, Int
from tunewright.core.spec import Completion, Limits, Parameter, Strategy, WarmStart, WarmStartType
from tunewright.core.states import TrainingState
from tunewright.core.warm_start import check_parent, check_request
from tunewright_metrics.core.advice.advise import advise
from tunewright_metrics.core.advice.narrowing import narrowed
from tunewright_metrics.core.advice.ranges import extended
from tunewright_metrics.core.history import History


def kinds(history: History) -> list[str]:
    return [item.kind for item in advise(history).advice]


def the(kind: AdviceKind, history: History) -> Advice:
    return next(item for item in advise(history).advice if item.kind == kind)


@pytest.mark.parametrize("job", [*outside(10), *outside(1, BAYESIAN)], ids=str)
def test_an_optimum_outside_is_looked_for_beyond_the_end(job: Job) -> None:
    made = ran(job)
    advice = the(AdviceKind.BEST_AT_EDGE, made.history)
    assert advice.suggested is not None
    assert advice.suggested.name == made.faulty
    before, after = made.history.spec.definitions[0].space[made.faulty], advice.suggested.range
    assert isinstance(before, Float | Int)
    assert isinstance(after, Float | Int)
    assert (after.high > before.high) if job.outside > 0 else (after.low < before.low)
    assert str(after) in advice.remedy


@pytest.mark.parametrize("job", dummies(10), ids=str)
def test_a_hyperparameter_without_effect_is_fixed_where_the_best_has_it(job: Job) -> None:
    made = ran(job)
    found = [item.suggested for item in advise(made.history).advice if item.kind == AdviceKind.NO_EFFECT]
    assert [item.name for item in found if item is not None] == [made.faulty]
    assert found[0] is not None
    better = made.history.spec.objective.direction.better
    best = made.history.tried[0]
    for item in made.history.tried:
        assert item.value is not None
        assert best.value is not None
        best = item if better(item.value, best.value) else best
    assert only_value(found[0].range) == best.configuration[made.faulty]


@pytest.mark.parametrize("job", noisy(10), ids=str)
def test_noise_that_drowns_the_search_is_all_that_is_told(job: Job) -> None:
    assert kinds(ran(job).history) == [AdviceKind.NOISE_LARGER_THAN_GAIN]


@pytest.mark.parametrize("job", crowded(10), ids=str)
def test_a_model_that_sees_too_few_rounds_is_told_of(job: Job) -> None:
    history = ran(job).history
    advice = the(AdviceKind.PARALLELISM_TOO_HIGH, history)
    assert f"--parallel {max(1, job.trainings // 10)}" in advice.remedy
    fewer = replace(history, spec=replace(history.spec, limits=Limits(max(1, job.trainings // 10), job.trainings)))
    assert AdviceKind.PARALLELISM_TOO_HIGH not in kinds(fewer)


def test_one_training_and_trainings_without_any_objective_are_not_told_of_parallelism() -> None:
    history = ran(next(iter(crowded(1)))).history
    assert AdviceKind.PARALLELISM_TOO_HIGH in kinds(history)
    single = replace(history.spec, limits=Limits(4, 1))
    assert AdviceKind.PARALLELISM_TOO_HIGH not in kinds(History(single, history.tried[:1]))
    failed = tuple(replace(item, state=TrainingState.FAILED, value=None) for item in history.tried)
    assert AdviceKind.PARALLELISM_TOO_HIGH not in kinds(History(history.spec, failed))


@pytest.mark.parametrize("job", flat(10), ids=str)
def test_a_search_that_is_over_is_told_so(job: Job) -> None:
    assert AdviceKind.PLATEAU in kinds(ran(job).history)


def test_of_forty_healthy_jobs_at_most_one_gets_a_hint() -> None:
    jobs = [*healthy(40), *healthy(4, BAYESIAN, 25)]
    made = [ran(job) for job in jobs]
    false = [
        (job, item)
        for job, one in zip(jobs, made, strict=True)
        for item in advise(one.history).advice
        if not is_true(item, one)
    ]
    assert len(false) <= 1, false


def test_too_few_trainings_get_a_reason_instead() -> None:
    history = ran(Job("few", "bowl", 2, 12, 1)).history
    advised = advise(history)
    assert advised.advice == ()
    assert advised.untold[0].reason == (
        "advice on ranges needs 19 trainings that ran to their end with an objective, and has 12"
    )


def test_repeats_tell_the_noise_that_no_model_can() -> None:
    history = ran(Job("repeats", "waves", 4, 40, 3)).history
    best = history.tried[0]
    assert best.value is not None
    spread = max(abs(item.value - best.value) for item in history.tried if item.value is not None)
    again = tuple(
        replace(best, number=100 + n, value=best.value + spread * (-2.0) ** (n % 3), repeats=best.number)
        for n in range(6)
    )
    assert AdviceKind.NOISE_LARGER_THAN_GAIN in kinds(replace(history, tried=history.tried + again))


def test_noise_above_what_a_criterion_counts_is_told() -> None:
    job = Job("criterion", "bowl", 2, 80, 5, noise=0.3)
    history = ran(job).history
    assert kinds(history) == []
    counting = replace(history.spec, completion=Completion(max_not_improving=5))
    assert "criterion" in the(AdviceKind.NOISE_LARGER_THAN_GAIN, replace(history, spec=counting)).text


def test_what_is_exact_is_no_noise_however_little_was_gained() -> None:
    history = ran(Job("exact", "bowl", 2, 60, 4)).history
    quarter = sorted(float(item.configuration["p0"]) for item in history.tried)[45]
    steps = tuple(replace(item, value=float(float(item.configuration["p0"]) > quarter)) for item in history.tried)
    assert AdviceKind.NOISE_LARGER_THAN_GAIN not in kinds(replace(history, tried=steps))


def failing_above(share: float, *, seed: int = 2) -> History:
    """Return a job whose trainings fail in the upper part of the first range, and once elsewhere."""
    history = ran(Job("failing", "bowl", 2, 40, seed)).history
    values = sorted(float(item.configuration["p0"]) for item in history.tried)
    from_there = values[int(len(values) * share)]
    return replace(
        history,
        tried=tuple(
            replace(item, value=None, state=TrainingState.FAILED)
            if float(item.configuration["p0"]) >= from_there or item.number == 3
            else item
            for item in history.tried
        ),
    )


def test_a_region_where_trainings_fail_is_cut_off() -> None:
    history = failing_above(0.7)
    advice = the(AdviceKind.FAILS_IN_REGION, history)
    assert "12 of 12 trainings with p0 above" in advice.text
    assert advice.suggested is not None
    rest = advice.suggested.range
    assert all(
        not rest.contains(item.configuration["p0"])
        for item in history.tried
        if item.state is TrainingState.FAILED and item.number != 3
    )


def test_failures_here_and_there_are_no_region() -> None:
    history = ran(Job("failing", "bowl", 3, 45, 2)).history
    tried = tuple(
        replace(item, value=None, state=TrainingState.FAILED) if item.number % 4 == 0 else item
        for item in history.tried
    )
    assert AdviceKind.FAILS_IN_REGION not in kinds(replace(history, tried=tried))


@pytest.mark.parametrize(
    ("name", "range_", "upper", "wanted"),
    [
        ("lr", Float(1e-4, 1e-1), True, Float(1e-4, 1.0)),
        ("lr", Float(1e-4, 1e-1), False, Float(1e-5, 1e-1)),
        ("x", Float(-3.0, 5.0), True, Float(-3.0, 9.0)),
        ("x", Float(0.0, 5.0), False, None),
        ("layers", Int(1, 8), False, None),
        ("layers", Int(1, 8), True, Int(1, 12)),
        ("layers", Int(4, 12), False, Int(1, 12)),
        ("dropout", Float(0.0, 0.9), True, Float(0.0, 0.999)),
        ("dropout", Float(0.0, 0.999), True, None),
    ],
)
def test_ends_go_on_as_far_as_nature_lets_them(
    name: str, range_: Float | Int, upper: bool, wanted: Float | Int | None
) -> None:
    assert extended(name, range_, 0.0, 1.0, upper=upper) == wanted


def test_a_narrowed_job_is_a_valid_child_of_its_parent() -> None:
    for job in (*outside(4), *dummies(4)):
        made = ran(job)
        spec = made.history.spec
        ranges = narrowed(made.history, advise(made.history).advice)
        child = narrowed_spec(spec, "job-uid", ranges)
        check_request(child)
        check_parent(child, spec, 0)
        check(child)
        assert child.warm_start == WarmStart(("job-uid",), WarmStartType.IDENTICAL_DATA_AND_ALGORITHM)
        assert child.name == f"{spec.name}-n"
        best = min(
            (item for item in made.history.tried if item.value is not None),
            key=lambda item: -(item.value or 0) if spec.objective.direction.better(1, 0) else (item.value or 0),
        )
        for item in child.definitions[0].parameters:
            assert item.range.contains(best.configuration[item.name])
        if job.dummy:
            assert "dummy" in child.definitions[0].static_hyperparameters


def test_nothing_is_narrowed_where_noise_makes_the_best_ones_luck() -> None:
    made = ran(noisy(1)[0])
    ranges = narrowed(made.history, advise(made.history).advice)
    assert ranges == ()
    with pytest.raises(InvalidSpec, match="good trainings say of no range"):
        narrowed_spec(made.history.spec, "uid", ranges)


def test_a_strategy_that_takes_no_parents_begins_with_the_best() -> None:
    made = ran(outside(1)[0])
    spec = replace(made.history.spec, strategy=Strategy.HYPERBAND)
    ranges = narrowed(made.history, advise(made.history).advice)
    best = {item.parameter.name: _low(item.parameter) for item in ranges}
    child = narrowed_spec(spec, "uid", ranges, best=best)
    assert child.warm_start is None
    assert {item.name: item.hint for item in child.definitions[0].parameters} == best
    with pytest.raises(InvalidSpec, match="a grid has run each"):
        narrowed_spec(replace(spec, strategy=Strategy.GRID), "uid", ranges)


def _low(parameter: Parameter) -> float:
    assert isinstance(parameter.range, Float | Int)
    return parameter.range.low
