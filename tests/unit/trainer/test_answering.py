"""A trainer whose runner does not answer says so with its heartbeats, while it holds something."""

from __future__ import annotations

import asyncio

from tests.simulation.host import Process
from tests.simulation.mortal import MortalRunner
from tests.unit.trainer.stage import Stage, played, until

from tunewright.core.errors import Unavailable

GONE = "the container engine at unix:///e.sock"


async def forever(process: Process) -> None:
    process.print("up")
    await asyncio.sleep(100_000)


def test_an_absence_is_told_at_once_and_so_is_its_end(tmp_path):
    away = asyncio.Event()

    class Engine(MortalRunner):
        async def ping(self) -> None:
            if away.is_set():
                raise Unavailable(GONE, "connection refused")

    async def story(stage: Stage) -> None:
        stage.program = forever
        away.set()
        stage.start(Engine)
        await stage.scheduler.until(lambda: stage.scheduler.claims)
        await asyncio.sleep(60.0)
        assert stage.scheduler.absence is None, "nothing needs it"
        attempt = await stage.grant()
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        await until(lambda: stage.scheduler.absence is not None, 20.0)
        first = stage.scheduler.absence
        assert first.why == f"{GONE} is unavailable: connection refused"
        await asyncio.sleep(60.0)
        assert stage.scheduler.absence == first, "since when it is away does not move"
        away.clear()
        await until(lambda: stage.scheduler.absence is None, 20.0)

    played(tmp_path, story)
