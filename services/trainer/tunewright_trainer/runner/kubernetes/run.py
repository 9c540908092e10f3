"""One attempt in the cluster, from its Jobs being made to its end being written down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import structlog

from tunewright.core.errors import InvalidSpec
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import End, Launch
from tunewright_trainer.ends import write_end
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.runner.base import prepare_base
from tunewright_trainer.runner.images import allow_image
from tunewright_trainer.runner.kubernetes.cluster import AWAY, ApiError, Cluster
from tunewright_trainer.runner.kubernetes.copying import copy_log
from tunewright_trainer.runner.kubernetes.insisting import insisting
from tunewright_trainer.runner.kubernetes.names import Place, digest_of, job_name
from tunewright_trainer.runner.kubernetes.objects import Objects
from tunewright_trainer.runner.kubernetes.pod import HOPELESS, IMAGE_TROUBLE, Pod, waits_for
from tunewright_trainer.runner.kubernetes.pods import Pods, backoff_s
from tunewright_trainer.runner.kubernetes.settings import KubernetesSettings
from tunewright_trainer.runner.log_follower import LogCopy
from tunewright_trainer.runner.stops import Stop, note_stop, read_stop

log = structlog.get_logger()

INTERFACE: Final = "eth0"
"""Of a pod."""
TICK_S: Final = 15.0
"""How often deadlines are looked at where nothing happens."""
ABSENT_S: Final = 5.0
"""How often a Job that has no pod is asked for, at most; at first more often."""
PEERS_GRACE_S: Final = 30.0
"""SIGTERM to SIGKILL of those whose peer has failed."""
KILLED: Final = 137


class Run:
    """A run that this trainer process follows; `follow` is its course."""

    def __init__(
        self,
        launch: Launch,
        folder: AttemptFolder,
        cluster: Cluster,
        pods: Pods,
        objects: Objects,
        settings: KubernetesSettings,
    ) -> None:
        self._launch, self._folder = launch, folder
        self._cluster, self._pods, self._objects, self._settings = cluster, pods, objects, settings
        digest = digest_of(launch.attempt)
        pods.follow(digest)
        self._places = [Place(digest, host) for host in launch.hosts]
        self._submitted = folder.root / "submitted"
        deadlines = (settings.image_deadline_s, settings.start_deadline_s, settings.node_deadline_s)
        self._tick_s = min(TICK_S, *deadlines)
        self._looks = 0
        self._look_again_at: dict[int, float] = {}
        """Monotonic, by instance: when to ask again for the Job of one that has no pod."""
        self._told_to_stop = asyncio.Event()
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    @property
    def started_at(self) -> float | None:
        if self.ended.done():
            end = self.ended.result()
            return None if end.exit_code is None else end.started_at
        times = [pod.started_at for pod in map(self._pods.get, self._places) if pod is not None]
        return min((time for time in times if time is not None), default=None)

    @property
    def waits_for(self) -> str:
        """What the first instance waits for that has not begun; empty: all have, or there is no more hope."""
        if self.ended.done():
            return ""
        found = ((place.host, waits_for(self._pods.get(place))) for place in self._places)
        host, words = next(((host, words) for host, words in found if words), ("", ""))
        return f"{host} {words}" if words and len(self._places) > 1 else words

    def stop(self, cause: EndCause, grace_s: float) -> None:
        known, deadline = read_stop(self._folder), time.time() + grace_s
        if known is None or deadline < known.deadline:
            note_stop(self._folder, Stop(known.cause if known else cause, deadline))
            self._told_to_stop.set()
            self._pods.wake()

    async def follow(self) -> None:
        """Return once the end is known. What cannot be started has ended."""
        stopping = asyncio.create_task(self._obey())
        try:
            end = await self._to_the_end()
        finally:
            stopping.cancel()
            with suppress(asyncio.CancelledError):
                await stopping
        self._end(end)
        if self._submitted.exists():
            await insisting(partial(self._objects.let_go, self._launch.attempt))

    async def give_up(self, why: str) -> None:
        """Conclude it after a fault of ours: as lost, but not before its pods have ended, however long that takes."""
        asked_at = None
        for looks in count(1):
            try:
                await self._objects.end(self._launch, time.time())
                asked_at = asked_at or time.time()
                is_silent = time.time() > asked_at + self._settings.node_deadline_s
                if is_silent or await self._objects.have_ended(self._launch.attempt):
                    self._end(replace(self._refused(why), cause=EndCause.LOST))
                    await insisting(partial(self._objects.let_go, self._launch.attempt))
                    return
            except Exception as error:  # noqa: BLE001 - one of these has brought us here
                log.warning("not ended yet", training=self._launch.training_name, looks=looks, why=repr(error))
            await asyncio.sleep(backoff_s(looks))

    def refuse(self, why: str) -> None:
        """End it before anything was made."""
        self._end(self._refused(why))

    def _end(self, end: End) -> None:
        """Write down how it ended, before anybody is told."""
        write_end(self._folder.root / "end.json", end)
        self.ended.set_result(end)

    async def _to_the_end(self) -> End:
        if not self._submitted.exists():
            try:
                await self._submit()
            except (InvalidSpec, ApiError, OSError, ValueError) as error:  # also what a path cannot hold
                with suppress(ApiError, *AWAY):  # as far as it may; the rest goes when the attempt is removed
                    await self._objects.remove(self._launch.attempt)
                return self._refused(str(error))
        return self._conclude(*await self._instances())

    async def _submit(self) -> None:
        """Make the Jobs, unless a stop comes first. Raises InvalidSpec, and ApiError for what will never be made."""
        allow_image(self._launch.definition.image, self._settings.images)
        for instance in range(self._launch.instances):
            prepare_base(self._launch, self._folder.instance(instance).base, instance, INTERFACE)
        failures = 0
        while read_stop(self._folder) is None:
            try:
                await self._objects.create(self._launch, self._folder)
            except ApiError as error:
                if error.is_final:
                    raise
            except AWAY:
                pass
            else:
                self._submitted.touch()
                return
            failures += 1
            if failures == 1:
                log.warning("the cluster does not answer; trying again", training=self._launch.training_name)
            await self._pods.changed(backoff_s(failures))

    async def _obey(self) -> None:
        """Carry out every stop, also one that an earlier trainer process has noted."""
        while True:
            stop = read_stop(self._folder)
            self._told_to_stop.clear()
            if stop is not None:
                await insisting(partial(self._objects.end, self._launch, stop.deadline))
                self._pods.wake()
            await self._told_to_stop.wait()

    async def _instances(self) -> tuple[list[Pod], int | None]:
        """Return all pods as they ended, and which failed first; when one fails, the others are ended."""
        first = None
        tasks = [asyncio.create_task(self._instance(number)) for number in range(self._launch.instances)]
        try:
            waiting = set(tasks)
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                ends = {tasks.index(task): task.result() for task in done}
                first = _first_failed(ends) if first is None else first
                if first is not None and (waiting or any(map(_is_given_up, ends.values()))):
                    deadline = time.time() + PEERS_GRACE_S
                    await insisting(partial(self._objects.end, self._launch, deadline))
            return [task.result() for task in tasks], first
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _instance(self, instance: int) -> Pod:
        """Follow one instance's pod and its log to their end."""
        place, trouble_since, copying = self._places[instance], None, None
        try:
            while True:
                pod = self._pods.get(place)
                if pod is None:
                    pod = await self._absent(instance)
                if pod is not None:
                    if pod.started_at is not None and copying is None:
                        copying = asyncio.create_task(self._copy(instance))
                        copying.add_done_callback(lambda _: self._pods.wake())
                    trouble_since = (trouble_since or time.time()) if pod.reason in IMAGE_TROUBLE else None
                    has_ended, pod = pod.ended, self._given_up(pod, trouble_since)
                    if copying is not None and (has_ended or copying.done()):
                        await copying  # it may have met a fault; of one that is given up the log has no end
                    if pod.ended:
                        return pod
                await self._pods.changed(self._tick_s if pod is not None else min(self._tick_s, backoff_s(self._looks)))
        finally:
            if copying is not None:
                copying.cancel()
                with suppress(asyncio.CancelledError):
                    await copying

    async def _absent(self, instance: int) -> Pod | None:
        """Return the end of an instance that has no pod and will get none; None: it may yet."""
        if time.monotonic() < self._look_again_at.get(instance, 0.0):
            return None
        self._looks += 1
        self._look_again_at[instance] = time.monotonic() + min(backoff_s(self._looks), ABSENT_S)
        name = job_name(self._launch, instance)
        with suppress(ApiError, *AWAY):
            if await self._objects.is_gone(self._launch, instance) and self._pods.get(self._places[instance]) is None:
                return Pod(name, ended_at=time.time(), fate=EndCause.LOST, why=f"the Job {name} was deleted", gone=True)
        if time.time() > self._submitted_at() + self._settings.start_deadline_s:
            why = f"the cluster made no pod of the Job {name}; `kubectl describe job {name}` says why"
            return Pod(name, ended_at=time.time(), fate=EndCause.START_FAILED, why=why)
        return None

    def _given_up(self, pod: Pod, trouble_since: float | None) -> Pod:
        """Return a pod as ended if there is no more hope for it."""
        now = time.time()
        if pod.ended:
            return pod
        if pod.gives_way_at is not None and now > pod.gives_way_at + self._settings.node_deadline_s:
            why = pod.why or "its node does not answer; the program may still be running there"
            return replace(pod, ended_at=now, fate=EndCause.LOST, why=why, gone=True)
        if pod.started_at is not None or pod.gives_way_at is not None:
            return pod
        has_failed = (
            pod.reason in HOPELESS
            or (trouble_since is not None and now > trouble_since + self._settings.image_deadline_s)
            or now > self._submitted_at() + self._settings.start_deadline_s
        )
        return replace(pod, ended_at=now, fate=EndCause.START_FAILED) if has_failed else pod

    def _submitted_at(self) -> float:
        try:
            return self._submitted.stat().st_mtime
        except FileNotFoundError:  # a stop came before
            return time.time()

    async def _copy(self, instance: int) -> None:
        copy = LogCopy(self._folder.instance(instance).spool, through_file(self._folder, instance))
        try:
            await copy_log(self._cluster, self._pods, self._places[instance], copy)
        finally:
            copy.close()
            if copy.gaps:
                log.warning("output of a training is missing", training=self._launch.training_name, places=copy.gaps)

    def _refused(self, why: str) -> End:
        now = time.time()
        return End(EndCause.START_FAILED, None, now, now, self._folder.spool_bytes(self._launch.instances), why)

    def _conclude(self, pods: Sequence[Pod], first: int | None) -> End:
        """Return the end of all: a stop's cause, else what happened to the first that failed."""
        pod = pods[0 if first is None else first]
        stop = read_stop(self._folder)
        ended_at = max(pod.ended_at or 0.0 for pod in pods)
        exit_code = pod.exit_code
        if exit_code is None and pod.started_at is not None:
            exit_code = KILLED
        return End(
            pod.fate if stop is None else stop.cause,
            exit_code,
            min((pod.started_at for pod in pods if pod.started_at is not None), default=ended_at),
            ended_at,
            self._folder.spool_bytes(len(pods)),
            pod.why,
            first,
        )


def through_file(folder: AttemptFolder, instance: int) -> Path:
    """Return the file that says how far an instance's log has been copied."""
    return folder.root / (f"through-{instance + 1}" if instance else "through")


def _first_failed(ends: Mapping[int, Pod]) -> int | None:
    """Return the instance that failed first; of those in one second rather one that nobody has ended."""
    failed = [number for number, pod in ends.items() if pod.failed]
    return min(
        failed, key=lambda number: (ends[number].ended_at, ends[number].fate is EndCause.PREEMPTED), default=None
    )


def _is_given_up(pod: Pod) -> bool:
    """Whether a pod may still be there, though it has ended for us."""
    return pod.fate in (EndCause.START_FAILED, EndCause.LOST)
