"""A trainer is cut off from all schedulers beyond its lease, and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.proofs import CUT_OFF, NO_OVERLAP
from tests.simulation.circle import UID, Script, Trainers, circle, create, finished, story
from tests.simulation.host import Process
from tests.simulation.timeless import TimelessStore, play
from tests.simulation.verdict import judge, settled
from tests.simulation.wire import Wire
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.port import Query, Store
from tunewright_scheduler.sessions import LeaseTerms

TERMS = LeaseTerms()
MAX_PARALLEL = 3
LASTS_S = 60.0
CUT_AT_S = 100.0
"""By then the schedulers have been up for a lease, and some trainings have ended."""


class Slow(Script):
    async def __call__(self, process: Process) -> int:
        await asyncio.sleep(LASTS_S)
        return await super().__call__(process)


async def _watch_leases(store: Store) -> None:
    while True:
        page = await store.find(Query("training_jobs", "by_job_and_state", {"uid": UID, "state": "RUNNING"}))
        assert len(page.items) <= MAX_PARALLEL
        await asyncio.sleep(0.5)


@pytest.mark.proves(CUT_OFF, "within its lease and beyond it", NO_OVERLAP)
@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("away_s", [20.0, 100.0], ids=["within its lease", "beyond it"])
def test_a_trainer_may_be_cut_off_and_come_back(tmp_path: Path, replicas: int, away_s: float) -> None:
    play(_tell(tmp_path, replicas, away_s))


async def _tell(folder: Path, replicas: int, away_s: float) -> None:
    wanted = story(MAX_PARALLEL, 6)
    trainers = Trainers.in_folder(folder, [2, 2])
    for host in trainers.hosts:
        host.program_of = Slow
    store = TimelessStore(folder / "store.db")
    await create(store, wanted)
    async with circle(store, MemoryBus(topics().values()), [Wire() for _ in range(replicas)], trainers) as front:
        watching = asyncio.create_task(_watch_leases(store))
        await asyncio.sleep(CUT_AT_S)
        cut_off = [run for run in trainers.hosts[0].runs.values() if not run.ended.done()]
        trainers.lines[0].cut = True
        await asyncio.sleep(away_s)
        trainers.lines[0].cut = False
        await finished(front)
        await settled(store, trainers)
        assert not watching.done()
        watching.cancel()
    assert cut_off
    for run in cut_off:
        assert run.ended_by_itself == (away_s < TERMS.lease_s)
        assert run.ended_by_itself or run.ends <= CUT_AT_S + TERMS.lease_s + TERMS.lease_grace_s
    await judge(store, trainers, wanted)
    await store.close()
