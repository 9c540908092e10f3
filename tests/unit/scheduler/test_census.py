"""What Prometheus is told of queues, slots, sessions and what was done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tests.unit.scheduler.world import World, spec, with_limits
from tunewright.core.errors import Unavailable
from tunewright_scheduler.census import Census
from tunewright_scheduler.core.controls import Quota
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.tally import MOST_POOLS, pool_label


def told(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"tunewright_{name}", labels) or 0.0


def trainings(pool: str, *states: str) -> list[float]:
    return [told("pool_trainings", pool=pool, state=state) for state in states]


@pytest.fixture(autouse=True)
def labels(monkeypatch):
    """A scheduler has just been started."""
    monkeypatch.setattr("tunewright_scheduler.tally._served", {"default"})
    monkeypatch.setattr("tunewright_scheduler.tally._unserved", set())


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


def census(world: World) -> Census:
    return Census(world.store, world.changes, world.room, world.sessions.terms)


def in_pool(pool: str):
    (definition,) = spec().definitions
    return with_limits(spec(definitions=(replace(definition, pool=pool),)), max_parallel=4, max_trainings=9)


async def test_a_pool_is_scaled_by_what_waits_and_what_runs_also_before_it_has_a_trainer(world: World):
    await world.create(in_pool("far"))
    await world.answer_all()
    world.store.clock += 7
    counting = census(world)
    await counting.take()
    assert (told("pool_trainings", pool="far", state="queued"), told("pool_oldest_wait_seconds", pool="far")) == (4, 7)
    opened = await world.sessions.open(Session("t", 0, "owner", "far", 3, 1, "host", 0.0, 0.0), ())
    await world.claim("t", opened[0].epoch, "r", slots=3)
    await counting.take()
    assert [told("pool_trainings", pool="far", state=state) for state in ("queued", "running")] == [1, 3]
    assert [told("pool_slots", pool="far", kind="gpu", state=state) for state in ("used", "free", "closed")] == [
        3,
        0,
        0,
    ]
    assert told("sessions", state="OPEN") == 1
    assert told("jobs", state="RUNNING") == 1
    for training in await world.trainings():
        if training.holder:
            await world.exit(training)
    await counting.take()
    assert told("trainings_awaiting_summary") == 3
    assert told("pool_trainings", pool="far", state="running") == 0


async def test_what_a_quota_or_a_pause_keeps_from_starting_asks_for_no_trainer(world: World):
    await world.create(in_pool("default"))
    await world.answer_all()
    await world.room.set_quota(Quota("owner", max_parallel=3))
    await world.claim("t", await world.open("t"), "r", slots=1)
    world.store.clock += 7
    counting = census(world)
    await counting.take()
    assert trainings("default", "queued", "withheld", "running") == [2, 1, 1]
    assert told("pool_oldest_wait_seconds", pool="default") == 7
    await world.room.pause_starts("new disks")
    await counting.take()
    assert trainings("default", "queued", "withheld", "running") == [0, 3, 1]
    assert told("pool_oldest_wait_seconds", pool="default") == 0
    await world.room.resume_starts()
    await world.room.set_quota(Quota("owner"))
    await counting.take()
    assert trainings("default", "queued", "withheld", "running") == [3, 0, 1]


async def test_what_runs_elsewhere_has_one_pool_and_counts_against_its_owners_quota(world: World):
    (definition,) = spec().definitions
    await world.create(spec(definitions=(replace(definition, image="elsewhere://"),)))
    await world.answer_all()
    counting = census(world)
    await counting.take()
    assert trainings("elsewhere", "queued", "running") == [2, 0]
    await world.room.set_quota(Quota("owner", max_parallel=1))
    world.store.clock += 1
    await Sweep(world.store, world.changes, world.sessions, world.elsewhere).sweep()
    await counting.take()
    assert trainings("elsewhere", "queued", "withheld", "running") == [0, 1, 1]


async def test_a_pool_with_a_trainer_has_its_own_label_whatever_users_make_up(world: World):
    for number in range(2 * MOST_POOLS):
        pool_label(f"pool-{number}")
    await world.create(in_pool("gpu"))
    await world.answer_all()
    counting = census(world)
    await counting.take()
    assert trainings("other", "queued") == [4]
    opened = await world.sessions.open(Session("t", 0, "owner", "gpu", 3, 1, "host", 0.0, 0.0), ())
    await counting.take()
    assert (trainings("gpu", "queued"), trainings("other", "queued")) == ([4], [0])
    await world.sessions.close("t", opened[0].epoch)
    await counting.take()
    assert trainings("gpu", "queued") == [4]


async def test_what_a_cordoned_or_silent_trainer_has_is_not_free(world: World):
    await world.open("cordoned", slots=2)
    await world.room.cordon("cordoned", "bad memory")
    await world.open("good", slots=1)
    await census(world).take()
    assert [told("pool_slots", pool="default", kind="cpu", state=state) for state in ("free", "closed")] == [1, 2]
    world.store.clock += 25
    await census(world).take()
    assert told("sessions", state="SILENT") == 2
    assert told("pool_slots", pool="default", kind="cpu", state="free") == 0


async def test_what_waits_to_be_published_is_told_with_its_age(world: World):
    await world.create(spec())
    world.store.clock += 90
    await census(world).take()
    assert (told("outbox_commits"), told("outbox_age_seconds")) == (1, 90)


async def test_without_the_store_the_last_count_stands_and_says_how_old_it_is(world: World, monkeypatch):
    await world.create(spec())
    counting = census(world)
    await counting.take()
    counted_at = world.store.clock
    world.store.clock += 60

    async def away(_query: object) -> None:
        raise Unavailable("the store", "as the test wants it")

    monkeypatch.setattr(world.store, "find", away)
    with pytest.raises(Unavailable):
        await counting.take()
    assert (told("jobs", state="RUNNING"), told("census_timestamp_seconds")) == (1, counted_at)


async def test_what_is_lost_or_refused_is_counted_and_its_time_is_waste(world: World):
    before = {name: told(name, **labels) for name, labels in COUNTED}
    await world.create(spec(prices_per_second={}))
    await world.answer_all()
    (training,) = await world.claim("t", await world.open("t"), "r")
    world.store.clock += 100
    leased_s = world.sessions.terms.lease_s  # what was run after that, nobody has vouched for
    await world.sessions.lose_expired()
    again = await world.training(training.number)
    assert again.losses == 1
    with pytest.raises(Exception, match="attempt"):
        await world.exit(replace(training, attempt=training.attempt + 1))
    counted = {name: told(name, **labels) - before[name] for name, labels in COUNTED}
    assert counted == {
        "attempts_lost_total": 1,
        "attempts_fenced_total": 1,
        "training_wasted_seconds_total": leased_s,
        "training_run_seconds_total": leased_s,
        "sessions_fenced_total": 1,
        "training_wait_seconds_count": 1,
    }


COUNTED = (
    ("attempts_lost_total", {"pool": "default"}),
    ("attempts_fenced_total", {}),
    ("training_wasted_seconds_total", {"reason": "lost"}),
    ("training_run_seconds_total", {}),
    ("sessions_fenced_total", {}),
    ("training_wait_seconds_count", {"pool": "default"}),
)


def test_users_cannot_make_up_labels_without_end():
    labels = {pool_label(f"pool-{number}") for number in range(3 * MOST_POOLS)}
    assert len(labels) <= MOST_POOLS + 1
    assert "other" in labels
    assert pool_label("claimed/0123456789abcdef") == "claimed"
    assert pool_label("elsewhere/0123456789abcdef") == "elsewhere"
    assert pool_label("default") == "default"
