"""The Docker runner: see runner/port.py.

An attempt's containers bear its name and labels, so that they are found again by any process of the same trainer. The
engine's log is the durable spool; the files `spool` are copies of it that grow with it.

Files that a program leaves in its base belong to the user that it ran as. So where the trainer is not root, programs
run as its user, or what they leave could be neither packed nor removed; where it is, the folders that a program writes
to are open to every user, inside of one that only the trainer's user may enter.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import structlog

from tunewright.core.arns import NOBODYS, Account
from tunewright.core.errors import InvalidSpec, NotFound, Unavailable
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, End, Launch
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.mounts import Mount, container_mounts
from tunewright_trainer.runner.base import prepare_base
from tunewright_trainer.runner.docker import containers
from tunewright_trainer.runner.docker.containers import INTERFACE
from tunewright_trainer.runner.docker.engine import Away, Engine, Refused
from tunewright_trainer.runner.docker.run import Home, Run
from tunewright_trainer.runner.docker.settings import DockerSettings
from tunewright_trainer.runner.images import allow_image

PING_WITHIN_S: Final = 5.0
log = structlog.get_logger()


class DockerRunner:
    """`engine_url` is unix:///…/docker.sock or what else DOCKER_HOST may be; `account` stands in the ARN that is told.

    `machine_began` is when this machine did, Unix seconds, if it is known: what ran then did not end, it is lost.
    Needs the extra `docker`. Raises InvalidSpec: the settings cannot be.
    """

    def __init__(
        self,
        folders: Folders,
        engine_url: str,
        trainer_id: str,
        settings: DockerSettings,
        account: Account = NOBODYS,
        machine_began: float | None = None,
    ) -> None:
        self._folders, self._trainer_id, self._settings, self._account = folders, trainer_id, settings, account
        self._engine, self._user = Engine(engine_url), _user(settings)
        self._home = Home(self._engine, trainer_id, settings, account, machine_began)
        self._runs: dict[Attempt, Run] = {}
        self.shows_folders = settings.host_data_dir is None

    async def start(self, launch: Launch) -> None:
        if launch.attempt in self._runs:
            return
        folder = self._folders.of(launch.attempt)
        run = Run(launch, folder, self._home, lambda: self._containers(launch, folder))
        self._runs[launch.attempt] = run
        found = folder.first.spool.exists()
        if not found:
            try:
                self._prepare(launch, folder)
            except (InvalidSpec, OSError, ValueError) as why:
                folder.first.spool.touch()
                run.refuse(str(why))
                return
        await run.begin(found=found)

    def _prepare(self, launch: Launch, folder: AttemptFolder) -> None:
        """Make all that containers find; the first spool, which says that it was started, at last."""
        folder.root.mkdir(parents=True, exist_ok=True)
        folder.root.chmod(0o700)
        allow_image(launch.definition.image, self._settings.images)
        for number, instance in reversed(list(enumerate(folder.instances(launch.instances)))):
            prepare_base(launch, instance.base, number, INTERFACE)
            if os.geteuid() == 0:
                for place in self._written(launch, folder, number):
                    _open_to_all(place)
            instance.spool.touch()

    def _containers(self, launch: Launch, folder: AttemptFolder) -> list[dict[str, Any]]:
        told = (self._user, self._settings, self._account)
        return [
            containers.container(launch, number, self._trainer_id, self._on_host(launch, folder, number), *told)
            for number in range(launch.instances)
        ]

    def _written(self, launch: Launch, folder: AttemptFolder, number: int) -> list[Path]:
        """Return the folders that an instance's program writes to."""
        return [mount.source for mount in container_mounts(launch, folder, number) if not mount.read_only]

    def _on_host(self, launch: Launch, folder: AttemptFolder, number: int) -> Iterator[Mount]:
        """Yield an instance's mounts, with the data folder where the engine sees it."""
        own, elsewhere = self._folders.data_dir, self._settings.host_data_dir
        for mount in container_mounts(launch, folder, number):
            if elsewhere is not None and mount.source.is_relative_to(own):
                yield replace(mount, source=elsewhere / mount.source.relative_to(own))
            else:
                yield mount

    async def stop(self, attempt: Attempt, cause: EndCause, grace_s: float) -> None:
        if (run := self._runs.get(attempt)) is not None:
            await run.stop(cause, grace_s)

    async def wait(self, attempt: Attempt) -> End:
        if attempt not in self._runs:
            raise NotFound("run", str(attempt))
        return await asyncio.shield(self._runs[attempt].ended)

    async def remove(self, attempt: Attempt) -> None:
        if (run := self._runs.pop(attempt, None)) is not None:
            await run.remove()

    async def reap(self, known: Collection[Attempt]) -> None:
        """End and remove containers and networks of this trainer's whose attempts it knows no more."""
        label = f"{containers.TRAINER}={self._trainer_id}"
        try:
            for thing in await self._engine.labelled(label):
                attempt = containers.attempt_of(thing.labels)
                if attempt not in known and attempt not in self._runs:
                    log.warning("removed what nobody knows", kind=thing.kind.name, name=thing.name)
                    await self._engine.discard(thing)
        except (Away, Refused) as why:
            log.warning("could not look for orphans", why=str(why))

    async def ping(self) -> None:
        """Raise Unavailable: the engine does not answer."""
        try:
            await self._engine.ping(PING_WITHIN_S)
        except (Away, Refused) as why:
            raise Unavailable(f"the container engine at {self._engine.url}", str(why)) from why

    def started_at(self, attempt: Attempt) -> float | None:
        run = self._runs.get(attempt)
        return None if run is None else run.started_at

    def waits_for(self, attempt: Attempt) -> str:
        run = self._runs.get(attempt)
        return "" if run is None else run.waits_for

    async def close(self) -> None:
        for run in self._runs.values():
            await run.close()
        self._runs.clear()
        await self._engine.close()


def _user(settings: DockerSettings) -> str:
    """Return whom programs run as, empty for the image's user. Raises InvalidSpec."""
    own = f"{os.geteuid()}:{os.getegid()}"
    if os.geteuid() == 0:
        return settings.user
    if settings.user not in {"", own, own.partition(":")[0]}:
        why = f"{settings.user!r} is not the trainer's own user, {own}: what programs leave could not be removed"
        raise InvalidSpec("user", why, "Leave it out, or run the trainer as root")
    return own


def _open_to_all(top: Path) -> None:
    """Let every user write to a folder and all that is in it: checkpoints of an earlier attempt, say."""
    for place in (top, *top.rglob("*")):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode | (0o777 if place.is_dir() else 0o666))
