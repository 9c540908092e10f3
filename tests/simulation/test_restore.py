"""The store is brought back from a backup while broker, trainers and spools go on: they know more than it does.

All services but the trainers are stopped, the store becomes what it was, they are started again. The job ends with
exact counts; what had ended since the backup runs again or is adopted, and nothing of a run that is forgotten is taken
for one that bears its name.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from tests.proofs import EXACT, RESTORED
from tests.simulation.circle import OVER_WITHIN_S, create, story
from tests.simulation.fleet import Fleet
from tests.simulation.stories import BUS, STORE, WIRE, Story
from tests.simulation.telling import LOOK_S, _over
from tests.simulation.timeless import play
from tests.simulation.verdict import Excuses, judge, read_trainings, settled
from tunewright.platform.store.restored import restore_done, versions_above
from tunewright_scheduler.core.asking import ANSWER_DUE_S

DOWN_S = 2.0
SERVICES = ("scheduler", "metrics")


@pytest.mark.proves(RESTORED, "any moment before, any moment after", EXACT)
@pytest.mark.parametrize("since_s", [1.0, 11.0])
@pytest.mark.parametrize("at_s", [0.2, 1.0, 2.0, 6.0])
def test_jobs_go_on_from_a_store_that_is_older_than_all_the_rest(at_s: float, since_s: float) -> None:
    told = Story(int(at_s * 10 + since_s), story(2, 6), slots=(2, 1))
    _play(told, at_s, since_s)


@pytest.mark.proves(RESTORED, "with calls that fail, by seeds", EXACT)
@pytest.mark.parametrize("seed", range(3))
def test_it_does_where_calls_fail_too(seed: int) -> None:
    told = Story(seed, story(2, 5), slots=(1, 2), schedulers=2, collectors=2, store=STORE, bus=BUS, wire=WIRE)
    _play(told, 1.0 + seed, 3.0 + 2 * seed)


@pytest.mark.proves(RESTORED, "while a trainer is cut off", EXACT)
@pytest.mark.parametrize("at_s", [0.5, 2.0])
def test_a_trainer_that_heard_nothing_of_it_does_not_speak_for_the_runs_of_others(at_s: float) -> None:
    """It holds trainings that are granted anew, under the same names, before it is back."""
    fleet = _play(Story(3, story(2, 6), slots=(2, 2)), at_s, 5.0, cut_s=4.0)
    assert fleet.cut[0]


@pytest.mark.proves(RESTORED, "between a training's end and its summary", EXACT)
def test_an_end_that_was_told_and_is_forgotten_is_told_again() -> None:
    """Its trainer has reported it and keeps the spool, for metrics is away; the restored store has it running."""
    fleet = _play(Story(0, story(1, 2), slots=(1,)), 0.5, 20.0, without_metrics=True)
    (first, *_) = play(read_trainings(fleet.recorded))
    assert (first.attempt, first.losses) == (1, 0), "the run that had ended is adopted"


def _play(told: Story, at_s: float, since_s: float, *, cut_s: float = 0.0, without_metrics: bool = False) -> Fleet:
    with tempfile.TemporaryDirectory() as folder:
        return play(_tell(told, Path(folder), at_s, since_s, cut_s, without_metrics=without_metrics))


async def _tell(
    told: Story, folder: Path, at_s: float, since_s: float, cut_s: float, *, without_metrics: bool
) -> Fleet:
    fleet = Fleet(told, folder)
    await create(fleet.recorded, told.wanted)
    await asyncio.sleep(ANSWER_DUE_S)
    async with asyncio.timeout(OVER_WITHIN_S), fleet.running():
        if without_metrics:
            metrics = fleet.processes["metrics0"]
            fleet.dying.append(asyncio.create_task(metrics.die(at_s + since_s, 0, applied=False, most_s=0.0)))
        await asyncio.sleep(at_s)
        snapshot = fleet.recorded.snapshot()
        await asyncio.sleep(since_s)
        await _restore(fleet, snapshot, cut_s)
        while not await _over(fleet):  # noqa: ASYNC110 - no bell outlives every process
            await asyncio.sleep(LOOK_S)
        await settled(fleet.recorded, fleet.trainers)
    folders = [str(settings.data_dir.resolve()) for settings in fleet.trainers.settings]
    excuses = Excuses(restored=True, cut=dict(zip(folders, fleet.cut, strict=True)))
    await judge(fleet.recorded, fleet.trainers, told.wanted, excuses)
    assert fleet.recorded.wrong == []
    return fleet


async def _restore(fleet: Fleet, snapshot: dict, cut_s: float) -> None:
    now = asyncio.get_running_loop().time()
    if cut_s:
        fleet.cut[0].append((now, now + DOWN_S + cut_s))
        fleet.lines[0].cut = True
    services = [process for name, process in fleet.processes.items() if name.startswith(SERVICES)]
    dying = [asyncio.create_task(process.die(DOWN_S, 0, applied=False, most_s=0.0)) for process in services]
    await asyncio.sleep(DOWN_S / 2)
    fleet.recorded.swap(snapshot, versions_above(await fleet.recorded.now()))
    await restore_done(fleet.recorded)
    await asyncio.gather(*dying)
    await asyncio.sleep(cut_s)
    fleet.lines[0].cut = False
