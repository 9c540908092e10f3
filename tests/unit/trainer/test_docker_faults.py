"""A run of containers that meets a fault of the trainer's own: it ends, by name, before its end is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tunewright.core.arns import NOBODYS
from tunewright.core.spec import Definition, Resources
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.runner.docker.engine import Away, Refused
from tunewright_trainer.runner.docker.outcome import State
from tunewright_trainer.runner.docker.run import Home, Run
from tunewright_trainer.runner.docker.settings import DockerSettings

LAUNCH = Launch(
    Attempt("job/000001", 1),
    "job-001",
    Definition(image="image", parameters=(), metric_definitions=(), resources=Resources(instance_count=2)),
    {},
)


class MemoryEngine:
    """The engine's API as far as a run needs it; its containers run until they are removed."""

    url = "memory"

    def __init__(self, *faults: Exception) -> None:
        self.running: set[str] = set()
        self.faults = list(faults)
        """What the next removals meet."""

    async def make_network(self, _: dict[str, Any]) -> None: ...

    async def create(self, _name: str, _config: dict[str, Any]) -> bool:
        return True

    async def start(self, name: str) -> None:
        self.running.add(name)

    async def state(self, name: str) -> State:
        return State("running", name in self.running, 0, False, 1.0, -1.0)

    async def remove(self, name: str) -> None:
        if self.faults:
            raise self.faults.pop()
        self.running.discard(name)

    async def remove_volume(self, _: str) -> None: ...

    async def remove_network(self, _: str) -> None: ...


@pytest.fixture
def folder(tmp_path) -> AttemptFolder:
    folder = Folders(tmp_path).of(LAUNCH.attempt)
    (folder.root / "through").mkdir(parents=True)  # no file: the log cannot be copied
    return folder


async def ended(folder: AttemptFolder, engine: MemoryEngine) -> None:
    run = Run(LAUNCH, folder, Home(engine, "t", DockerSettings(), NOBODYS, None), lambda: [{}, {}])
    try:
        await run.begin(found=False)
        async with asyncio.timeout(10):
            end = await asyncio.shield(run.ended)
        assert not engine.running
        assert (end.cause, end.exit_code) == (EndCause.LOST, None)
        assert "IsADirectoryError" in end.why
    finally:
        await run.close()


async def test_its_containers_are_ended_before_it_is_told_as_lost(folder):
    await ended(folder, MemoryEngine())


async def test_they_are_ended_later_where_that_cannot_be_now(folder):
    await ended(folder, MemoryEngine(Away("busy"), Refused(500, "it did not exit"), ValueError("not JSON")))
