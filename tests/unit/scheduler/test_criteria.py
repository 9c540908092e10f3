"""Every completion criterion, alone and together; what a failed job says; what never ends a job."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.scheduler.folding import ended, new_job, wanted
from tests.unit.scheduler.world import UID, World, spec
from tunewright.core.spec import Completion, Limits, Reevaluation, Strategy, TuningJobSpec
from tunewright.core.states import JobState, TrainingState
from tunewright_scheduler.core.asking import MOST_AWAITING, AskFailed
from tunewright_scheduler.core.decide import Tick, TrainingEnded, decide
from tunewright_scheduler.core.effects import StopTrainings
from tunewright_scheduler.core.job import (
    Awaiting,
    Best,
    Ending,
    ObjectiveCounters,
    OpenAsk,
    ParentJob,
    Provenance,
    Suggestion,
    TuningJob,
)
from tunewright_scheduler.tuning_jobs import TuningJobs

MET = {
    "failed": {},
    "target": {"target": 0.5},
    "improved": {"max_not_improving": 3},
    "converged": {"on_convergence": True},
    "time limit": {},
    "all 8 trainings": {},
}
"""A word of each reason, in the order in which criteria are named, and what asks for it."""


def run(values: list[float | None], job_spec: TuningJobSpec) -> TuningJob:
    job = new_job()
    for value in values:
        if job.state.final:
            break
        job = ended(job, job_spec, value).job
    return job


def test_the_job_ends_with_the_first_training_that_makes_it_too_many():
    job = run([0.5, 0.4, 0.6, 0.6, 0.3, None, 0.2, 0.9], wanted(completion=Completion(max_not_improving=3)))
    assert (job.state, job.observations, job.not_improving) == (JobState.COMPLETED, 7, 3)
    assert job.reason == "the best objective has not improved by more than 0.006 in 3 trainings"


def test_the_count_is_kept_where_nobody_asks_for_it():
    assert (run([0.5] * 9, wanted()).not_improving, run([0.5] * 9, wanted()).state) == (8, JobState.RUNNING)


def test_a_job_without_any_objective_is_not_ended_for_not_improving():
    assert run([None] * 8, wanted(completion=Completion(max_not_improving=3))).state is JobState.RUNNING


@pytest.mark.parametrize("value", [0.5, 0.6])
def test_the_target_is_inclusive(value):
    assert run([0.1, value], wanted(completion=Completion(target=0.5))).state is JobState.COMPLETED


@pytest.mark.parametrize("first", range(1, len(MET)))
def test_of_several_met_by_one_message_the_first_is_named(first):
    asked = {name: value for members in list(MET.values())[first:] for name, value in members.items()}
    limits = {"max_trainings": 8} | ({"max_runtime_s": 60} if first <= list(MET).index("time limit") else {})
    job = replace(
        new_job(), best=Best(1, 0.6), not_improving=3, converged_at=1.0, started=8, objectives=ObjectiveCounters(8)
    )
    ended_job = decide(job, wanted(completion=Completion(**asked), **limits), Tick(), 60.0).job
    assert list(MET)[first] in ended_job.reason


def test_the_first_criterion_that_is_met_keeps_its_reason():
    job_spec = wanted(completion=Completion(target=0.5), max_parallel=2)
    job = replace(new_job(), started=1, slots=(1,))
    decision = ended(job, job_spec, 0.6)
    assert decision.job.state is JobState.COMPLETING
    assert next(effect for effect in decision.effects if isinstance(effect, StopTrainings)).numbers == (1,)
    late = decide(decision.job, replace(job_spec, limits=Limits(2, 9, 60)), Tick(), 100.0).job
    assert late.reason == decision.job.reason
    assert late.converged_at is None


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.PAUSED])
def test_a_paused_job_meets_its_deadline_and_its_target(state):
    job_spec = wanted(completion=Completion(target=0.5), max_runtime_s=60)
    paused = decide(replace(new_job(), state=state), job_spec, Tick(), 1.0).job
    assert paused.due_at == 60.0 if paused.ask is None else paused.due_at is not None
    assert decide(paused, job_spec, Tick(), 59.9).job.state is state
    assert decide(paused, job_spec, Tick(), 60.0).job.state is JobState.COMPLETED
    assert ended(paused, job_spec, 0.5).job.state is JobState.COMPLETED


def test_parents_never_end_a_job():
    parent = ParentJob("p", "parent", 1, 30, Best(3, 0.99))
    job_spec = wanted(completion=Completion(target=0.9, max_not_improving=3))
    job = replace(new_job(), parents=(parent,))
    for value in (0.1, 0.2, 0.3):
        job = ended(job, job_spec, value).job
    assert (job.state, job.not_improving, job.best) == (JobState.RUNNING, 0, Best(3, 0.3))


FAILED, STOPPED = TrainingState.FAILED, TrainingState.STOPPED
LOSS, CRASH = "lost 3 times", "exit code 3\nKeyError: 'lr'"


def failing(*ends: tuple[TrainingState, str], **limits: int) -> TuningJob:
    job, job_spec = new_job(), wanted(**limits)
    for state, reason in ends:
        job = ended(job, job_spec, None, state=state, retryable=reason == LOSS, reason=reason).job
    return job


def test_the_first_failure_of_the_algorithms_own_is_named_with_its_last_lines():
    job = failing((STOPPED, "by hand"), (FAILED, LOSS), (FAILED, CRASH), *[(FAILED, "exit code 4")] * 3)
    assert job.state is JobState.FAILED
    assert job.reason.startswith("No training job succeeded after 5 attempts. For additional details, please take")
    assert job.reason.endswith(f"The first failure: {CRASH}")


def test_losses_alone_are_named_too():
    assert failing(*[(FAILED, LOSS)] * 5).reason.endswith(f"The first failure: {LOSS}")


def test_a_job_of_three_that_all_fail_has_failed():
    job = failing(*[(FAILED, CRASH)] * 3, max_trainings=3)
    assert (job.state, job.reason.startswith("No training job succeeded after 3 attempts.")) == (JobState.FAILED, True)


def test_stopped_trainings_are_no_failures():
    assert failing(*[(STOPPED, "by hand")] * 6).state is JobState.RUNNING


async def test_the_same_seed_draws_the_same_configurations_and_another_one_others(tmp_path):
    drawn = {}
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        (tmp_path / name).mkdir()
        world = World(tmp_path / name)
        uid = await TuningJobs(world.store, world.changes, lambda *_: None, world.room).create(
            "owner", spec(name=name, random_seed=seed, strategy=Strategy.RANDOM, limits=Limits(6, 6))
        )
        assert uid != UID
        await world.changes.send(uid, AskFailed(0, "no suggester: the scheduler draws as it would"))
        drawn[name] = [training.configuration for training in await world.trainings(uid)]
        await world.store.close()
    assert len(drawn["one"]) == 6
    assert drawn["one"] == drawn["two"] != drawn["three"]


def test_a_job_whose_limit_was_lowered_says_how_many_have_ended():
    job = ended(replace(new_job(), started=10, observations=10), wanted(max_trainings=6), 0.5).job
    assert (job.state, job.reason) == (JobState.COMPLETED, "all 11 trainings have ended; their limit was lowered to 6")


def test_a_job_that_has_started_all_it_may_waits_for_no_answer():
    asking = replace(new_job(), started=3, slots=(3,), ask=OpenAsk(0, 9, retry_at=9e9))
    ending = Ending(3, TrainingState.COMPLETED, False, 0.5, "")
    assert decide(asking, wanted(max_trainings=3), TrainingEnded(ending), 1.0).job.state is JobState.COMPLETED


def test_nothing_is_started_while_the_summaries_of_very_many_are_awaited():
    waiting = tuple(Awaiting(number, 0.0) for number in range(1, MOST_AWAITING + 1))
    ahead = (Suggestion({"lr": 0.01, "epochs": 3, "batch": "32"}, Provenance("random")),) * 9
    job = replace(new_job(), started=MOST_AWAITING, awaiting=waiting, ahead=ahead)
    assert decide(job, wanted(), Tick(), 1.0).job.slots == ()
    read = Ending(1, TrainingState.COMPLETED, False, 0.5, "")
    assert decide(job, wanted(), TrainingEnded(read), 1.0).job.slots == (MOST_AWAITING + 1,)


def test_what_is_run_again_comes_between_the_end_of_the_search_and_the_jobs():
    job_spec = replace(wanted(completion=Completion(max_not_improving=3)), reevaluation=Reevaluation(1, 2))
    job = new_job()
    for value in (0.5, 0.4, 0.4, 0.4):
        job = ended(job, job_spec, value).job
    assert (job.state, job.repeated, len(job.slots)) == (JobState.RUNNING, 1, 1)
    assert job.search_over.startswith("the best objective has not improved")
