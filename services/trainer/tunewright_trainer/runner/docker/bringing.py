"""Bring an attempt's containers up: create all, then start all, each once, whatever an earlier process has done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from itertools import count
from typing import Any

from prometheus_client import Counter

from tunewright.core.errors import InvalidSpec
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.runner.docker import containers
from tunewright_trainer.runner.docker.engine import Away, Engine, ImageMissing, Refused, SourceMissing
from tunewright_trainer.runner.docker.following import AGAIN_MOST_S, AGAIN_S, Gone, lasting
from tunewright_trainer.runner.docker.outcome import State
from tunewright_trainer.runner.docker.settings import DockerSettings, Pull

pulls = Counter("tunewright_trainer_image_pulls", "Images that the container engine was told to pull", ["outcome"])
for _outcome in ("pulled", "failed"):  # from 0 on: Prometheus sees no increase in what begins with its first count
    pulls.labels(_outcome)


class StoppedBefore(Exception):  # noqa: N818 - what has happened
    """A stop came before anything was started."""


class Bringing:
    def __init__(
        self,
        launch: Launch,
        folder: AttemptFolder,
        engine: Engine,
        settings: DockerSettings,
        trainer_id: str,
        make: Callable[[], list[Any]],
    ) -> None:
        self.under_way = asyncio.Event()
        """All were started, or that will take its time."""
        self.waits_for = ""
        """What keeps them from being started; for a person."""
        self.found_away = False
        """The engine did not answer at first, asked for what an earlier process has made."""
        self.started, self.stop_noted = asyncio.Event(), asyncio.Event()
        self._launch, self._engine, self._settings, self._make = launch, engine, settings, make
        self._trainer_id = trainer_id
        self._names = containers.container_names(trainer_id, launch)
        self._made = folder.root / "made"

    @property
    def made(self) -> bool:
        return self._made.exists()

    async def make(self, *, found: bool) -> list[str]:
        """Return the containers that are to be started. `found`: an earlier process has begun it.

        Raises: Refused, InvalidSpec: they cannot be made. StoppedBefore. Gone: one that may have run is missing.
        """
        waiting = self._names
        if found and self.made:
            waiting = await self._lasting_found()
        else:
            await self._unless_stopped(self._create())
            self._made.touch()
        if waiting == self._names and self.stop_noted.is_set():
            raise StoppedBefore
        return waiting

    async def start(self, waiting: Iterable[str]) -> None:
        """Raises: Refused: they cannot be started. Gone: one is missing."""
        await asyncio.gather(*[self._start(name) for name in waiting])
        self.waits_for = ""
        self.started.set()
        self.under_way.set()

    async def _lasting_found(self) -> list[str]:
        """Return the containers that were not started yet."""
        try:
            return await self._found()
        except Away as away:
            self.found_away = True
            self._takes_time(self._no_answer(away))
            return await lasting(self._found)

    async def _found(self) -> list[str]:
        states = await asyncio.gather(*[self._state(name) for name in self._names])
        return [name for name, state in zip(self._names, states, strict=True) if state.status == "created"]

    async def _state(self, name: str) -> State:
        state = await self._engine.state(name)
        if state is None:
            raise Gone(name)
        return state

    async def _unless_stopped(self, part: Coroutine[Any, Any, None]) -> None:
        """Run a part until it is done or a stop comes. Raises StoppedBefore."""
        task, stopped = asyncio.create_task(part), asyncio.create_task(self.stop_noted.wait())
        try:
            await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise StoppedBefore
            task.result()
        finally:
            for each in (task, stopped):
                each.cancel()
            await asyncio.wait([task, stopped])

    async def _create(self) -> None:
        """Raises InvalidSpec, Refused: they cannot be created, or the engine stays away."""
        until = time.monotonic() + self._settings.engine_wait_s
        for failures in count(1):
            try:
                await self._create_all()
            except Away as away:
                why = self._no_answer(away)
                self._takes_time(why)
                if time.monotonic() > until:
                    raise InvalidSpec("DOCKER_HOST", why, "Start it, or name another one") from away
                await asyncio.sleep(backoff_s(failures, first_s=AGAIN_S, most_s=AGAIN_MOST_S))
            else:
                self.waits_for = ""
                return

    def _takes_time(self, why: str) -> None:
        self.waits_for = why
        self.under_way.set()

    def _no_answer(self, away: Away) -> str:
        return f"the container engine at {self._engine.url} does not answer ({away})"

    async def _create_all(self) -> None:
        if self._settings.pull is Pull.ALWAYS:
            await self._pull()
        if self._launch.instances > 1:
            name = containers.attempt_name(self._trainer_id, self._launch.attempt)
            told = containers.labels(self._trainer_id, self._launch.attempt)
            await self._engine.make_network(containers.network(name, self._launch, told))
        try:
            await self._create_each()
        except ImageMissing as missing:
            if self._settings.pull is not Pull.MISSING:
                image = self._launch.definition.image
                remedy = f"Run there: docker pull {image}, or let the trainer pull what is missing"
                raise InvalidSpec("image", f"{image!r} is not on the trainer's host", remedy) from missing
            await self._pull()
            await self._create_each()

    async def _create_each(self) -> None:
        for name, config in zip(self._names, self._make(), strict=True):
            try:
                await self._engine.create(name, config)
            except SourceMissing as missing:
                why = f"the engine at {self._engine.url} does not see the trainer's data folder: {missing}"
                remedy = "Set it to that folder as the engine sees it, or name an engine of this machine in DOCKER_HOST"
                raise InvalidSpec("TUNEWRIGHT_DOCKER_DATA_DIR", why, remedy) from missing

    async def _pull(self) -> None:
        image = self._launch.definition.image
        self._takes_time(f"the engine pulls the image {image}")
        outcome = "failed"
        try:
            await self._engine.pull(image, self._settings.pull_silent_s)
            outcome = "pulled"
        except Refused as refused:
            remedy = "Check its name; what a registry gives to known users only must be pulled there beforehand"
            raise InvalidSpec("image", f"{image!r} cannot be pulled: {refused}", remedy) from refused
        finally:
            self.waits_for = ""
            pulls.labels(outcome).inc()

    async def _start(self, name: str) -> None:
        try:
            await self._engine.start(name)
        except Away as away:
            self._takes_time(self._no_answer(away))
            await lasting(lambda: self._start_if_waiting(name))

    async def _start_if_waiting(self, name: str) -> None:
        if (await self._state(name)).status == "created":
            await self._engine.start(name)
