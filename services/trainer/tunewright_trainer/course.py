"""The course of one attempt: start, watch, pack, report, wait until it is settled, publish, remove.

Its end is told to the scheduler on one road and its output goes to metrics on another; neither waits for the other. The
slot is free once the process has ended and its model is packed. An attempt is over by one of three verdicts, and only
the scheduler speaks them: settled and published, settled, abandoned.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from pathlib import Path
from typing import Final

import structlog

from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.states import EndCause
from tunewright.platform.bus.port import Bus
from tunewright.platform.codec import instant_to_timestamp
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer import artifact
from tunewright_trainer.core.attempt import FAILURE_CHARS, End, Launch, reason
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.folder import Folders, read_failure
from tunewright_trainer.messages import OutputRecords, attempt_of, end_cause, launch_of
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.session import Session
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.source import MetricsFile
from tunewright_trainer.tailer import Tailer

GUARD_PERIOD_S: Final = 0.25
SPOOL_FULL_GRACE_S: Final = 2.0
"""A training that floods its spool gets no time to flood it further."""
PUBLISH_AGAIN_S: Final = 1.0
PUBLISH_AGAIN_MOST_S: Final = 60.0

log = structlog.get_logger()


class Verdict(Enum):
    PUBLISHED = auto()
    """The attempt counts: its artifacts move to their final place."""
    SETTLED = auto()
    ABANDONED = auto()


@dataclass(frozen=True, slots=True)
class Host:
    """What all attempts of a trainer share."""

    settings: TrainerSettings
    folders: Folders
    runner: Runner
    bus: Bus
    session: Session
    clock: Callable[[], float] = time.time
    """Unix seconds, as the runner's start times, which outlive this process."""


