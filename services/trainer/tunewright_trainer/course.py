"""The course of one attempt, from its grant to its settlement.

Its data are brought, its program is started and watched, its checkpoints are stored and what it leaves is packed; then
its end is reported, and once that is settled the model is published and the folder removed. The end is told to the
scheduler on one road and the output goes to metrics on another; neither waits for the other. The slot is free once the
process has ended and its model is packed. An attempt is over by one of three verdicts, and only the scheduler speaks
them: settled and published, settled, abandoned. Once abandoned, nothing of it is stored any more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import structlog

from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.locations import Location
from tunewright.core.phases import DOWNLOADING, INTERRUPTED, PENDING, STOPPING, TRAINING, UPLOADING
from tunewright.core.states import EndCause
from tunewright.platform import tracing
from tunewright.platform.bus.port import Bus
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer import artifact, publishing, trial
from tunewright_trainer.beginning import Beginning
from tunewright_trainer.beside import beside
from tunewright_trainer.checkpoints import CheckpointSync
from tunewright_trainer.core.attempt import End, Launch
from tunewright_trainer.core.capacity import Gpus, limits
from tunewright_trainer.core.program import submitted_code
from tunewright_trainer.fetching import Fetching, Progress
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.guarding import Guard
from tunewright_trainer.keeping import Checkpoints, Keeping
from tunewright_trainer.messages import OutputRecords, attempt_of, launch_of
from tunewright_trainer.phases import PROGRESS_PERIOD_S, Phases
from tunewright_trainer.report import exit_report, lost_report
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.session import Session
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.source import MetricsFile
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.tailer import Tailer
from tunewright_trainer.verdict import Judgement, Verdict
from tunewright_trainer.watch import Watch

STOP_AGAIN_S: Final = 1.0
LOOK_AGAIN_S: Final = 1.0
"""How often it is looked whether a program has begun that could not at once."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Host:
    """What all attempts of a trainer share."""

    settings: TrainerSettings
    folders: Folders
    runner: Runner
    bus: Bus
    session: Session
    buckets: Buckets
    fetching: Fetching
    clock: Callable[[], float] = time.time
    """Unix seconds, as the runner's start times, which outlive this process."""
    checkpoints: Callable[[Launch, AttemptFolder, Buckets], Checkpoints] = CheckpointSync
    watch: Watch | None = None
    """Tells of what is written; without one files are looked at again and again."""


