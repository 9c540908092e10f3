"""A training that metrics advises to stop: its trainer hears of it, it counts as it ended, why is kept and shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.scheduler.world import UID, World, spec
from tunewright.core.check import check
from tunewright.core.spec import EnqueuedConfiguration, HyperbandConfig, Limits, Reevaluation, Strategy
from tunewright.core.states import EndCause, TrainingState
from tunewright.events.v1 import results_pb2
from tunewright.platform.store.port import Query
from tunewright_scheduler.change import Change
from tunewright_scheduler.core.asking import AskFailed
from tunewright_scheduler.core.ending import stopped
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.resources import training_message
from tunewright_scheduler.results import Results

HYPERBAND = {"strategy": Strategy.HYPERBAND, "hyperband": HyperbandConfig(1, 9)}
TEXT = (
    "stopped early by the median rule: at value 3 its acc 0.2 was worse than 0.5, the median of the running means of "
    "5 completed trainings"
)


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


async def running_one(world: World, **fields: object) -> Training:
    await world.create(spec(**fields))
    await world.answer_all()
    (claimed,) = await world.claim("t", await world.open("t"), "r")
    return claimed


async def advise(world: World, number: int, attempt: int = 1, rule: str = "median") -> None:
    message = results_pb2.StopAdvised(uid=UID, number=number, attempt=attempt, rule=rule, step=3, value=0.2)
    if rule == "median":
        message.against = 0.5
        message.compared.extend([1, 2, 3, 4, 5])
    await Results(world.changes).take(message)


async def test_the_trainer_is_told_and_the_evidence_is_kept(world: World) -> None:
    claimed = await running_one(world)
    await advise(world, claimed.number)
    told = await world.training(claimed.number)
    assert (told.state, told.stop_reason, told.stopped_early.compared) == (TrainingState.RUNNING, TEXT, (1, 2, 3, 4, 5))
    assert not training_message(told).HasField("stopped_early")  # not yet
    await world.exit(told, 143, EndCause.STOPPED)
    await world.summarize(told, 0.25)
    ended = await world.training(claimed.number)
    assert (ended.state, ended.objective_value, ended.reason) == (TrainingState.STOPPED, 0.25, TEXT)
    shown = training_message(ended).stopped_early
    assert (shown.rule, shown.step, shown.value, shown.against, shown.text) == ("median", 3, 0.2, 0.5, TEXT)
    job = await world.job()
    assert (job.trainings.stopped, job.objectives.succeeded, job.best.value) == (1, 1, 0.25)


async def test_advice_that_comes_again_changes_nothing(world: World) -> None:
    claimed = await running_one(world)
    await advise(world, claimed.number)
    before = await world.training(claimed.number)
    await advise(world, claimed.number, rule="max_resource")
    assert await world.training(claimed.number) == before


async def test_advice_for_another_attempt_or_an_ended_process_has_no_effect(world: World) -> None:
    claimed = await running_one(world)
    await advise(world, claimed.number, attempt=2)
    await advise(world, claimed.number + 1)
    assert not any(training.stop_reason for training in await world.trainings())
    await world.exit(claimed, 0)
    await advise(world, claimed.number)
    await world.summarize(claimed, 0.5)
    ended = await world.training(claimed.number)
    assert (ended.state, ended.stopped_early) == (TrainingState.COMPLETED, None)


async def test_a_training_that_ends_by_itself_before_it_is_stopped_has_completed(world: World) -> None:
    claimed = await running_one(world)
    await advise(world, claimed.number)
    await world.exit(claimed, 0)
    await world.summarize(claimed, 0.5)
    ended = await world.training(claimed.number)
    assert (ended.state, ended.reason, ended.stopped_early) == (TrainingState.COMPLETED, "", None)


async def test_what_its_user_stops_is_not_called_stopped_early(world: World) -> None:
    claimed = await running_one(world)

    async def stop(change: Change) -> None:
        await change.put(stopped(await change.training(claimed.number), "stopped by its user", change.now))

    await world.changes.make(UID, stop)
    await advise(world, claimed.number)
    await world.exit(claimed, 143, EndCause.STOPPED)
    await world.summarize(claimed, 0.5)
    ended = await world.training(claimed.number)
    assert (ended.reason, ended.stopped_early) == ("stopped by its user", None)


async def test_the_slot_is_free_once_the_process_has_ended(world: World) -> None:
    claimed = await running_one(world, limits=Limits(max_parallel=1, max_trainings=3))
    await advise(world, claimed.number)
    assert (await world.job()).slots == (1,)
    await world.exit(claimed, 143, EndCause.STOPPED)
    assert (await world.job()).slots == (2,)


async def outcome(world: World, rule: str) -> str:
    claimed = await running_one(world)
    await advise(world, claimed.number, rule=rule)
    await world.exit(claimed, 143, EndCause.STOPPED)
    await world.summarize(claimed, 0.25)
    page = await world.store.find(Query("observations", "by_job", {"uid": UID}))
    return page.items[0].document["outcome"]


async def test_the_suggester_hears_that_it_was_stopped(world: World) -> None:
    assert await outcome(world, "median") == "STOPPED"


async def test_what_has_had_its_largest_resource_has_completed_for_the_suggester(world: World) -> None:
    assert await outcome(world, "max_resource") == "COMPLETED"


async def test_trainings_that_the_suggester_has_not_proposed_have_rungs_too(world: World) -> None:
    one = EnqueuedConfiguration({"lr": 0.01, "epochs": 3, "batch": "32"})
    await world.create(check(spec(**HYPERBAND, enqueued=(one,))))
    job = await world.job()
    await world.changes.make(UID, lambda change: change.apply(AskFailed(job.ask.number, "nobody answers")))
    enqueued, fallback = (await world.trainings())[:2]
    assert (enqueued.provenance.source, enqueued.rungs) == ("enqueued", (1, 3, 9))
    assert (fallback.provenance.source, fallback.rungs) == ("fallback", (1, 3, 9))


async def test_a_repeated_training_is_judged_at_no_rung_but_the_last(world: World) -> None:
    wanted = spec(**HYPERBAND, limits=Limits(1, 2), reevaluation=Reevaluation(1, 1))
    await world.create(check(wanted))
    await world.answer_all()
    await world.run_one(0.5)
    repeated = (await world.trainings())[1]
    assert (repeated.repeats, repeated.rungs) == (1, (9,))
