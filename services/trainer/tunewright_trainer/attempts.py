"""What a trainer holds: attempts from their grants on, and of the host what each takes until its program has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import count
from typing import Any, Final

import structlog
from google.protobuf.message import DecodeError

from tunewright.core.errors import InvalidSpec
from tunewright.platform.codec import instant_to_timestamp
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.core.capacity import Capacity, Gpus, NoRoom
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.course import Course, Host
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.messages import attempt_of, need_of

SWEEP_PERIOD_S: Final = 60.0
AGAIN_S: Final = 0.5
AGAIN_MOST_S: Final = 30.0

log = structlog.get_logger()


class Attempts:
    """`tasks` runs what belongs to an attempt; `on_news` is called when there is one that no heartbeat has told yet."""

    def __init__(self, host: Host, tasks: asyncio.TaskGroup, on_news: Callable[[], None]) -> None:
        settings = host.settings
        self._host, self._tasks, self._on_news = host, tasks, on_news
        self._courses: dict[Attempt, Course] = {}
        self.capacity = Capacity(settings.slots, settings.inventory, settings.counted, settings.only_gpus)
        self.room = asyncio.Event()
        """Something has become free."""
        self.following: set[asyncio.Task[None]] = set()
        """What a drain waits for."""

    @property
    def held(self) -> list[Course]:
        """Those of which no verdict has been spoken."""
        return [course for course in self._courses.values() if not course.over]

    def named(self, message: pb.Attempt) -> list[Course]:
        """Return the course of an attempt, none if this trainer has not got it (any more)."""
        return self.of(attempt_of(message))

    def of(self, attempt: Attempt) -> list[Course]:
        course = self._courses.get(attempt)
        return [] if course is None else [course]

    def find_again(self) -> None:
        """Follow what an earlier trainer process has begun, be it to fetch its data.

        What it had only granted is dropped, and so is what it had not even noted as granted.
        """
        for folder in list(self._host.folders.never_held()):
            folder.remove()
        for folder in list(self._host.folders.granted()):
            try:
                self._find_again(folder)
            except Exception as error:  # one that a power cut has torn must not keep the others from being found
                log.exception("attempt not found again", folder=folder.root.name)
                with suppress(OSError):
                    folder.abandoned.touch()
                self._lose(folder, f"this host went down, and what it had noted of the attempt is torn: {error!r}")

    def _find_again(self, folder: AttemptFolder) -> None:
        if folder.abandoned.exists():
            return
        if folder.first.spool.exists() or folder.unstarted.exists() or folder.first.input_data.exists():
            grant, gpus = pb.Grant.FromString(folder.grant.read_bytes()), folder.read_gpus()
            self._follow(grant, gpus)
            self.capacity.keep(attempt_of(grant.attempt), *need_of(grant), gpus)
        else:
            folder.remove()

    def _lose(self, folder: AttemptFolder, why: str) -> None:
        """Say that it is lost, if it can be said which it is; else the schedulers miss it in the heartbeats."""
        with suppress(OSError, DecodeError, InvalidSpec):
            grant = pb.Grant.FromString(folder.grant.read_bytes())
            if self._host.folders.of(attempt_of(grant.attempt)).root == folder.root:
                self._refuse(grant, "END_CAUSE_LOST", why)

    def begin(self, grant: pb.Grant) -> bool:
        """Take a grant; say False if it was handed back, since it cannot be had here. Again, it does nothing."""
        try:
            attempt = attempt_of(grant.attempt)
        except InvalidSpec as error:
            self._refuse(grant, "END_CAUSE_START_FAILED", str(error))
            return True
        folder = self._host.folders.of(attempt)
        if folder.grant.exists():
            return True
        try:
            gpus = self.capacity.take(attempt, *need_of(grant))
        except NoRoom as error:
            self._refuse(grant, "END_CAUSE_PREEMPTED", f"no room on this trainer: it {error}")
            return False
        try:
            self._hold(folder, grant, gpus)
        except Exception as error:  # one that cannot be held must not end the others, and may do elsewhere
            log.exception("grant not held", attempt=str(attempt))
            folder.remove()
            self.capacity.release(attempt)
            cause = "END_CAUSE_PREEMPTED" if isinstance(error, OSError) else "END_CAUSE_LOST"
            self._refuse(grant, cause, f"this trainer cannot hold it: {error!r}")
            return False
        return True

    def _hold(self, folder: AttemptFolder, grant: pb.Grant, gpus: Gpus) -> None:
        """Note that it is held, and begin. Raises OSError: the disk is full, say."""
        folder.root.mkdir(parents=True, exist_ok=True)
        folder.write_gpus(gpus)  # before the grant: what is found again must not lie on another's
        folder.grant.write_bytes(grant.SerializeToString())
        self._follow(grant, gpus)

    def _follow(self, grant: pb.Grant, gpus: Gpus) -> None:
        attempt = attempt_of(grant.attempt)
        course = Course(grant, self._host, gpus, lambda: self._release(attempt), self._on_news)
        self._courses[attempt] = course
        self._on_news()
        self.keep(self._see_through(course))

    def _release(self, attempt: Attempt) -> None:
        self.capacity.release(attempt)
        self.room.set()

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it as one of those that a drain waits for."""
        task = self._tasks.create_task(work)
        self.following.add(task)
        task.add_done_callback(self.following.discard)

    def _refuse(self, grant: pb.Grant, cause: str, why: str) -> None:
        """Say that an attempt of which nothing is kept here has ended."""
        log.warning("grant refused", training=grant.attempt.training_id, cause=cause, why=why)
        now = instant_to_timestamp(self._host.clock())
        self.keep(self._report(pb.ExitedRequest(attempt=grant.attempt, cause=cause, reason=why, ended_at=now)))

    async def _report(self, end: pb.ExitedRequest) -> None:
        await self._host.session.report_exit(end)

    async def _see_through(self, course: Course) -> None:
        attempt = course.attempt
        structlog.contextvars.bind_contextvars(  # of the task, which is the attempt's own
            job=attempt.uid, training=attempt.training_id, attempt=attempt.attempt
        )
        try:
            await course.run()
        except Exception as error:  # a fault with one attempt must not end its siblings
            log.exception("attempt given up")
            await self._give_up(course, f"a fault of the trainer: {error!r}")
        finally:
            del self._courses[course.attempt]

    async def _give_up(self, course: Course, why: str) -> None:
        """End it, however long its runner cannot: until then what it has is not free."""
        for failures in count(1):
            try:
                await course.give_up(why)
            except Exception:
                log.exception("attempt not ended", attempt=str(course.attempt), failures=failures)
                await asyncio.sleep(backoff_s(failures, first_s=AGAIN_S, most_s=AGAIN_MOST_S))
            else:
                return

    async def sweep(self) -> None:
        """Remove what is left of earlier days: folders of abandoned attempts, containers of attempts long forgotten."""
        while True:
            await self._reap()
            try:
                before = time.time() - self._host.settings.retention_s
                await asyncio.to_thread(self._host.folders.remove_abandoned, before)
            except OSError as error:
                log.warning("what is left of earlier days stays for now", why=str(error))
            await asyncio.sleep(SWEEP_PERIOD_S)

    async def _reap(self) -> None:
        try:
            await self._host.runner.reap(self._courses.keys())
        except Exception as error:  # noqa: BLE001 - whatever keeps an engine from it now, the next sweep tries again
            log.warning("orphans not reaped", why=str(error))
