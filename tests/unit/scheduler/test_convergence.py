"""When a job has converged: by what the model says, else by the record of its objectives."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scheduler.folding import ended, folded, new_job, wanted
from tunewright.core.draws import uniform
from tunewright.core.spec import Completion, Direction, Strategy
from tunewright.core.states import JobState
from tunewright_scheduler.core.asking import Answered
from tunewright_scheduler.core.convergence import FEWEST_IN_TAIL, STOOD, chance_of_gain
from tunewright_scheduler.core.decide import Tick, decide
from tunewright_scheduler.core.job import Best, Outlook, Provenance, Suggestion, TuningJob

SUGGESTION = Suggestion({"lr": 0.01, "epochs": 3, "batch": "32"}, Provenance("explore"))
NOTHING_LEFT, SOMETHING_LEFT = Outlook(0.01, 0.0), Outlook(0.2, 0.1)
best_first = st.lists(st.floats(-1e3, 1e3), min_size=FEWEST_IN_TAIL + 1, max_size=32).map(sorted)


def asked(verdicts: list[Outlook | None], completion: Completion | None = None, stood: int = STOOD) -> TuningJob:
    """Return a Bayesian job whose asks were answered with these outlooks, a training as good as the best after each.

    Its best has stood for so many trainings before.
    """
    job_spec = replace(wanted(completion=completion, max_trainings=50), strategy=Strategy.BAYESIAN)
    before = replace(new_job(), best=Best(1, 0.5), not_improving=stood)
    job = decide(before, job_spec, Tick(), 0.0).job
    for number, outlook in enumerate(verdicts):
        assert job.ask is not None
        job = decide(job, job_spec, Answered(job.ask.number, (SUGGESTION,), outlook=outlook), float(number)).job
        if job.state is not JobState.RUNNING:
            break
        job = ended(replace(job, slots=(), started=job.started - 1), job_spec, 0.5, number + 0.5).job
    return job


def test_two_successive_asks_with_nothing_left_to_gain_are_convergence():
    assert asked([None, NOTHING_LEFT, NOTHING_LEFT, SOMETHING_LEFT]).converged_at == 2.0


def test_a_model_is_not_believed_before_the_best_has_stood_for_a_while():
    assert asked([NOTHING_LEFT] * 4, stood=STOOD - 2).converged_at == 3.0


def test_a_hopeful_ask_between_two_hopeless_ones_is_not():
    assert asked([NOTHING_LEFT, SOMETHING_LEFT, NOTHING_LEFT]).converged_at is None


def test_convergence_is_reported_and_ends_only_the_job_that_asked_for_it():
    verdicts = [NOTHING_LEFT] * 3
    assert asked(verdicts).state is JobState.RUNNING
    job = asked(verdicts, Completion(on_convergence=True))
    assert (job.state, job.converged_at) == (JobState.COMPLETED, 1.0)
    assert job.reason.startswith("converged: a gain of more than 0.005")


def test_what_is_proposed_beside_the_last_verdict_is_not_started_to_be_stopped():
    assert asked([NOTHING_LEFT] * 3, Completion(on_convergence=True)).started == 1


def test_an_answer_that_comes_again_is_not_a_second_verdict():
    job_spec = replace(wanted(), strategy=Strategy.BAYESIAN)
    job = decide(replace(new_job(), best=Best(1, 0.5), not_improving=STOOD), job_spec, Tick(), 0.0).job
    for _ in range(3):
        job = decide(job, job_spec, Answered(0, (SUGGESTION,), outlook=NOTHING_LEFT), 1.0).job
    assert (job.unpromising, job.converged_at) == (1, None)


@given(count=st.integers(6, 500), left=st.integers(1, 500))
def test_for_any_gain_at_all_the_rule_is_the_theory_of_records(count, left):
    chance = chance_of_gain([float(rank) for rank in range(min(count, 32))], count, left, 0.0)
    assert chance == pytest.approx(left / (count + left))


@given(values=best_first, gain=st.floats(0, 10), factor=st.sampled_from([0.25, -0.25, 8.0, -8.0]))
def test_neither_unit_nor_sign_changes_the_chance(values, gain, factor):
    turned = [factor * value for value in values]
    assert chance_of_gain(turned, 40, 10, abs(factor) * gain) == chance_of_gain(values, 40, 10, gain)


@given(values=best_first, gain=st.floats(0, 10), more=st.floats(0, 10), left=st.integers(1, 100))
def test_more_trainings_raise_the_chance_and_a_larger_gain_lowers_it(values, gain, more, left):
    chance = chance_of_gain(values, 40, left, gain)
    assert 0 <= chance <= left / (40 + left)
    assert chance_of_gain(values, 40, left + 1, gain) >= chance
    assert chance_of_gain(values, 40, left, gain + more) <= chance


def test_the_chance_is_what_comes_true_for_exponential_excesses():
    """1,000 jobs of 60 draws, judged after 30; the error of so many is 1.6 % of the draws."""
    gain, promised, came_true = 1.0, 0.0, 0
    for seed in range(1000):
        draws = [math.log1p(-uniform(seed, number, "draw")) for number in range(60)]
        seen = sorted(draws[:30], reverse=True)
        promised += 1 - (chance_of_gain(seen[::-1], 30, 30, gain) or 0)
        came_true += min(draws[30:]) >= seen[-1] - gain
    assert promised / 1000 == pytest.approx(came_true / 1000, abs=0.05)


def test_too_few_objectives_say_nothing():
    assert chance_of_gain([], 0, 10, 0.1) is None
    assert chance_of_gain([1.0] * FEWEST_IN_TAIL, FEWEST_IN_TAIL, 10, 0.1) is None


def test_a_plateau_is_no_convergence():
    """Ten trainings of fifty that all learn nothing say nothing of the others."""
    assert folded_to([0.1] * 20, 50).converged_at is None
    assert folded_to([0.09] + [0.1] * 19, 50).converged_at is None


def test_a_record_far_below_the_gain_that_counts_is():
    values = [0.9 + 1e-4 * uniform(1, number, "value") for number in range(30)]
    job = folded_to(values, 50)
    assert job.converged_at is not None
    assert job.converged_at < 20


def test_what_the_model_says_is_not_mixed_with_the_record():
    job = replace(folded([0.9] * 5, Direction.MAXIMIZE), outlook=SOMETHING_LEFT)
    job_spec = wanted(max_trainings=50)
    for _ in range(40):
        job = ended(job, job_spec, 0.9 + 1e-6 * job.started).job
    assert (job.unpromising, job.converged_at) == (0, None)


def test_without_a_limit_of_trainings_those_count_that_fit_into_the_time():
    values = [10 * uniform(1, number, "value") for number in range(100)]
    long, short = (folded_to(values, None, max_runtime_s=limit) for limit in (100_000, 103))
    assert long.converged_at is None
    assert short.converged_at is not None


def folded_to(values: list[float], max_trainings: int | None, **limits: int) -> TuningJob:
    """Return a job of these objectives, one a second."""
    job, job_spec = new_job(), wanted(max_trainings=max_trainings, **limits)
    for number, value in enumerate(values, 1):
        job = ended(job, job_spec, value, float(number)).job
    return job
