"""Jobs of one priority share a pool's slots by time; nobody starves, and nobody gains from having been idle."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scheduler.pool import Pool
from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.spec import Limits, Strategy
from tunewright_scheduler.amendments import Amendments
from tunewright_scheduler.core import queueing
from tunewright_scheduler.core.amendment import Amendment
from tunewright_scheduler.core.job import UNKNOWN_S, TuningJob
from tunewright_scheduler.tuning_jobs import TuningJobs


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


def share(pool: Pool, uid: str) -> float:
    """Return a job's share of the slot seconds used."""
    return pool.used_s[uid] / sum(pool.used_s.values())


async def test_two_jobs_share_evenly_however_many_trainings_each_has_ready(world: World) -> None:
    pool = Pool(world, slots=2)
    await pool.create("many", 10.0, parallel=20)
    await pool.create("few", 10.0, parallel=2)
    await pool.run(600)
    assert share(pool, "few") == pytest.approx(0.5, abs=0.05)


async def test_shares_are_of_time_and_not_of_trainings(world: World) -> None:
    pool = Pool(world, slots=2)
    await pool.create("long", 30.0, parallel=4)
    await pool.create("short", 3.0, parallel=4)
    await pool.run(900)
    assert share(pool, "short") == pytest.approx(0.5, abs=0.06)


async def test_three_jobs_of_different_parallelism_and_lengths_share_evenly(world: World) -> None:
    pool = Pool(world, slots=3)
    await pool.create("a", 20.0, parallel=10)
    await pool.create("b", lambda number: 5.0 + number % 7, parallel=5)
    await pool.create("c", 11.0, parallel=3)
    await pool.run(900)
    assert [share(pool, uid) for uid in "abc"] == pytest.approx([1 / 3] * 3, abs=0.05)


async def test_a_small_job_waits_for_about_one_training_of_each_other_job(world: World) -> None:
    """The old way made it wait for all hundred that had been ready before."""
    pool = Pool(world, slots=1)
    await pool.create("big", 10.0, parallel=100)
    await pool.create("other", 10.0, parallel=100)
    await pool.run(95)
    came_at = world.store.clock
    await pool.create("small", 10.0, parallel=1, trainings=3)
    await pool.run(200)
    waited_s = [pool.granted_at["small", number] - came_at for number in (1, 2, 3)]
    assert waited_s[0] <= 3 * 10
    assert all(later - before <= 4 * 10 for before, later in pairwise(waited_s))


async def test_a_job_that_comes_late_gets_its_share_from_then_on_and_not_what_it_has_missed(world: World) -> None:
    pool = Pool(world, slots=2)
    await pool.create("first", 10.0, parallel=8)
    await pool.run(500)
    before = dict(pool.used_s)
    await pool.create("late", 10.0, parallel=8)
    await pool.run(500)
    first = pool.used_s["first"] - before["first"]
    assert pool.used_s["late"] == pytest.approx(first, rel=0.15)


async def test_a_job_with_nothing_ready_in_between_is_not_starved(world: World) -> None:
    """Bayesian, one at a time: while the suggester thinks, the slot goes to the other, and its turn comes next."""
    pool = Pool(world, slots=1, thinks_s=2.0)
    await pool.create("crowd", 10.0, parallel=50)
    await pool.create("model", 10.0, parallel=1, strategy=Strategy.BAYESIAN)
    await pool.run(600)
    assert share(pool, "model") == pytest.approx(0.5, abs=0.1)


async def test_a_job_gains_nothing_from_having_been_idle(world: World) -> None:
    pool = Pool(world, slots=1, thinks_s=0.5)
    await pool.create("steady", 10.0, parallel=20)
    await pool.create("idle", 10.0, parallel=1, strategy=Strategy.BAYESIAN)
    await pool.run(50)
    pool.thinks_s = 300.0  # the suggester is slow for a while
    await pool.run(300)
    pool.thinks_s = 0.5
    before = dict(pool.used_s)
    await pool.run(400)
    gained = {uid: pool.used_s[uid] - before[uid] for uid in before}
    assert gained["idle"] <= gained["steady"] + 2 * 10


