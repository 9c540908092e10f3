"""The machines under one training go down, one after the other, while it runs there."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.proofs import MACHINE_DOWN, NOT_FAILED
from tests.simulation.circle import UID, create, story
from tests.simulation.fleet import Fleet
from tests.simulation.stories import Story
from tests.simulation.timeless import play
from tests.simulation.verdict import read_log, read_trainings
from tunewright.core.states import JobState, TrainingState
from tunewright_scheduler import records
from tunewright_scheduler.core.job import TrainingCounters


@pytest.mark.parametrize("losses", [1, 2, 3])
@pytest.mark.proves(MACHINE_DOWN, "while it runs a training, three times on different hosts", NOT_FAILED)
def test_a_lost_training_runs_again_and_the_third_loss_is_not_its_fault(losses: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        play(_tell(Path(folder), losses))


async def _tell(folder: Path, losses: int) -> None:
    wanted = story(1, 2)
    (definition,) = wanted.definitions
    slow = replace(definition, static_hyperparameters={"pace": "5.0"})
    told = Story(0, replace(wanted, definitions=(slow,)), slots=(1, 1, 1, 1))
    fleet = Fleet(told, folder)
    await create(fleet.recorded, told.wanted)
    async with asyncio.timeout(3600), fleet.running():
        for loss in range(losses):
            while len(fleet.recorded.leases) <= loss:  # noqa: ASYNC110 - leases ring no bell here
                await asyncio.sleep(0.1)
            await asyncio.sleep(1.0)
            await _down(fleet, fleet.recorded.leases[loss].holder)
        while not (await records.read_job(fleet.recorded, UID)).value.state.final:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(1.0)
    await _judge(fleet, losses)


async def _down(fleet: Fleet, holder: str) -> None:
    """The machine goes down for good, as far as this story is concerned."""
    fleet.trainers.hosts[int(holder.removeprefix("trainer"))].crash()
    dying = asyncio.create_task(fleet.processes[holder].die(600.0, 0, applied=False, most_s=0.0))
    fleet.dying.append(dying)
    await asyncio.sleep(0)


async def _judge(fleet: Fleet, losses: int) -> None:
    job = (await records.read_job(fleet.recorded, UID)).value
    first, second = await read_trainings(fleet.recorded)
    ended_well = losses < 3
    assert (first.losses, first.attempt) == (losses, losses + ended_well)
    assert first.state is (TrainingState.COMPLETED if ended_well else TrainingState.FAILED)
    assert job.trainings == TrainingCounters(completed=1 + ended_well, retryable_error=1 - ended_well)
    assert second.losses == 0
    assert job.state is JobState.COMPLETED
    hosts = [lease.holder for lease in fleet.recorded.leases if lease.number == 1]
    assert len(set(hosts)) == len(hosts)
    assert [item["number"] for item in await read_log(fleet.recorded)] == [1, 2]
