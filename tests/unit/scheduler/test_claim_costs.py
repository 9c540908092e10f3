"""What a look for trainings asks of the store grows with what is granted, not with who waits or what does not fit."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.scheduler.test_capacity import HOST, job, opened
from tests.unit.scheduler.world import World, running
from tunewright.core.instances import Capacity
from tunewright.platform.store.port import Page, Query
from tunewright_scheduler.core.fitting import Demand
from tunewright_scheduler.core.sharing_out import Place, Reservation, Room
from tunewright_scheduler.look import Look

WAITING = 20


class Crowd:
    """Trainers that wait for trainings; they tell what is free there, or leave that to be counted."""

    def __init__(self, world: World, free: Capacity | None) -> None:
        self.world, self.free = world, free
        self.epochs: dict[str, int] = {}
        self.asked: Counter[str] = Counter()
        """Queries by their index."""

    async def come(self, count: int = WAITING, capacity: Capacity = HOST) -> None:
        for index in range(count):
            name = f"t{index:02d}"
            self.epochs[name] = await opened(self.world, name, capacity)

    def count_queries(self) -> None:
        find, self.asked = self.world.store.find, Counter()

        async def counted(query: Query) -> Page:
            self.asked[query.index] += 1
            return await find(query)

        self.world.store.find = counted  # type: ignore[method-assign]

    async def claim(self, slots: int = 8) -> list[list[str]]:
        """Let all of them claim at once; return what each was granted."""
        self.world.store.clock += 0.001
        claims = [
            self.world.claims.claim(
                name, epoch, f"{name}{self.world.store.clock}", slots=slots, wait_s=0, free=self.free
            )
            for name, epoch in self.epochs.items()
        ]
        return [[training.uid for training in granted] for granted in await asyncio.gather(*claims)]


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


@pytest.fixture(params=[HOST, None], ids=["told", "counted"])
async def crowd(world, request):
    crowd = Crowd(world, request.param)
    await crowd.come()
    return crowd


async def test_where_nothing_waits_to_be_claimed_no_host_is_counted(crowd):
    crowd.count_queries()
    assert await crowd.claim() == [[]] * WAITING
    assert crowd.asked["by_holder"] == 0
    assert crowd.asked["claimable"] <= 2


async def test_what_fits_no_host_costs_no_count_of_any(world, crowd):
    await job(world, "giant", "ml.p4d.24xlarge", parallel=100)
    crowd.count_queries()
    assert await crowd.claim() == [[]] * WAITING
    assert crowd.asked["by_holder"] == 0


async def test_one_training_costs_the_count_of_one_host(world, crowd):
    await job(world, "small", "ml.m5.large")
    crowd.count_queries()
    granted = await crowd.claim()
    assert sorted(granted) == [[]] * (WAITING - 1) + [["small"]]
    assert crowd.asked["by_holder"] == 1


async def test_hosts_are_counted_together(world, crowd):
    await job(world, "quads", "ml.m5.xlarge", parallel=2 * WAITING)
    crowd.count_queries()
    assert await crowd.claim() == [["quads"] * 2] * WAITING
    assert crowd.asked["by_holder"] <= 8, "32 trainings a commit, twice as many hosts each time"


async def test_a_host_that_holds_more_than_its_trainer_says_is_passed_by(world, crowd):
    await job(world, "quads", "ml.m5.xlarge", parallel=2 * WAITING - 1)
    await crowd.claim()
    assert len(running(await world.trainings("quads"))) == 2 * WAITING - 1
    await job(world, "more", "ml.m5.xlarge", parallel=3)
    assert [granted for granted in await crowd.claim() if granted] == [["more"]]


class AskedRoom(Room):
    asked = 0

    def holds(self, demand: Demand) -> bool:
        AskedRoom.asked += 1
        return super().holds(demand)


async def test_what_has_fitted_nowhere_is_not_tried_again_for_all_of_its_size(world):
    await job(world, "giant", "ml.p4d.24xlarge", parallel=100)
    found = await world.store.find(Query("training_jobs", "claimable", {"pool": "default", "state": "READY"}))
    places = [Place(f"t{index}", 8, AskedRoom(HOST), Room(HOST)) for index in range(WAITING)]
    look = Look(world.store, world.needs, await world.room.now(), "default", places, Reservation())
    assert [await look.place(item) for item in found.items] == [False] * 100
    assert AskedRoom.asked == WAITING


async def test_what_a_trainer_calls_free_is_believed_only_as_far_as_our_own_record_goes(world, crowd):
    await job(world, "octo", "ml.m5.2xlarge", parallel=WAITING)
    assert await crowd.claim() == [["octo"]] * WAITING
    await job(world, "small", "ml.m5.large", parallel=WAITING)
    assert await crowd.claim() == [[]] * WAITING
    await world.exit((await world.sessions.running("t07"))[0])
    granted = dict(zip(crowd.epochs, await crowd.claim(), strict=True))
    assert {name for name, got in granted.items() if got} == {"t07"}
