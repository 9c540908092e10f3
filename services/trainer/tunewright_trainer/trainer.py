"""The trainer: holds a session, claims while it has room, obeys orders, and finds its runs again after a restart.

It decides nothing: what runs, stops, is settled or void comes from the scheduler; only a lapsed lease it draws its own
conclusion from. Ending the trainer ends no training; draining it first leaves fewer to be found again, and a host that
is about to go hands all of them back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import structlog

from tunewright.core.errors import TunewrightError, Unavailable
from tunewright.platform.bus.port import Bus
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.answering import Answering
from tunewright_trainer.attempts import Attempts
from tunewright_trainer.claiming import Claiming
from tunewright_trainer.core.lease import KILL_SHARE, backoff_s
from tunewright_trainer.course import Course, Host
from tunewright_trainer.fetching import Fetching
from tunewright_trainer.folder import Folders
from tunewright_trainer.gauges import Gauges
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.session import Refused, Session, WorkerStub, session_key, sole_owner, trainer_id
from tunewright_trainer.settings import DrainThen, TrainerSettings
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.transfer import free_bytes
from tunewright_trainer.watch import Watch

ORDERS_PAUSE_S: Final = 0.1
"""Orders that come within it are fetched by one heartbeat, and none is asked for while it is being carried out."""
HELD_PAUSE_S: Final = 0.01
"""Beside it, for each attempt that is held: a heartbeat costs the schedulers a look at every one of them, …"""
ORDERS_MOST_S: Final = 1.0
"""… but an order to stop is not to come later."""
NEWS_PAUSE_S: Final = 0.2
"""New attempts that come within it are named by one heartbeat."""
AGAIN_S: Final = 0.1
AGAIN_MOST_S: Final = 1.0
SHORTEST_PAUSE_S: Final = 0.001
"""What is left of a lease may be less than a clock can tell: waiting for that would be no pause at all."""
LAST_CALLS_S: Final = 5.0
"""What a drain that may not wait for trainings takes at most, to learn of what was granted in that moment."""
NOTICE_PERIOD_S: Final = 1.0
"""How often it is looked for the file that says that this host goes."""

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
        watch: Watch | None = None,
        free_bytes: Callable[[Path], int] = free_bytes,
    ) -> None:
        """`clock` tells Unix seconds, by which the runner's runs have started; the lease keeps to the loop's.

        `watch` tells of output; the trainer closes it. `free_bytes` looks at the disk of a folder.
        """
        self._settings, self._stub, self._bus, self._runner, self._clock = settings, stub, bus, runner, clock
        self._watch, self._free_bytes = watch, free_bytes
        self._folders = Folders(settings.data_dir)
        self._news = asyncio.Event()
        """There is something that no heartbeat has told yet: an attempt, or that we drain."""
        self._answering = Answering(runner, clock, self._news.set)
        self._claiming: set[asyncio.Task[None]] = set()
        self._draining = asyncio.Event()
        self._host_goes = asyncio.Event()
        self._ended = asyncio.Event()
        self._held_session: Session | None = None

    async def run(self) -> None:
        """Work until cancelled or drained; trainings then run on. Raises IllegalTransition: the folder is in use."""
        try:
            with sole_owner(self._settings.data_dir):
                who = trainer_id(self._settings.data_dir), session_key(self._settings.data_dir)
                self._session = Session(*who, self._settings, self._stub)
                self._held_session = self._session
                with (
                    closing(Buckets(self._settings.s3_root, self._settings.disk())) as buckets,
                    closing(Fetching(buckets, views=self._runner.shows_folders)) as fetching,
                ):
                    self._host = Host(
                        self._settings,
                        self._folders,
                        self._runner,
                        self._bus,
                        self._session,
                        buckets,
                        fetching,
                        self._clock,
                        watch=self._watch,
                    )
                    try:
                        await self._work()
                    finally:
                        await self._runner.close()
        finally:
            if self._watch is not None:
                self._watch.close()
            self._ended.set()

    @property
    def held(self) -> list[Course]:
        """The attempts that a running trainer holds: those of which no verdict has been spoken."""
        return self._attempts.held

    async def reach_scheduler(self) -> None:
        """Raises Unavailable: no scheduler has answered within the lease."""
        session = self._held_session
        if session is None or not session.opened.is_set() or session.lease_left_s <= 0:
            raise Unavailable("the scheduler", "it holds no session of this trainer")

    async def drain(self) -> None:
        """Have a running trainer claim no more, and end once it holds nothing or `drain_s` has passed. Waits for it.

        What is left then runs on or is handed back, as the settings say.
        """
        self._draining.set()
        self._news.set()
        await self._ended.wait()

    async def _work(self) -> None:
        left = True
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._attempts = Attempts(self._host, self._tasks, self._news.set)
                self._attempts.find_again()
                self._tasks.create_task(self._serve())
                self._tasks.create_task(Gauges(self._attempts, self._session, self._settings, self._free_bytes).run())
                self._tasks.create_task(self._see_notice())
                await self._draining.wait()
                left = await self._drained()
                raise _Drained
        except* _Drained:
            log.info("drained", left=left)
        if not left:  # a session without heartbeats: they would open it again
            await self._session.close()

    async def _serve(self) -> None:
        await self._open()
        watching = self._answering.watch(lambda: bool(self.held))
        for part in (self._heartbeats(), self._attempts.sweep(), watching):
            self._tasks.create_task(part)
        claims = self._tasks.create_task(
            Claiming(self._attempts, self._session, self._draining, self._settings.data_dir, self._free_bytes).run()
        )
        self._claiming.add(claims)
        claims.add_done_callback(self._claiming.discard)

    async def _see_notice(self) -> None:
        """Drain once somebody says that this host is about to go."""
        file = self._settings.preemption_file
        if file is None:
            return
        while not await asyncio.to_thread(file.exists):  # noqa: ASYNC110 - others make it
            await asyncio.sleep(NOTICE_PERIOD_S)
        log.warning("this host goes", told_by=str(file), left_s=self._settings.hand_back_s)
        self._host_goes.set()
        self._draining.set()
        self._news.set()

    async def _drained(self) -> bool:
        """Wait for the last grants, then for all that is held; say whether anything is left."""
        attempts, settings = self._attempts, self._settings
        attempts.room.set()  # nobody waits for it any more
        await _within(LAST_CALLS_S, _all_of(self._claiming))
        await _first(_within(settings.drain_s, _all_of(attempts.following)), self._host_goes.wait())
        if self._host_goes.is_set() or settings.drain_then is DrainThen.HAND_BACK:
            for course in self.held:
                course.hand_back(settings.hand_back_s * KILL_SHARE)
            await _within(settings.hand_back_s, _all_of(attempts.following))
        return bool(self._claiming or attempts.following)

    # -- Session

    async def _open(self) -> None:
        """Open the session, however long it takes. What is no longer ours by the answer is abandoned."""
        failures = 0
        while True:
            held = [course.attempt for course in self.held]
            try:
                void = await self._session.open(held)
            except TunewrightError as error:
                failures += 1
                log.warning("session not open", failures=failures, why=str(error))
                await self._pause(failures)
            else:
                for attempt in void:
                    for course in self._attempts.of(attempt):
                        course.abandon()
                for course in self.held:
                    course.tell_end_again()
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
                await asyncio.sleep(min(ORDERS_PAUSE_S + HELD_PAUSE_S * len(self.held), ORDERS_MOST_S))

    async def _heartbeat(self) -> pb.HeartbeatResponse:
        """Make one heartbeat. One that waits is cut short when there is a new attempt, which orders may be about."""
        at_once, draining = self._news.is_set(), self._draining.is_set()
        self._news.clear()
        holding = [_holding(course) for course in self.held]
        absence = self._answering.absence
        beat = self._session.heartbeat(holding, at_once=at_once, draining=draining, absence=absence)
        call = asyncio.create_task(beat)
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
            for course in self.held:
                if not course.ended:
                    course.abandon(self._session.lease.kill_grace_s)

    def _lapsed(self) -> bool:
        return self._session.lease_left_s <= 0

    async def _obey(self, orders: pb.HeartbeatResponse) -> None:
        for stop in orders.stop:
            for course in self._attempts.named(stop.attempt):
                course.stop(stop.grace_s)
        for settled in orders.settled:
            for course in self._attempts.named(settled.attempt):
                course.settle(publish=settled.publish_artifact)
        for resend in orders.resend:
            for course in self._attempts.named(resend.attempt):
                course.resend(resend.from_line, resend.instance)
        for attempt in orders.abandon:
            for course in self._attempts.named(attempt):
                course.abandon()


async def _all_of(tasks: set[asyncio.Task[None]]) -> None:
    """Wait until a set that shrinks, and may grow, is empty."""
    while tasks:
        await asyncio.wait(set(tasks))


async def _within(most_s: float, work: Awaitable[Any]) -> None:
    """Wait for it, but not for longer."""
    with suppress(TimeoutError):
        await asyncio.wait_for(work, most_s)


async def _first(*works: Awaitable[Any]) -> None:
    """Wait for one of them."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _holding(course: Course) -> pb.Holding:
    attempt = pb.Attempt(training_id=course.attempt.training_id, attempt=course.attempt.attempt)
    told = course.phases
    return pb.Holding(attempt=attempt, phase=told.current, exited=course.ended, phases=told.messages())
