"""A paused job starts nothing, loses nothing and repeats nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.scheduler.world import UID, World, any_program, running, spec, with_limits
from tunewright.core.draws import random_configuration
from tunewright.core.errors import IllegalTransition, NotFound, Unavailable
from tunewright.core.spec import Completion, Limits, Strategy
from tunewright.core.states import JobState, TrainingState
from tunewright_scheduler import records
from tunewright_scheduler.amendments import Amendments
from tunewright_scheduler.core.asking import AskFailed
from tunewright_scheduler.core.decide import (
    Park,
    PauseRequested,
    ResumeRequested,
    StopRequested,
    Tick,
    TrainingEnded,
    decide,
)
from tunewright_scheduler.core.effects import Decision, StartTraining
from tunewright_scheduler.core.job import Ending, TuningJob
from tunewright_scheduler.core.training import CLAIM_REMINDER_S
from tunewright_scheduler.resources import training_message
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.tuning_jobs import TuningJobs


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


@pytest.fixture
def verbs(world: World) -> Amendments:
    return Amendments(world.store, world.changes, TuningJobs(world.store, world.changes, any_program, world.room))


async def draw(world: World) -> TuningJob:
    """Have Random take its own draws: what the suggester would have answered."""
    return await world.changes.send(UID, AskFailed(world.asked.pop(), "away"))


async def test_what_nobody_has_claimed_is_not_claimed_before_the_job_is_resumed(
    world: World, verbs: Amendments
) -> None:
    await world.create(spec())
    await world.answer_all()
    before = await world.training(1)
    assert await verbs.pause("owner", "job") == UID
    epoch = await world.open("t")
    assert await world.claim("t", epoch, "r") == []
    withheld = await world.training(1)
    assert (withheld.state, withheld.due_at) == (TrainingState.READY, None)
    assert training_message(withheld).waiting_for == "its tuning job to be resumed"
    world.store.clock += 10
    await verbs.resume("owner", "job")
    offered = await world.training(1)
    assert (offered.claim_order, offered.due_at) == (before.claim_order, world.store.clock + CLAIM_REMINDER_S)
    claimed = await world.claim("t", epoch, "r", slots=2)
    assert [item.number for item in claimed] == [1, 2]


async def test_what_runs_goes_on_and_counts_and_nothing_takes_its_place(world: World, verbs: Amendments) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await verbs.pause("owner", "job")
    await world.exit(claimed)
    job = await world.summarize(claimed, 0.5)
    assert (job.state, job.started, job.trainings.completed, job.slots) == (JobState.PAUSED, 2, 1, (2,))
    assert await world.claim("t", epoch, "r2") == []
    await verbs.resume("owner", "job")
    assert (await world.job()).slots == (2, 3)


async def test_a_training_that_is_lost_meanwhile_waits_for_the_job_too(world: World, verbs: Amendments) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await verbs.pause("owner", "job")
    await world.sessions.lose(claimed)
    other = await world.open("other")
    assert await world.claim("other", other, "r2") == []
    await verbs.resume("owner", "job")
    assert (await world.claim("other", other, "r2"))[0].attempt == 2


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.BAYESIAN])
async def test_the_answer_to_an_open_ask_is_kept_unless_it_would_be_stale(
    world: World, verbs: Amendments, strategy: Strategy
) -> None:
    await world.create(spec(strategy=strategy))
    await verbs.pause("owner", "job")
    await world.answer(0, 2)
    job = await world.job()
    assert (job.started, len(job.ahead)) == (0, 2 if strategy is Strategy.RANDOM else 0)
    world.asked.clear()
    await verbs.resume("owner", "job")
    job = await world.job()
    assert job.started == (2 if strategy is Strategy.RANDOM else 0)
    assert world.asked == [1], "the rest is asked for under a new number"
    await world.answer_all()
    assert (await world.job()).started == 2


async def test_no_draw_is_skipped_or_repeated_however_often_a_job_is_paused(world: World, verbs: Amendments) -> None:
    await world.create(with_limits(spec(), max_trainings=14))
    turn = 0
    while not (await world.job()).state.final:
        if turn % 3 == 0:
            await verbs.pause("owner", "job")
        if world.asked:
            await draw(world)
        if turn % 3 != 1:
            await verbs.resume("owner", "job")
        if (await world.job()).slots and (await world.job()).state is JobState.RUNNING:
            await world.run_one()
        turn += 1
    space = spec().definitions[0].space
    trainings = await world.trainings()
    assert [item.configuration for item in trainings] == [random_configuration(space, 7, index) for index in range(14)]
    assert (await world.job()).state is JobState.COMPLETED


async def test_pausing_twice_and_resuming_twice_changes_nothing_more(world: World, verbs: Amendments) -> None:
    await world.create(spec())
    await world.answer_all()
    for verb, state in ((verbs.pause, JobState.PAUSED), (verbs.resume, JobState.RUNNING)):
        await verb("owner", "job")
        once = await records.read_job(world.store, UID)
        await verb("owner", UID)
        again = await records.read_job(world.store, UID)
        assert once is not None
        assert again is not None
        assert (again.version, again.value.state) == (once.version, state)


async def test_only_a_job_that_runs_is_paused_and_only_by_its_owner(world: World, verbs: Amendments) -> None:
    await world.create(spec())
    await world.answer_all()
    with pytest.raises(NotFound):
        await verbs.pause("somebody", "job")
    await world.changes.send(UID, Park("a fault"))
    with pytest.raises(IllegalTransition, match="parked"):
        await verbs.pause("owner", "job")
    epoch = await world.open("t")
    await world.claim("t", epoch, "r")
    await world.changes.send(UID, StopRequested("enough"))
    with pytest.raises(IllegalTransition, match="closing"):
        await verbs.pause("owner", "job")
    (left,) = running(await world.trainings())
    await world.exit(left)
    await world.summarize(left, None)
    for verb in (verbs.pause, verbs.resume):
        with pytest.raises(IllegalTransition, match="is Stopped: cannot be paused or resumed"):
            await verb("owner", "job")


async def test_a_paused_job_is_stopped_at_once(world: World, verbs: Amendments) -> None:
    await world.create(spec())
    await world.answer_all()
    await verbs.pause("owner", "job")
    job = await world.changes.send(UID, StopRequested("enough"))
    assert (job.state, job.trainings.stopped) == (JobState.STOPPED, 2)


async def test_the_clock_of_a_paused_job_goes_on(world: World, verbs: Amendments) -> None:
    await world.create(spec(limits=Limits(max_parallel=2, max_runtime_s=100)))
    await world.answer_all()
    await verbs.pause("owner", "job")
    job = await world.job()
    assert job.due_at == world.store.clock + 100
    world.store.clock += 101
    await Sweep(world.store, world.changes, world.sessions, world.elsewhere).sweep()
    assert (await world.job()).state is JobState.COMPLETED


async def test_a_paused_job_that_reaches_its_target_is_complete(world: World, verbs: Amendments) -> None:
    await world.create(spec(completion=Completion(target=0.9)))
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await verbs.pause("owner", "job")
    await world.exit(claimed)
    assert (await world.summarize(claimed, 0.95)).state is JobState.COMPLETED


async def test_a_paused_job_says_whom_it_waits_for(world: World, verbs: Amendments) -> None:
    await world.create(spec())
    await world.answer_all()
    await verbs.pause("owner", "job")
    job = await world.job()
    assert (job.reason, job.state.shown) == ("paused by its user", "InProgress")
    waits_for, _ = await world.doctor.of(job)
    assert waits_for == "Tuning job job is paused by its user; nothing more is started."
    await verbs.resume("owner", "job")
    assert (await world.job()).reason == ""


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("verb", ["pause", "resume"])
async def test_a_lost_commit_or_answer_is_made_good_by_the_same_call(
    world: World, verbs: Amendments, verb: str, applied: bool
) -> None:
    await world.create(spec())
    await world.answer_all()
    if verb == "resume":
        await verbs.pause("owner", "job")
    world.store.commits_to_failure, world.store.fails_before = 0, not applied
    for _ in range(2):
        with suppress(Unavailable):  # its caller calls again
            await getattr(verbs, verb)("owner", "job")
    epoch = await world.open("t")
    assert len(await world.claim("t", epoch, "r", slots=2)) == (0 if verb == "pause" else 2)


MESSAGES = st.sampled_from(["pause", "resume", "draw", "end", "tick", "park"])


@given(st.lists(MESSAGES, max_size=60), st.sampled_from([Strategy.RANDOM, Strategy.BAYESIAN]), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_a_paused_job_never_starts_anything(said: list[str], strategy: Strategy, parallel: int) -> None:
    wanted = spec(strategy=strategy, limits=Limits(max_parallel=parallel, max_trainings=9))
    job = decide(TuningJob(UID, "job", "owner", 0.0, 0.0, 7), wanted, Tick(), 0.0).job
    for now, what in enumerate(said, 1):
        before = job
        decision = _said(job, wanted, what, float(now))
        job = decision.job
        started = [effect for effect in decision.effects if isinstance(effect, StartTraining)]
        assert not (started and job.state is JobState.PAUSED)
        assert len(job.slots) <= parallel
        if before.state is JobState.PAUSED and what not in {"resume", "park"}:
            assert job.state is not JobState.RUNNING


def _said(job: TuningJob, wanted: object, what: str, now: float) -> Decision:
    messages = {
        "pause": PauseRequested(),
        "resume": ResumeRequested(),
        "draw": AskFailed(job.ask.number if job.ask else -1, "away"),
        "end": TrainingEnded(Ending(min(job.slots, default=0), TrainingState.COMPLETED, False, 0.5, "")),
        "tick": Tick(),
        "park": Park("a fault") if now > 50 else Tick(),
    }
    return decide(job, wanted, messages[what], now)  # type: ignore[arg-type]
