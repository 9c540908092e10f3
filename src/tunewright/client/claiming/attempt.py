"""One attempt that this process has claimed: what it has said, what it was told, how it ended.

Reports come from the program's own threads, everything else from the client's event loop.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tunewright.client.requests import request_of
from tunewright.core.errors import InvalidSpec, TunewrightError
from tunewright.core.phases import MESSAGES, STOPPING, TRAINING
from tunewright.core.states import EndCause
from tunewright.platform.codec import instant_to_timestamp
from tunewright.v1 import worker_service_pb2 as pb

STOP_GRACE_S: Final = 120.0
"""From the end of a training's time to that of its attempt, whatever its program does."""
MAX_RUNTIME: Final = "MaxRuntimeExceeded"
SETTLED: Final = "it was settled by hand"
LEASE_PASSED: Final = "its lease has passed: it is run again, here or elsewhere"


class TrainingStopped(Exception):  # noqa: N818 - what has come about
    """A training is to end: it was stopped, by a person or a rule, its time is up, or it is run elsewhere by now."""


@dataclass(frozen=True, slots=True)
class End:
    cause: EndCause
    exit_code: int | None
    reason: str
    at: float


class Attempt:
    """Make it on the loop."""

    def __init__(self, grant: pb.Grant) -> None:
        self.grant = grant
        self.key = (grant.attempt.training_id, grant.attempt.attempt)
        self.metrics = [item.name for item in grant.definition.metric_definitions]
        if grant.objective.metric_name not in self.metrics:
            self.metrics.append(grant.objective.metric_name)
        self.records: list[str] = []
        """What was reported, as metrics reads it; grows until the end."""
        self.news = asyncio.Event()
        """There is more to send, or to send again."""
        self.over = asyncio.Event()
        """The scheduler has settled it, or says that it is no longer ours."""
        self.tellable = asyncio.Event()
        """The scheduler may be told that it has ended: metrics has all of it, or it is to run again, or is over."""
        self.resend_from: int | None = None
        """Metrics misses what stands from there on; -1: also that it has begun."""
        self.stop_reason = ""
        """Not empty: it is to end."""
        self.end: End | None = None
        self.fault: TunewrightError | None = None
        """Why nothing it says can be sent."""
        self._stop_cause = EndCause.STOPPED
        self._loop, self._lock = asyncio.get_running_loop(), threading.Lock()
        self._steps: dict[str, int] = {}
        self._phases = [_phase(TRAINING)]
        self._deadline = self._loop.call_later(
            grant.max_runtime_s, self.stop, MAX_RUNTIME, STOP_GRACE_S, EndCause.MAX_RUNTIME_EXCEEDED
        )

    # -- From any thread

    def report(self, values: Mapping[str, float], step: int | None) -> None:
        """Note values. Raises TrainingStopped, once they are noted; InvalidSpec."""
        if self.fault is not None:
            raise self.fault
        self._note(values, step)
        self.raise_if_stopped()

    def raise_if_stopped(self) -> None:
        """Raises TrainingStopped: it is to end, or has ended."""
        if self.stop_reason:
            raise TrainingStopped(self.stop_reason)
        if self.end is not None:
            raise TrainingStopped("it has ended")

    def _note(self, values: Mapping[str, float], step: int | None) -> None:
        numbers = {metric: self._number(metric, value) for metric, value in values.items()}
        with self._lock:
            if step is not None:
                numbers = {metric: number for metric, number in numbers.items() if self._is_new(metric, step)}
                self._steps |= dict.fromkeys(numbers, step)
            if numbers and self.end is None:
                self.records.append(json.dumps(numbers))
        self._loop.call_soon_threadsafe(self.news.set)

    def _number(self, metric: str, value: float) -> float:
        if metric not in self.metrics:
            close = difflib.get_close_matches(metric, self.metrics, 1)
            remedy = f"Did you mean {close[0]!r}?" if close else "Name it among the job's metrics"
            raise InvalidSpec("metric", f"{metric!r} is none of this job's: {', '.join(self.metrics)}", remedy)
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            raise InvalidSpec("value", f"{value!r} of {metric} is no number", "Give a number; NaN is one") from None

    def _is_new(self, metric: str, step: int) -> bool:
        """Say whether a step is not the one that was reported last. Raises InvalidSpec: it is an earlier one."""
        last = self._steps.get(metric)
        if last is not None and step < last:
            raise InvalidSpec("step", f"is {step}, after {last}, of {metric}", "Count steps up, or leave them out")
        return step != last

    # -- From the loop

    def stop(self, reason: str, grace_s: float, cause: EndCause = EndCause.STOPPED) -> None:
        """Have the program told that it is to end; once so long has passed, it has ended, whatever it does."""
        if self._phases[-1].status != STOPPING:
            self._phases.append(_phase(STOPPING))  # each heartbeat is told again until we say so
        if self.end is not None or self.stop_reason:
            return
        self.stop_reason, self._stop_cause = reason, cause
        self._deadline.cancel()
        self._deadline = self._loop.call_later(grace_s, self.finish, End(cause, None, "", time.time()))

    def finish(self, end: End) -> None:
        """Note how it ended; the first time counts, and so does that it was told to end, or cannot be sent."""
        if self.end is not None:
            return
        if self.fault is not None:
            end = End(EndCause.PREEMPTED, None, str(self.fault), end.at)
        elif self.stop_reason:
            end = End(self._stop_cause, None, "", end.at)
        self._end(end)

    def hand_back(self, why: str) -> None:
        """Have it run again, also if it has ended: metrics does not have what it said, and will not."""
        self._end(End(EndCause.PREEMPTED, None, why, time.time()))

    def cannot_be_sent(self, fault: TunewrightError) -> None:
        """Note that metrics will have nothing of it."""
        self.fault = fault
        if self.end is not None:
            self.hand_back(str(fault))

    def _end(self, end: End) -> None:
        self._deadline.cancel()
        with self._lock:
            self.end = end
        self.news.set()
        if end.cause is EndCause.PREEMPTED:
            self.tellable.set()

    def settle(self) -> None:
        """Note that it has its final state, by hand if it still runs here."""
        if self.end is None:
            self.stop_reason = self.stop_reason or SETTLED
            self.finish(End(EndCause.STOPPED, None, "", time.time()))
        self.over.set()
        self.tellable.set()

    def abandon(self, why: str) -> None:
        """Note that it is no longer ours: nothing more is said of it."""
        self.stop_reason = self.stop_reason or why
        self.settle()

    def resend(self, from_record: int) -> None:
        asked = self.resend_from
        self.resend_from = from_record if asked is None else min(asked, from_record)
        self.news.set()

    def holding(self) -> pb.Holding:
        """Return what the scheduler is told of it with each heartbeat."""
        status, exited = self._phases[-1].status, self.end is not None
        return pb.Holding(attempt=self.grant.attempt, phase=status, exited=exited, phases=self._phases)

    def exit_report(self, end: End, trainer_id: str, epoch: int, session_key: str) -> pb.ExitedRequest:
        return request_of(
            pb.ExitedRequest,
            trainer_id=trainer_id,
            epoch=epoch,
            session_key=session_key,
            attempt=self.grant.attempt,
            cause=f"END_CAUSE_{end.cause.name}",
            exit_code=end.exit_code,
            reason=end.reason,
            started_at=self._phases[0].started_at,
            ended_at=instant_to_timestamp(end.at),
            phases=self._phases,
        )


def _phase(status: str) -> Any:
    message = "A program of your own runs it" if status == TRAINING else MESSAGES[status]
    return pb.Phase(status=status, started_at=instant_to_timestamp(time.time()), message=message)
