"""Jobs that run out of configurations end cleanly, whatever their strategy, their definitions and their limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.scheduler.test_asker import Replica, served
from tests.unit.scheduler.world import UID, World, spec
from tunewright.core.check import check
from tunewright.core.space import Choice
from tunewright.core.spec import Limits, Parameter, Strategy
from tunewright.core.states import JobState
from tunewright_scheduler import records
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.core.asking import AskFailed


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


def definition(name: str, *counts: int):
    parameters = tuple(Parameter(f"p{i}", Choice(tuple(map(str, range(n))))) for i, n in enumerate(counts))
    return replace(spec().definitions[0], name=name, parameters=parameters)


async def run_out(world: World, wanted, *, answering: bool = True, value=lambda _: 0.1) -> None:
    """Run a job to its end; its suggester answers, or cannot be reached."""
    await world.create(check(wanted))
    replica = Replica()
    async with served(replica) as channel:
        asker = Asker(world.changes, channel)
        for _ in range(60):
            job = await world.job()
            if job.state.final:
                break
            if job.ask is not None:
                ask = await records.read_ask(world.store, UID, job.ask.number)
                message = await asker.answer(job, ask) if answering else AskFailed(ask.number, "gone")
                await world.changes.send(UID, message)
            epoch = await world.open("t", 50)
            for training in await world.claim("t", epoch, f"r{epoch}", 50):
                await world.exit(training)
                await world.summarize(training, value(training))
    await replica.close()


async def tried(world: World) -> list[tuple[str, str]]:
    return [
        (one.definition_name, "".join(map(str, dict(sorted(one.configuration.items())).values())))
        for one in await world.trainings()
    ]


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.BAYESIAN])
@pytest.mark.parametrize("parallel", [1, 4, 20])
async def test_fewer_configurations_than_trainings_is_no_error(world, strategy, parallel):
    await run_out(
        world, spec(definitions=(definition("", 3, 2),), strategy=strategy, limits=Limits(parallel, max_trainings=50))
    )
    job = await world.job()
    assert (job.state, job.started, job.reason) == (
        JobState.COMPLETED, 6, "all 6 distinct configurations have been tried"
    )  # fmt: skip
    assert len(set(await tried(world))) == 6


@pytest.mark.parametrize("parallel", [1, 20])
async def test_a_grid_ends_with_its_last_point(world, parallel):
    await run_out(world, spec(definitions=(definition("", 3, 2),), strategy=Strategy.GRID, limits=Limits(parallel)))
    job = await world.job()
    assert (job.state, job.started, len(set(await tried(world)))) == (JobState.COMPLETED, 6, 6)


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.BAYESIAN, Strategy.GRID])
async def test_several_definitions_end_when_all_of_them_have(world, strategy):
    limits = Limits(3) if strategy is Strategy.GRID else Limits(3, max_trainings=50)
    both = (definition("small", 2), definition("large", 3, 2))
    await run_out(world, spec(definitions=both, strategy=strategy, limits=limits))
    job, found = await world.job(), await tried(world)
    assert (job.state, len(found), len(set(found))) == (JobState.COMPLETED, 8, 8)
    assert sum(name == "small" for name, _ in found) == 2


async def test_random_of_several_definitions_runs_out_alike_without_a_suggester(world):
    both = (definition("small", 2), definition("large", 3, 2))
    await run_out(world, spec(definitions=both, limits=Limits(3, max_trainings=50)), answering=False)
    found = await tried(world)
    assert (len(found), len(set(found)), (await world.job()).state) == (8, 8, JobState.COMPLETED)


async def test_the_best_is_of_all_definitions(world):
    both = (definition("a", 3), definition("b", 3))
    await run_out(world, spec(definitions=both, limits=Limits(1, max_trainings=6)), value=lambda one: one.number / 10)
    best = (await world.job()).best
    assert best is not None
    assert (best.value, (await world.training(best.number)).definition_name) == (0.6, "b")
