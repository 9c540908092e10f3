"""The trainer: holds a session, claims while it has slots, obeys orders, and finds its runs again after a restart.

It decides nothing: what runs, stops, is settled or void comes from the scheduler; only a lapsed lease it draws its own
conclusion from. Ending the trainer ends no training; draining it first leaves fewer to be found again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final

import structlog

from tunewright.core.errors import InvalidSpec, TunewrightError
from tunewright.platform.bus.port import Bus
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.course import Course, Host
from tunewright_trainer.folder import Folders
from tunewright_trainer.messages import attempt_of
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.session import Refused, Session, WorkerStub, sole_owner, trainer_id
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.slots import Slots

ORDERS_PAUSE_S: Final = 0.1
"""Orders that come within it are fetched by one heartbeat, and none is asked for while it is being carried out."""
NEWS_PAUSE_S: Final = 0.2
"""New attempts that come within it are named by one heartbeat."""
AGAIN_S: Final = 0.1
AGAIN_MOST_S: Final = 1.0
SHORTEST_PAUSE_S: Final = 0.001
"""What is left of a lease may be less than a clock can tell: waiting for that would be no pause at all."""
SWEEP_PERIOD_S: Final = 60.0
LAST_CALLS_S: Final = 5.0
"""What a drain that may not wait for trainings takes at most, to learn of what was granted in that moment."""

log = structlog.get_logger()


class _Drained(Exception):  # noqa: N818 - what has come about
    """Ends the parts of a trainer that has drained."""


class Trainer:
    """Run one per data folder."""

    def __init__(
        self,
        settings: TrainerSettings,
        stub: WorkerStub,
        bus: Bus,
        runner: Runner,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` tells Unix seconds, by which the runner's runs have started; the lease keeps to the loop's."""
        self._settings, self._stub, self._bus, self._runner, self._clock = settings, stub, bus, runner, clock
        self._folders = Folders(settings.data_dir)
        self._courses: dict[Attempt, Course] = {}
        self._slots = Slots(settings.slots)
        self._news = asyncio.Event()
        """There is something that no heartbeat has told yet: an attempt, or that we drain."""
        self._claiming: set[asyncio.Task[None]] = set()
        self._following: set[asyncio.Task[None]] = set()
        self._draining = asyncio.Event()
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled or drained; trainings then run on. Raises IllegalTransition: the folder is in use."""
        try:
            with sole_owner(self._settings.data_dir):
                self._session = Session(trainer_id(self._settings.data_dir), self._settings, self._stub)
                self._host = Host(self._settings, self._folders, self._runner, self._bus, self._session, self._clock)
                try:
                    await self._work()
                finally:
                    await self._runner.close()
        finally:
            self._ended.set()

    async def drain(self) -> None:
        """Have a running trainer claim no more, and end once it holds nothing or `drain_s` has passed. Waits for it."""
        self._draining.set()
        self._news.set()
        await self._ended.wait()

    async def _work(self) -> None:
        left = True
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._find_again()
                self._tasks.create_task(self._serve())
                await self._draining.wait()
                left = await self._drained()
                raise _Drained
        except* _Drained:
            log.info("drained", left=left)
        if not left:  # a session without heartbeats: they would open it again
            await self._session.close()

    async def _serve(self) -> None:
        await self._open()
        for part in (self._heartbeats(), self._claims(), self._sweep()):
            self._tasks.create_task(part)

    async def _drained(self) -> bool:
        """Wait for the last grants, then for all that is held; say whether anything is left."""
        for tasks, most_s in ((self._claiming, LAST_CALLS_S), (self._following, self._settings.drain_s)):
            with suppress(TimeoutError):
                async with asyncio.timeout(most_s):
                    while tasks:
                        await asyncio.wait(set(tasks))
        return bool(self._claiming or self._following)

    # -- Attempts

    def _find_again(self) -> None:
        """Follow what an earlier trainer process has started; drop what it was granted but had not started."""
        for folder in list(self._folders.granted()):
            if folder.abandoned.exists():
                continue
            if folder.spool.exists():
                self._slots.occupy()
                self._follow(pb.Grant.FromString(folder.grant.read_bytes()))
            else:
                folder.remove()

    def _begin(self, grant: pb.Grant) -> bool:
        """Take a grant; say whether it was news and so occupies a slot."""
        try:
            folder = self._folders.of(attempt_of(grant.attempt))
        except InvalidSpec as error:
            log.warning("grant not usable", training=grant.attempt.training_id, why=str(error))
            refusal = pb.ExitedRequest(attempt=grant.attempt, cause="END_CAUSE_START_FAILED", reason=str(error))
            self._keep(self._following, self._refuse(refusal))
            return False
        if folder.grant.exists():
            return False
        folder.root.mkdir(parents=True, exist_ok=True)
        folder.grant.write_bytes(grant.SerializeToString())
        self._follow(grant)
        return True

    def _follow(self, grant: pb.Grant) -> None:
        course = Course(grant, self._host, self._slots.free_one)
        self._courses[course.attempt] = course
        self._news.set()
        self._keep(self._following, self._see_through(course))

    def _keep(self, tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
        """Run it as one of those that a drain waits for."""
        task = self._tasks.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _refuse(self, refusal: pb.ExitedRequest) -> None:
        await self._session.report_exit(refusal)

    async def _see_through(self, course: Course) -> None:
        try:
            await course.run()
        except Exception as error:  # a fault with one attempt must not end its siblings
            log.exception("attempt given up", attempt=str(course.attempt))
            await course.give_up(f"a fault of the trainer: {error!r}")
        finally:
            del self._courses[course.attempt]

    # -- Session

    async def _open(self) -> None:
        """Open the session, however long it takes. What is no longer ours by the answer is abandoned."""
        failures = 0
        while True:
            held = [course.attempt for course in self._held()]
            try:
                void = await self._session.open(held)
            except TunewrightError as error:
                failures += 1
                log.warning("session not open", failures=failures, why=str(error))
                await self._pause(failures)
            else:
                for course in [self._courses[attempt] for attempt in void if attempt in self._courses]:
                    course.abandon()
                return

    async def _heartbeats(self) -> None:
        failures = 0
        while True:
            try:
                orders = await self._heartbeat()
            except Refused as error:
                log.warning("session lost", why=str(error))
                await self._open()
            except TunewrightError as error:
                failures += 1
                log.warning("heartbeat failed", failures=failures, why=str(error))
                self._news.set()  # the next one does not wait for orders: what is left of the lease may be less
                await self._pause(failures)
                if self._lapsed():
                    await self._open()
            else:
                failures = 0
                await self._obey(orders)
                await asyncio.sleep(ORDERS_PAUSE_S)

    async def _heartbeat(self) -> pb.HeartbeatResponse:
        """Make one heartbeat. One that waits is cut short when there is a new attempt, which orders may be about."""
        at_once, draining = self._news.is_set(), self._draining.is_set()
        self._news.clear()
        holding = [_holding(course) for course in self._held()]
        call = asyncio.create_task(self._session.heartbeat(holding, at_once=at_once, draining=draining))
        news = asyncio.create_task(self._news.wait())
        try:
            await asyncio.wait([call] if at_once else [call, news], return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                await asyncio.wait([call], timeout=NEWS_PAUSE_S)
            return call.result() if call.done() else pb.HeartbeatResponse()
        finally:
            news.cancel()
            call.cancel()

    async def _pause(self, failures: int) -> None:
        """Wait before the next try, not beyond the lease; once that has lapsed, give up what runs."""
        pause_s = backoff_s(failures, first_s=AGAIN_S, most_s=AGAIN_MOST_S)
        left_s = self._session.lease_left_s
        await asyncio.sleep(max(min(pause_s, left_s), SHORTEST_PAUSE_S) if left_s > 0 else pause_s)
        if self._lapsed():
            for course in self._held():
                if not course.ended:
                    course.abandon(self._session.lease.kill_grace_s)

    def _lapsed(self) -> bool:
        return self._session.lease_left_s <= 0

    def _held(self) -> Iterable[Course]:
        return [course for course in self._courses.values() if not course.over]

    async def _obey(self, orders: pb.HeartbeatResponse) -> None:
        for stop in orders.stop:
            for course in self._named(stop.attempt):
                await course.stop(stop.grace_s)
        for settled in orders.settled:
            for course in self._named(settled.attempt):
                course.settle(publish=settled.publish_artifact)
        for resend in orders.resend:
            for course in self._named(resend.attempt):
                course.resend(resend.from_line, resend.instance)
        for attempt in orders.abandon:
            for course in self._named(attempt):
                course.abandon()

    def _named(self, attempt: pb.Attempt) -> list[Course]:
        """Return the course of an attempt, none if this trainer has not got it (any more)."""
        course = self._courses.get(attempt_of(attempt))
        return [] if course is None else [course]

    # -- Slots

    async def _claims(self) -> None:
        while True:
            slots = await self._slots.take()
            if self._draining.is_set():
                return
            self._keep(self._claiming, self._claim(slots))

    async def _claim(self, slots: int) -> None:
        grants = await self._session.claim(slots)
        taken = sum([self._begin(grant) for grant in grants])
        self._slots.give_back(slots - taken)

    async def _sweep(self) -> None:
        """Remove the folders of abandoned attempts after their retention."""
        while True:
            for folder in list(self._folders.granted()):
                marked = folder.abandoned
                if marked.exists() and marked.stat().st_mtime < time.time() - self._settings.retention_s:
                    await asyncio.to_thread(folder.remove)
            await asyncio.sleep(SWEEP_PERIOD_S)


def _holding(course: Course) -> pb.Holding:
    attempt = pb.Attempt(training_id=course.attempt.training_id, attempt=course.attempt.attempt)
    return pb.Holding(attempt=attempt, phase=course.phase, exited=course.ended)