class Course:
    """`on_free` is called once, when the slot is no longer needed. Raises InvalidSpec: not a usable identity."""

    def __init__(self, grant: pb.Grant, host: Host, on_free: Callable[[], None]) -> None:
        self.attempt = attempt_of(grant.attempt)
        self.folder = host.folders.of(self.attempt)
        self.phase = "Starting"
        self.ended = False
        self._grant, self._host, self._on_free = grant, host, on_free
        self._launch: Launch | None = None
        self._target = Path()
        self._refusal = ""
        metrics_file = MetricsFile(self.folder.metrics_file, self.folder.metrics_fault)
        self._tailer = Tailer(OutputRecords(grant), self.folder.spool, metrics_file, host.bus)
        self._started = asyncio.Event()
        self._kill_grace_s = 0.0
        self._verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._read_grant()

    def _read_grant(self) -> None:
        try:
            self._launch = launch_of(self._grant)
            output_uri = self._grant.definition.output_uri
            self._target = artifact.destination(output_uri, self._host.settings.data_dir, self._grant.training_name)
        except InvalidSpec as error:
            self._refusal = str(error)

    # -- Orders: each may come twice

    async def stop(self, grace_s: float) -> None:
        if self.ended or self.phase == "Stopping":
            return
        self.phase = "Stopping"
        await self._started.wait()
        await self._host.runner.stop(self.attempt, EndCause.STOPPED, grace_s or self._host.settings.stop_grace_s)

    def settle(self, *, publish: bool) -> None:
        self._conclude(Verdict.PUBLISHED if publish else Verdict.SETTLED)

    def abandon(self, kill_grace_s: float = 0.0) -> None:
        """The lease is void. The program is killed, by SIGTERM first if there is a grace."""
        self._kill_grace_s = kill_grace_s
        self._conclude(Verdict.ABANDONED)

    def resend(self, from_line: int, instance: int) -> None:
        self._tailer.resend(from_line, instance)

    def _conclude(self, verdict: Verdict) -> None:
        if not self._verdict.done():
            self._verdict.set_result(verdict)

    # -- The course itself

    @property
    def over(self) -> bool:
        """The verdict is spoken: nothing more is said of this attempt."""
        return self._verdict.done()

    async def run(self) -> None:
        """Return when nothing is left to do for the attempt. Cancelled, it leaves the program running."""
        await self._start()
        async with asyncio.TaskGroup() as group:
            parts = [group.create_task(part) for part in (self._finish(), self._tailer.run(), self._guard())]
            verdict = await self._verdict
            for part in parts:
                part.cancel()
        await self._make_sure_it_ended()
        match verdict:
            case Verdict.ABANDONED:
                self.folder.abandoned.touch()
                log.info("attempt abandoned", attempt=str(self.attempt))
            case Verdict.PUBLISHED:
                await self._publish()
                await asyncio.to_thread(self.folder.remove)
            case Verdict.SETTLED:
                await asyncio.to_thread(self.folder.remove)
        await self._host.runner.remove(self.attempt)

    async def _start(self) -> None:
        try:
            if self._launch is not None and not self._refusal:
                await self._host.runner.start(self._launch)
        finally:
            self._started.set()

    async def _finish(self) -> None:
        """Wait for the end, pack, give the slot back, report; the output follows in its own time."""
        if self.phase == "Starting":
            self.phase = "Training"
        end = await self._wait()
        self.phase = "Uploading"
        await self._pack()
        self._free()
        reporting = asyncio.create_task(self._report(end))
        await asyncio.sleep(0)  # the report goes out before the rest of the output is read
        self._tailer.finish(end)
        await reporting

    async def _wait(self) -> End:
        if not self._refusal:
            return await self._host.runner.wait(self.attempt)
        now = self._host.clock()
        return End(EndCause.START_FAILED, None, now, now, 0, self._refusal)

    async def _pack(self) -> None:
        if artifact.anything_to_pack(self.folder):
            try:
                await asyncio.to_thread(artifact.pack, self.folder)
            except OSError as error:
                log.warning("artifact not packed", attempt=str(self.attempt), why=str(error))

    def _free(self) -> None:
        if not self.ended:
            self.ended = True
            self._on_free()

    async def _report(self, end: End) -> None:
        failure = read_failure(self.folder, FAILURE_CHARS)
        has_model = (self.folder.artifacts / artifact.MODEL).exists()
        report = pb.ExitedRequest(
            attempt=self._grant.attempt,
            cause=end_cause(end),
            exit_code=end.exit_code,
            reason=reason(end, failure),
            started_at=instant_to_timestamp(end.started_at),
            ended_at=instant_to_timestamp(end.ended_at),
            artifact_uri=(self._target / artifact.MODEL).as_uri() if has_model else "",
        )
        if not await self._host.session.report_exit(report):
            self.abandon()

    async def _guard(self) -> None:
        """Stop the attempt when it has used up its time or its spool."""
        while not self.ended:
            overrun = self._overrun()
            if overrun is not None:
                self.phase = "Stopping"
                await self._host.runner.stop(self.attempt, *overrun)
                return
            await asyncio.sleep(GUARD_PERIOD_S)

    def _overrun(self) -> tuple[EndCause, float] | None:
        settings = self._host.settings
        started_at = self._host.runner.started_at(self.attempt)
        if started_at is None:
            return None
        if 0 < self._grant.max_runtime_s <= self._host.clock() - started_at:
            return EndCause.MAX_RUNTIME_EXCEEDED, settings.stop_grace_s
        if self.folder.said_bytes() > settings.spool_quota_bytes:
            return EndCause.SPOOL_FULL, SPOOL_FULL_GRACE_S
        return None

    async def give_up(self, why: str) -> None:
        """End it after a fault of ours: the scheduler counts the attempt as lost and may try another."""
        await self._make_sure_it_ended()
        self.folder.abandoned.touch()
        report = pb.ExitedRequest(attempt=self._grant.attempt, cause="END_CAUSE_LOST", reason=why)
        await self._host.session.report_exit(report)

    async def _make_sure_it_ended(self) -> None:
        with suppress(NotFound):  # it was refused, and so never started
            await self._host.runner.stop(self.attempt, EndCause.LOST, self._kill_grace_s)
            await self._host.runner.wait(self.attempt)
        self._free()

    async def _publish(self) -> None:
        """Publish, however long the destination is away: the folder is kept until it is done."""
        for failures in count(1):
            try:
                await asyncio.to_thread(artifact.publish, self.folder, self._target)
            except OSError as error:
                log.warning(
                    "artifact not published", attempt=str(self.attempt), target=str(self._target), why=str(error)
                )
                await asyncio.sleep(backoff_s(failures, first_s=PUBLISH_AGAIN_S, most_s=PUBLISH_AGAIN_MOST_S))
            else:
                return