class Course:
    """`on_free` is called once, when the slot is no longer needed; `on_news` when the next heartbeat has news of it.

    `gpus` are those that it was given. Raises InvalidSpec: not a usable identity.
    """

    def __init__(
        self, grant: pb.Grant, host: Host, gpus: Gpus, on_free: Callable[[], None], on_news: Callable[[], None]
    ) -> None:
        self.attempt = attempt_of(grant.attempt)
        self.folder = host.folders.of(self.attempt)
        self.phases = Phases(self.folder.phases, host.clock, on_news)
        self.ended = False
        self._grant, self._host, self._gpus, self._on_free = grant, host, gpus, on_free
        self._launch: Launch | None = None
        self._keeping: Keeping | None = None
        self._target = Location("", "")
        self._unrunnable = ""
        self._beginning = Beginning(self.folder, host.clock)
        records = OutputRecords(grant)
        self._instances = records.instances
        spools = [instance.spool for instance in self.folder.instances(self._instances)]
        metrics_file = MetricsFile(self.folder.first.metrics_file, self.folder.metrics_fault)
        self._tailer = Tailer(records, spools, metrics_file, host.bus, host.watch)
        self._stops: asyncio.Queue[tuple[EndCause, str, float]] = asyncio.Queue()
        self._kill_grace_s = 0.0
        self._to_tell_again = asyncio.Event()
        self._judgement = Judgement()
        self._read_grant()

    def _read_grant(self) -> None:
        host, definition = self._host, self._grant.definition
        try:
            launch = launch_of(self._grant)
            self._launch = replace(launch, gpus=self._gpus, need=limits(launch.need, host.settings.inventory))
            self._target = artifact.destination(
                definition.output_uri, host.settings.data_dir, self._grant.training_name
            )
            host.buckets.require(self._target, "output_uri")
            if definition.checkpoint_uri:
                checkpoints = host.checkpoints(self._launch, self.folder, host.buckets)
                self._keeping = Keeping(checkpoints, self.folder, host.session.opened, self._judgement.is_spoken)
        except InvalidSpec as error:
            self._unrunnable = str(error)

    # -- Orders: each may come twice, and is carried out beside the heartbeats

    def stop(self, grace_s: float) -> None:
        if not self.phases.ending:
            self._stop(EndCause.STOPPED, STOPPING, grace_s or self._host.settings.stop_grace_s)

    def hand_back(self, grace_s: float) -> None:
        """Let another trainer go on with it, from its last checkpoint. One that is being stopped is so in time."""
        self._stop(EndCause.PREEMPTED, INTERRUPTED, grace_s)

    def settle(self, *, publish: bool) -> None:
        self._judgement.speak(Verdict.PUBLISHED if publish else Verdict.SETTLED)

    def abandon(self, kill_grace_s: float = 0.0) -> None:
        """The lease is void. The program is killed, by SIGTERM first if there is a grace."""
        self._kill_grace_s = kill_grace_s
        self._judgement.speak(Verdict.ABANDONED)

    def resend(self, from_line: int, instance: int) -> None:
        self._tailer.resend(from_line, instance)

    def tell_end_again(self) -> None:
        """Report the end once more if it was: who was told may have forgotten it, with a store that was restored."""
        self._to_tell_again.set()

    def _stop(self, cause: EndCause, phase: str, grace_s: float) -> None:
        if not self.ended:
            self.phases.enter(phase, keep=False)  # until it is given: see _obey_stops
            self._beginning.stop(cause)
            self._stops.put_nowait((cause, phase, grace_s))

    # -- The course itself

    def said_bytes(self) -> int:
        """Return how much its programs have said so far."""
        return self.folder.said_bytes(self._instances)

    @property
    def over(self) -> bool:
        """The verdict is spoken: nothing more is said of this attempt."""
        return self._judgement.is_spoken()

    async def run(self) -> None:
        """Return when nothing is left to do for the attempt. Cancelled, it leaves the program running."""
        with tracing.span("attempt", self._grant.traceparent, attempt=self.attempt.attempt):
            await self._run()

    async def _run(self) -> None:
        log.info("attempt begins", name=self._grant.training_name)
        await self._start()
        async with asyncio.TaskGroup() as group:
            parts = [group.create_task(part) for part in (self._finish(), self._tailer.run())]
            verdict = await self._judgement.heard()
            for part in parts:
                part.cancel()
            await self._make_sure_it_ended()  # now: a part may take its time to leave off
        match verdict:
            case Verdict.ABANDONED:
                await self._keep_for_people()
            case Verdict.PUBLISHED:
                await publishing.publish(self.attempt, self.folder, self._host.buckets, self._target)
                await asyncio.to_thread(self.folder.remove)
            case Verdict.SETTLED:
                await asyncio.to_thread(self.folder.remove)
        await self._host.runner.remove(self.attempt)

    async def _start(self) -> None:
        """Start the program, or settle how the attempt has ended without one."""
        begin = self._beginning
        try:
            if begin.unstarted is None and (self._unrunnable or self._launch is None):
                begin.end(EndCause.START_FAILED, self._unrunnable)
            if begin.unstarted is None and self._launch is not None and await self._has_data(self._launch):
                await self._host.runner.start(replace(self._launch, tracing=self._traced()))
                if not self._host.runner.waits_for(self.attempt):
                    self.phases.enter(TRAINING)
        finally:
            begin.over.set()

    def _traced(self) -> dict[str, str]:
        """Return by which variables the program's own spans join the trace of its job."""
        endpoint, traceparent = self._host.settings.training_otlp_endpoint, tracing.current()
        variables = {"TRACEPARENT": traceparent, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        return {name: text for name, text in variables.items() if text}

    async def _has_data(self, launch: Launch) -> bool:
        if self.folder.first.spool.exists():  # it was started
            return True
        if launch.definition.output_uri:
            trying = trial.begin(self.folder, self._host.buckets, self._target)
            if not await self._beginning.has_data(trying, self._judgement):
                return False
        if not (launch.definition.channels or self._keeping or submitted_code(launch.hyperparameters)):
            return True
        return await self._beginning.has_data(self._fetch(launch), self._judgement)

    async def _fetch(self, launch: Launch) -> None:
        await self._host.session.opened.wait()  # found again, it may be another's by now
        self.phases.enter(DOWNLOADING)
        self.folder.first.input_data.mkdir(parents=True, exist_ok=True)  # from now on a restart goes on with it
        async with asyncio.timeout(self._grant.max_runtime_s or None):
            if self._keeping is not None:
                await self._keeping.bring()
            progress = Progress()
            telling = asyncio.create_task(self._tell(progress))
            try:
                await self._host.fetching.fetch(launch, self.folder, progress)
            finally:
                telling.cancel()

    async def _tell(self, progress: Progress) -> None:
        while True:
            await asyncio.sleep(PROGRESS_PERIOD_S)
            self.phases.progress(DOWNLOADING, str(progress))

    async def _finish(self) -> None:
        """Wait for the end, store and pack, give the slot back, report; the output follows in its own time."""
        end = self._beginning.unstarted or await self._watch()
        self.phases.enter(UPLOADING, quietly=not artifact.anything_to_pack(self.folder, self._instances))
        if self._keeping is not None and (why := await self._keeping.last(end)):
            self.phases.progress(UPLOADING, why)
        if end.cause is not EndCause.PREEMPTED:  # the next attempt's model is the one that will count
            end = await publishing.packed(self.attempt, self.folder, self._instances, end)
            end = await trial.end(self.folder, end, self._host.buckets, self._target)
        self._free()
        self._to_tell_again.clear()
        reporting = asyncio.create_task(self._report(end))
        await asyncio.sleep(0)  # the report goes out before the rest of the output is read
        self._tailer.finish(end)
        log.info("attempt ends", cause=end.cause.value, exit_code=end.exit_code)
        await reporting
        while True:  # until the verdict
            await self._to_tell_again.wait()
            self._to_tell_again.clear()
            await self._report(end)

    async def _watch(self) -> End:
        """Return how the program has ended; meanwhile store its checkpoints, and stop it where that is wanted."""
        keeping = () if self._keeping is None else (self._keeping.keep(),)
        async with beside(self._await_beginning(), self._obey_stops(), self._guard(), *keeping):
            end = await self._host.runner.wait(self.attempt)
        if end.exit_code is not None:  # it may have run for less than a look
            self.phases.enter(TRAINING)
        return end

    async def _await_beginning(self) -> None:
        """Say what keeps the program from being started until it has begun."""
        runner = self._host.runner
        while self.phases.preparing:
            if why := runner.waits_for(self.attempt):
                self.phases.enter(PENDING)
                self.phases.progress(PENDING, why)
            elif runner.started_at(self.attempt) is not None:
                self.phases.enter(TRAINING)
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _obey_stops(self) -> None:
        while True:
            cause, phase, grace_s = await self._stops.get()
            self.phases.enter(phase, keep=False)
            try:
                await self._host.runner.stop(self.attempt, cause, grace_s)
            except Exception as error:  # noqa: BLE001 - whatever keeps an engine from it now
                log.warning("not stopped yet", attempt=str(self.attempt), why=repr(error))
                self._stops.put_nowait((cause, phase, grace_s))
                await asyncio.sleep(STOP_AGAIN_S)
            else:
                self.phases.keep()  # not before: after a restart nobody gives a stop again that is said to be given

    async def _guard(self) -> None:
        """Stop the attempt when it has used up its time or its spool."""
        host = self._host
        max_runtime_s = float(self._grant.max_runtime_s)
        guard = Guard(self.attempt, self.folder, self._instances, max_runtime_s, host.runner, host.settings, host.clock)
        cause, grace_s = await guard.overrun()
        self._stops.put_nowait((cause, STOPPING, grace_s))

    def _free(self) -> None:
        if not self.ended:
            self.ended = True
            self._on_free()

    async def _report(self, end: End) -> None:
        told = self.phases.messages()
        report = exit_report(self._grant, self._launch, end, self.folder, self._target, told)
        if not await self._host.session.report_exit(report):
            self.abandon()

    async def give_up(self, why: str) -> None:
        """End it after a fault of ours: the scheduler counts the attempt as lost and may try another."""
        await self._make_sure_it_ended()
        self.folder.abandoned.touch()
        await self._host.session.report_exit(lost_report(self._grant, why, self.phases.messages()))

    async def _make_sure_it_ended(self) -> None:
        with suppress(NotFound):  # it was refused, and so never started
            await self._host.runner.stop(self.attempt, EndCause.LOST, self._kill_grace_s)
            await self._host.runner.wait(self.attempt)
        self._free()

    async def _keep_for_people(self) -> None:
        self.folder.abandoned.touch()
        await asyncio.to_thread(self.folder.remove_data, self._instances)
        log.info("attempt abandoned", attempt=str(self.attempt))
