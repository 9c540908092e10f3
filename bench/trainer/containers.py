"""From a grant to the first line of a container on the bus, beside `docker run` of the same image.

    python -m bench.trainer containers

On a Docker engine of its own, as the tests have; where none can start, this part is left out with a line.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Final

from tests.servers.engine import Engine, docker_engine

from bench.rows import Row
from bench.trainer.inside import training
from bench.trainer.starting import Start, compared, granted, raced
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.docker.runner import DockerRunner
from tunewright_trainer.runner.docker.settings import DockerSettings, Pull

ROUNDS: Final = 20
OVER_MS: Final = 50.0
IMAGES: Final = {
    "goes on for a while": 'FROM {}\nENTRYPOINT ["sh", "-c", "echo ready; sleep 0.5"]\n',
    "ends at once": 'FROM {}\nENTRYPOINT ["sh", "-c", "echo ready"]\n',
}
"""An engine that clears up after a container answers nothing about it: the second is the harder one."""


async def rows(folder: Path) -> list[Row]:
    engine = await asyncio.to_thread(docker_engine)
    return [await _row(folder / what, engine, what, source) for what, source in IMAGES.items()]


async def _row(folder: Path, engine: Engine, what: str, source: str) -> Row:
    image = await asyncio.to_thread(lambda: engine.built(source.format(engine.busybox)))

    def make_runner(folders: Folders) -> DockerRunner:
        return DockerRunner(folders, engine.url, "bench", DockerSettings(images=(image,), pull=Pull.NEVER))

    async with training(folder, make_runner) as (scheduler, bus):
        ours, floor = await raced(granted(scheduler, bus, image), _run(engine, image), ROUNDS)
    return compared(f"grant to first line, Docker, {what}", ours, floor, "docker run", OVER_MS)


def _run(engine: Engine, image: str) -> Start:
    words = ("docker", "run", "--rm", "--pull", "never", image)

    async def start() -> float:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, env={**os.environ, "DOCKER_HOST": engine.url}
        )
        assert process.stdout is not None
        line = await process.stdout.readline()
        took = time.perf_counter() - began
        if await process.wait() != 0 or not line:
            raise RuntimeError("docker run has failed")
        return took

    return start
