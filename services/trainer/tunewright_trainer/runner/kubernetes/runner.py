"""The Kubernetes runner: a Job for each instance of a training, in the trainer's own namespace or another.

The cluster decides where it runs and remembers that it runs: whatever the moment of a trainer's death, the next one
finds the Jobs by their names and goes on. What is kept in an attempt's folder, beside the spools: `submitted` (all Jobs
are made: one that is not there has been deleted), `stop` (cause and deadline, before the deletion that carries it out),
`through`, `through-2` … (how far each log has been copied), `end.json`.

The folder lies on a volume that the pods see too. docs/adr/0036 says why a stop is a deletion and what the finalizer is
for; deploy/kubernetes what a cluster must grant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress

import structlog

from tunewright.core.arns import NOBODYS, Account
from tunewright.core.errors import NotFound, Unavailable
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, End, Launch
from tunewright_trainer.ends import read_end
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.kubernetes.cluster import AWAY, ApiError, Cluster
from tunewright_trainer.runner.kubernetes.names import digest_of
from tunewright_trainer.runner.kubernetes.objects import Objects
from tunewright_trainer.runner.kubernetes.pods import Pods
from tunewright_trainer.runner.kubernetes.run import Run
from tunewright_trainer.runner.kubernetes.settings import KubernetesSettings

log = structlog.get_logger()


class KubernetesRunner:
    """See runner/port.py; what of its promises a cluster keeps in its own way says docs/adr/0036.

    `trainer_id` is this data folder's own: its pods are found by it. `account` stands in the ARN that a program is
    told.
    """

    def __init__(
        self, folders: Folders, trainer_id: str, settings: KubernetesSettings, account: Account = NOBODYS
    ) -> None:
        self._folders, self._settings = folders, settings
        self._cluster = Cluster(settings)
        self._objects = Objects(self._cluster, trainer_id, settings, account)
        self._pods = Pods(self._cluster, self._objects.of_this_trainer)
        self._watching: asyncio.Task[None] | None = None
        self._runs: dict[Attempt, Run] = {}
        self._following: dict[Attempt, asyncio.Task[None]] = {}
        self.shows_folders = False

    async def start(self, launch: Launch) -> None:
        if launch.attempt in self._runs:
            return
        folder = self._folders.of(launch.attempt)
        run = Run(launch, folder, self._cluster, self._pods, self._objects, self._settings)
        self._runs[launch.attempt] = run
        if (end := read_end(folder.root / "end.json")) is not None:
            run.ended.set_result(end)
            return
        try:
            folder.root.mkdir(parents=True, exist_ok=True)
            for instance in folder.instances(launch.instances):
                instance.spool.touch(0o600)
        except OSError as error:
            run.refuse(str(error))
            return
        if self._watching is None:
            self._watching = asyncio.create_task(self._pods.run())
        self._following[launch.attempt] = asyncio.create_task(self._follow(run))

    async def _follow(self, run: Run) -> None:
        """See it to its end. A fault of ours is none: the program would run on, and hold what it has."""
        try:
            await run.follow()
        except Exception as error:
            log.exception("a training can be followed no further")
            if not run.ended.done():
                await run.give_up(f"a fault of the trainer: {error!r}")

    async def stop(self, attempt: Attempt, cause: EndCause, grace_s: float) -> None:
        run = self._runs.get(attempt)
        if run is not None and not run.ended.done():
            run.stop(cause, grace_s)

    async def wait(self, attempt: Attempt) -> End:
        if attempt not in self._runs:
            raise NotFound("run", str(attempt))
        return await asyncio.shield(self._runs[attempt].ended)

    async def remove(self, attempt: Attempt) -> None:
        """As the port says. What the cluster does not take away now, `reap` does."""
        self._runs.pop(attempt, None)
        following = self._following.pop(attempt, None)
        if following is not None:
            await _cancelled(following)
        self._pods.forget(digest_of(attempt))
        try:
            await self._objects.remove(attempt)
        except (ApiError, *AWAY) as error:
            log.warning("what a training has in the cluster stays for now", attempt=str(attempt), why=str(error))

    async def reap(self, known: Collection[Attempt]) -> None:
        """End and remove what this trainer has in the cluster of attempts that are not `known` to it any more."""
        try:
            for attempt in await self._objects.strays(known):
                log.warning("a training that nobody knows is removed", attempt=str(attempt))
                await self._objects.remove(attempt)
        except (ApiError, *AWAY) as error:
            log.warning("what nobody knows stays in the cluster for now", why=str(error))

    async def ping(self) -> None:
        """Raise Unavailable: the cluster does not answer, or does not let this trainer look."""
        try:
            await self._objects.strays(())
        except (ApiError, *AWAY) as error:
            raise Unavailable("the cluster's API", str(error)) from None

    def started_at(self, attempt: Attempt) -> float | None:
        run = self._runs.get(attempt)
        return None if run is None else run.started_at

    def waits_for(self, attempt: Attempt) -> str:
        run = self._runs.get(attempt)
        return "" if run is None else run.waits_for

    async def close(self) -> None:
        tasks = [*self._following.values(), *([self._watching] if self._watching else [])]
        await asyncio.gather(*map(_cancelled, tasks))
        self._runs.clear()
        self._following.clear()
        self._watching = None
        await self._cluster.close()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
