"""A job that autotune has filled in begins with the values that its user has given as examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.scheduler.test_asker import Replica, served
from tests.unit.scheduler.world import UID, World, spec
from tunewright.core.autotune import with_choices
from tunewright.core.spec import Limits, Strategy
from tunewright_scheduler import records
from tunewright_scheduler.asker import Asker

HINTS = {"lr": "0.01", "batch": "32", "momentum": "0.9", "optimizer": "adam"}


@pytest.mark.parametrize("strategy", [Strategy.BAYESIAN, Strategy.RANDOM])
async def test_the_hints_are_the_first_evaluation(tmp_path: Path, strategy: Strategy) -> None:
    world = World(tmp_path)
    definition = replace(spec().definitions[0], parameters=())
    wanted = spec(strategy=strategy, autotune=True, auto_parameters=HINTS, definitions=(definition,), limits=Limits(2))
    await world.create(with_choices(wanted))
    replica = Replica()
    async with served(replica) as channel:
        job = await world.job()
        assert job.ask is not None
        ask = await records.read_ask(world.store, UID, job.ask.number)
        assert ask is not None
        await world.changes.send(UID, await Asker(world.changes, channel).answer(job, ask))
    await replica.close()
    first, second = (await world.trainings())[:2]
    assert dict(first.configuration) == pytest.approx({"lr": 0.01, "batch": 32, "momentum": 0.9}, rel=1e-12)
    assert second.configuration != first.configuration
    await world.store.close()
