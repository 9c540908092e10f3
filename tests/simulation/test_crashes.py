"""The process dies at every commit in turn, just before or just after it counts, and is started again on what is left.

The bus dies with the process; the store, the trainers' folders and the running programs stay. TUNEWRIGHT_SEEDS=300 also
tries as many lives in a row that end anywhere.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.proofs import EXACT, KILLED
from tests.simulation.circle import Trainers, circle, create, finished, story
from tests.simulation.mortal import Life, MortalBus, MortalRunner, MortalStore
from tests.simulation.timeless import TimelessStore, play
from tests.simulation.verdict import judge, settled
from tests.simulation.wire import Wire
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.port import Store

SEEDS = int(os.environ.get("TUNEWRIGHT_SEEDS", "10"))
DOWN_S = (0.0, 1.0, 100.0)
"""How long the process is down: not at all, while trainings end, until every lease has passed."""


@pytest.mark.proves(KILLED, "every commit of all services in one process", EXACT)
@pytest.mark.parametrize("applied", [False, True], ids=["before it counts", "after it counts"])
def test_a_process_may_die_at_any_commit(tmp_path: Path, applied: bool) -> None:
    for commits in range(1000):
        folder = tmp_path / str(commits)
        folder.mkdir()
        died = play(_tell(folder, story(2, 3), [Life(commits, applied)], DOWN_S[commits % 3], f"{commits} commits"))
        if not died:
            assert commits > 20, "a job takes some commits"
            return


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_process_may_die_again_and_again(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to replay
    lives = [Life(chance.randint(0, 30), chance.random() < 0.5) for _ in range(chance.randint(2, 6))]
    wanted = story(chance.randint(1, 3), chance.randint(3, 6))
    play(_tell(tmp_path, wanted, lives, chance.choice(DOWN_S), f"seed {seed}"))


async def _tell(folder: Path, wanted: TuningJobSpec, lives: Sequence[Life], down_s: float, when: str) -> bool:
    """Run the job through the lives and one more, which does not end; say whether the first of them ended."""
    store = TimelessStore(folder / "store.db")
    trainers = Trainers.in_folder(folder, [2])
    await create(store, wanted)
    try:
        for life in [*lives, Life()]:
            if not await _live(store, trainers, life):
                break
            await asyncio.sleep(down_s)
        await judge(store, trainers, wanted)
    except BaseException as error:
        error.add_note(f"after {when}")
        raise
    await store.close()
    return lives[0].over.is_set()


async def _live(real: Store, trainers: Trainers, life: Life) -> bool:
    """Run the services until the job is over and settled, or until they die; say whether they did."""

    async def work() -> None:
        store, bus = MortalStore(real, life), MortalBus(MemoryBus(topics().values()), life)
        async with circle(store, bus, [Wire()], trainers, lambda host: MortalRunner(host, life)) as front:
            await finished(front)
            await settled(store, trainers)

    working, dying = asyncio.create_task(work()), asyncio.create_task(life.over.wait())
    await asyncio.wait([working, dying], return_when=asyncio.FIRST_COMPLETED)
    dying.cancel()
    if not life.over.is_set():
        await working
        return False
    working.cancel()
    await asyncio.wait([working])
    return True
