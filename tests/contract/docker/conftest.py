from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.docker.world import DockerWorld
from tests.servers.engine import docker_engine
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.docker.runner import DockerRunner


@pytest.fixture
def world(tmp_path: Path) -> DockerWorld:
    return DockerWorld(docker_engine(), Folders(tmp_path / "data"))


@pytest.fixture
async def runner(world: DockerWorld) -> AsyncIterator[DockerRunner]:
    runner = world.make_runner()
    yield runner
    await runner.close()
    world.engine.ensure_going()
    await world.end_all()
    assert (world.containers(), world.volumes(), world.networks()) == ([], [], [])
