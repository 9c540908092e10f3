"""Small jobs on a store, a bus and a wire that fail by a seed; with one scheduler and collector, or two of each.

TUNEWRIGHT_SEEDS=300 runs as many. A failed seed's name is in the test's; PYTHONHASHSEED=0 makes a run repeat exactly.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.simulation.circle import Trainers, circle, create, finished, story
from tests.simulation.timeless import TimelessStore, play
from tests.simulation.verdict import judge, settled
from tests.simulation.wire import Wire, WireFaults
from tunewright.core.spec import Strategy
from tunewright.platform.bus.faulty import BusFaults, FaultyBus
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.faulty import FaultyStore, StoreFaults

SEEDS = int(os.environ.get("TUNEWRIGHT_SEEDS", "20"))
STORE = StoreFaults(beaten=0.05, unavailable=0.02, answer_lost=0.05, late=0.2)
BUS = BusFaults(unavailable=0.05, answer_lost=0.1, redelivered=0.1, late=0.2, unheard=0.2)
WIRE = WireFaults(request_lost=0.03, answer_lost=0.03)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_job_comes_to_its_end_exactly_whatever_fails_on_the_way(tmp_path: Path, seed: int) -> None:
    play(_tell(tmp_path, seed, replicas=1 + seed % 2))


async def _tell(folder: Path, seed: int, replicas: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to replay
    strategy = chance.choice([Strategy.RANDOM, Strategy.GRID])
    wanted = story(chance.randint(1, 3), chance.randint(3, 6), strategy)
    trainers = Trainers.in_folder(folder, [chance.randint(1, 3) for _ in range(chance.randint(1, 2))])
    real = TimelessStore(folder / "store.db")
    store = FaultyStore(real, seed, STORE)
    bus = FaultyBus(MemoryBus(topics().values()), seed, BUS)
    await create(real, wanted)
    wires = [Wire(seed + index, WIRE) for index in range(replicas)]
    async with circle(store, bus, wires, trainers, seed=seed) as front:
        await finished(front)
        await settled(real, trainers)
    await judge(real, trainers, wanted)
    await real.close()