async def test_higher_priorities_go_first_and_equal_ones_share(world: World) -> None:
    pool = Pool(world, slots=2)
    await pool.create("low", 10.0, parallel=4)
    await pool.run(100)
    used_alone = pool.used_s["low"]
    await pool.create("high", 10.0, parallel=4, priority=1)
    await pool.create("too", 10.0, parallel=4, priority=1)
    await pool.run(300)
    assert pool.used_s["low"] <= used_alone + 4 * 10  # what ran when the others came, and before they were ready
    assert pool.used_s["high"] == pytest.approx(pool.used_s["too"], rel=0.15)


async def test_after_a_flood_of_higher_priority_those_below_share_as_before(world: World) -> None:
    pool = Pool(world, slots=1)
    await pool.create("a", 10.0, parallel=10)
    await pool.create("b", 10.0, parallel=2)
    await pool.run(100)
    await pool.create("urgent", 10.0, parallel=5, trainings=30, priority=5)
    await pool.run(310)
    before = dict(pool.used_s)
    await pool.run(400)
    assert pool.used_s["a"] - before["a"] == pytest.approx(pool.used_s["b"] - before["b"], abs=2 * 10)


async def test_what_was_lost_keeps_its_turn_and_time_does_not_go_back(world: World) -> None:
    pool = Pool(world, slots=1)
    await pool.create("a", 10.0, parallel=6)
    await pool.create("b", 10.0, parallel=6)
    epoch = await world.open("u", 1)
    await pool.run(1)  # asks are answered
    (first,) = await world.claim("u", epoch, "u1")
    await pool.run(100)
    await world.sessions.lose(first)
    await pool.create("late", 10.0, parallel=6)
    pool.order.clear()
    await pool.run(150)
    assert pool.order[0] == (first.uid, first.number)
    assert pool.order[1:].count((first.uid, first.number)) == 0
    assert [uid for uid, _ in pool.order[:8]].count("late") <= 4


async def test_a_job_whose_priority_is_amended_shares_with_those_of_its_new_one(world: World) -> None:
    """Its old turns mean nothing there: it neither waits for what it has used, nor goes before the others."""
    pool = Pool(world, slots=1)
    await pool.create("steady", 10.0, parallel=10, priority=1)
    await pool.run(300)
    await pool.create("moved", 10.0, parallel=10)
    await pool.run(5)
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    amendments = Amendments(world.store, world.changes, jobs)
    await amendments.amend("owner", "moved", Amendment(expected_revision=1, priority=1))
    before = pool.used_s["steady"]
    await pool.run(400)
    assert pool.used_s["moved"] == pytest.approx(pool.used_s["steady"] - before, abs=3 * 10)


def job(**fields: float) -> TuningJob:
    return TuningJob(UID, "job", "owner", 0.0, 0.0, 7, **fields)  # type: ignore[arg-type]


@given(turn=st.floats(0, 1e8), now=st.floats(0, 1e8), turn_s=st.floats(0.1, 1e6), parallel=st.integers(1, 100))
def test_a_turn_is_never_in_the_past_nor_further_off_than_what_the_slots_can_hold(turn, now, turn_s, parallel):
    before = job(turn=turn, turn_s=turn_s)
    after, start = queueing.take_turn(before, spec(limits=Limits(max_parallel=parallel)), now)
    assert now <= start <= now + parallel * max(turn_s, UNKNOWN_S)
    assert after.turn == start + turn_s


@given(start=st.floats(0, 1e10), priority=st.integers(-100, 100))
def test_start_tag_and_priority_stand_in_one_number(start, priority):
    back, level = queueing.of_claim_order(queueing.claim_order(start, priority))
    assert level == priority
    assert back == pytest.approx(start, abs=2e-3)


@given(one=st.integers(-100, 100), other=st.integers(-100, 100), start=st.floats(0, 1e10), later=st.floats(0, 1e10))
def test_a_higher_priority_comes_before_any_tag_of_a_lower_one(one, other, start, later):
    if one > other:
        assert queueing.claim_order(start, one) < queueing.claim_order(later, other)
