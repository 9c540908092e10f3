"""What a job costs is counted for every attempt, and its limit is not exceeded by more than what is in flight."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scheduler.world import UID, World, running, spec
from tunewright.core.spec import Definition, Limits, Resources, Strategy
from tunewright.core.states import EndCause, JobState, TrainingState
from tunewright_scheduler.core import cost
from tunewright_scheduler.core.decide import StopRequested
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.resources import job_message

PRICE = 0.5


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


def priced(max_cost: float | None = None, parallel: int = 2, trainings: int = 6, **fields: object):
    limits = Limits(max_parallel=parallel, max_trainings=trainings, max_cost=max_cost)
    return spec(limits=limits, prices_per_second={"local": PRICE}, **fields)


async def run(world: World, claimed: Training, seconds: float, code: int = 0, value: float | None = 0.5) -> None:
    """See a claimed training through; its process has run for so long."""
    world.store.clock += seconds
    await world.exit(claimed, code, seconds=seconds)
    await world.summarize(claimed, value)


async def claimed(world: World, count: int = 8) -> list[Training]:
    await world.answer_all()
    return await world.claim("t", await world.open("t"), f"r{world.store.clock}", slots=count)


async def test_every_ended_attempt_is_paid_whatever_became_of_it(world: World) -> None:
    await world.create(priced(parallel=3))
    well, badly, stopped = await claimed(world)
    await run(world, well, 10)
    await run(world, badly, 4, code=1, value=None)
    world.store.clock += 2
    await world.exit(stopped, 0, EndCause.STOPPED, seconds=2)
    assert (await world.job()).spent == pytest.approx((10 + 4 + 2) * PRICE)
    assert [item.cost for item in (await world.trainings())[:3]] == pytest.approx([5.0, 2.0, 1.0])


async def test_a_lost_attempt_is_paid_from_its_grant_and_the_next_one_on_top(world: World) -> None:
    await world.create(priced(parallel=1))
    (first,) = await claimed(world)
    world.store.clock += 100
    await world.sessions.lose(first)
    assert (await world.job()).spent == pytest.approx(100 * PRICE)
    (again,) = await claimed(world)
    assert (again.number, again.attempt) == (1, 2)
    await run(world, again, 10)
    assert (await world.job()).spent == pytest.approx(110 * PRICE)
    assert (await world.training(1)).cost == pytest.approx(110 * PRICE)


async def test_an_attempt_that_is_made_again_through_no_fault_of_its_own_is_paid_too(world: World) -> None:
    await world.create(priced(parallel=1))
    (first,) = await claimed(world)
    world.store.clock += 20
    await world.exit(first, 1, EndCause.PREEMPTED, seconds=20)
    (again,) = await claimed(world)
    assert (again.number, again.attempt) == (1, 2)
    await run(world, again, 10)
    assert (await world.job()).spent == pytest.approx(30 * PRICE)


async def test_what_never_ran_costs_nothing(world: World) -> None:
    await world.create(priced())
    await world.answer_all()
    await world.changes.send(UID, StopRequested("no more"))
    job = await world.job()
    assert (job.state, job.spent) == (JobState.STOPPED, 0.0)


async def test_an_exit_told_twice_is_paid_once(world: World) -> None:
    await world.create(priced(parallel=1))
    (first,) = await claimed(world)
    world.store.clock += 10
    for _ in range(2):
        await world.exit(first, seconds=10)
    assert (await world.job()).spent == pytest.approx(10 * PRICE)


async def test_the_limit_ends_the_job_and_says_so(world: World) -> None:
    await world.create(priced(max_cost=12.0, parallel=1))
    for _ in range(3):
        (one,) = await claimed(world)
        await run(world, one, 10)
    job = await world.job()
    assert (job.state, job.started) == (JobState.COMPLETED, 3)
    assert job.reason == "the cost limit of 12 is spent: 15"


async def test_nothing_is_started_that_would_find_the_limit_used_up(world: World) -> None:
    """Three slots, but what is left is worth two trainings of the mean: the third slot stays free."""
    await world.create(priced(max_cost=15.0, parallel=3, trainings=20))
    first, second, third = await claimed(world)
    world.store.clock += 8
    await world.exit(first, seconds=8)  # paid: 4, so the mean is 4; 11 are left: the two that run, and one more
    assert (await world.job()).slots == (2, 3, 4)
    await world.exit(second, seconds=8)  # paid: 8; 7 are left, and two run
    assert (await world.job()).slots == (3, 4)
    await world.exit(third, seconds=8)
    assert (await world.job()).slots == (4,)
    (fourth,) = await claimed(world)
    await world.exit(fourth, seconds=8)
    for training in (first, second, third, fourth):
        await world.summarize(training, 0.5)
    job = await world.job()
    assert (job.state, job.spent, job.started) == (JobState.COMPLETED, 16.0, 4)


async def test_before_the_first_has_ended_as_many_start_as_may_run_at_once(world: World) -> None:
    await world.create(priced(max_cost=0.001, parallel=2, trainings=20))
    assert len(await claimed(world)) == 2


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.BAYESIAN])
@pytest.mark.parametrize("parallel", [1, 4])
async def test_the_limit_is_exceeded_by_no_more_than_what_was_in_flight(
    world: World, strategy: Strategy, parallel: int
) -> None:
    await world.create(priced(max_cost=20.0, parallel=parallel, trainings=100, strategy=strategy))
    seconds = [3.0, 7.0, 1.0, 5.0, 9.0, 2.0]
    while not (job := await world.job()).state.final:
        await world.answer_all()
        world.store.clock += 3  # a model waits a moment for summaries
        await world.claim("t", await world.open("t"), f"r{world.store.clock}", slots=parallel)
        for training in running(await world.trainings()):
            await run(world, training, seconds[training.number % len(seconds)])
    ended = await world.trainings()
    assert 20.0 <= job.spent <= 20.0 + parallel * max(seconds) * PRICE
    assert job.spent == pytest.approx(sum(training.cost for training in ended))
    assert all(training.state is not TrainingState.READY for training in ended)


async def test_the_forecast_is_what_is_still_to_come_at_the_mean(world: World) -> None:
    wanted = priced(parallel=1, trainings=5)
    await world.create(wanted)
    specification = await world.changes.specification((await world.job()).uid, 1)
    assert not job_message(await world.job(), 1, specification).cost.HasField("forecast")
    (one,) = await claimed(world)
    await run(world, one, 10)
    shown = job_message(await world.job(), 1, specification).cost
    assert (shown.spent, shown.forecast) == pytest.approx((5.0, 25.0))


def test_amts_estimate_of_the_most_that_a_job_can_take():
    several = Definition("file:///train", resources=Resources(instance_count=3))
    assert cost.max_instance_seconds(spec(definitions=(several,), limits=Limits(4, None, 100))) == 1200
    assert cost.max_instance_seconds(spec(limits=Limits(4, 10))) is None


@given(
    spent=st.just(0.0) | st.floats(1e-6, 100.0),
    started=st.integers(0, 50),
    slots=st.integers(0, 10),
    limit=st.floats(0.01, 100.0),
)
def test_the_last_one_that_is_affordable_does_not_find_the_limit_used_up(spent, started, slots, limit):
    job = TuningJob(
        UID, "job", "owner", 0.0, 0.0, 7, slots=tuple(range(slots)), started=started + slots, spent=spent
    )  # fmt: skip
    count = cost.affordable(job, priced(max_cost=limit))
    mean = cost.mean_cost(job)
    if not mean:
        assert count == float("inf")
    elif count:
        assert spent + (slots + count - 1) * mean < limit + 1e-9
    else:
        assert spent + slots * mean >= limit - 1e-9
