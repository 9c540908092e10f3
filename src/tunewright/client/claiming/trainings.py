"""What a program sees of a training that it has claimed, synchronously or not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, overload

from tunewright.client.claiming.attempt import Attempt, End, TrainingStopped
from tunewright.core.claimed import Scalar, typed
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import EndCause

LONGEST_REASON: Final = 1024
SETTLED_WITHIN_S: Final = 10.0
"""Longer than metrics takes to read what was said; where it is away, the loop goes on, and it is told meanwhile."""
LEFT: Final = "its loop was left"
FORGOTTEN: Final = "its loop went on without complete() or fail()"


class Claimed:
    """A training that this process runs: its hyperparameters, and what can be said of it at any time."""

    def __init__(self, attempt: Attempt, spec: TuningJobSpec) -> None:
        grant = attempt.grant
        self._attempt, self._spec = attempt, spec
        self.id, self.number = grant.attempt.training_id, int(grant.attempt.training_id.rpartition("/")[2])
        self.name, self.job_name, self.definition_name = grant.training_name, grant.job_name, grant.definition.name
        self.attempt = grant.attempt.attempt
        """From 1; more where an earlier one was lost or handed back."""
        self.hyperparameters: Mapping[str, Scalar] = typed(
            grant.hyperparameters, spec.definition(grant.definition.name)
        )
        """Tuned and fixed ones, as Python values."""
        self.objective = grant.objective.metric_name
        """The metric that is tuned."""
        self.max_runtime_s = grant.max_runtime_s
        """What it may still take; then it is stopped."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {dict(self.hyperparameters)}>"

    @property
    def should_stop(self) -> bool:
        """Whether it is to end: it was stopped, its time is up, or it is run elsewhere by now. Asks nobody."""
        return bool(self._attempt.stop_reason)

    @property
    def stop_reason(self) -> str:
        """Why it is to end; empty: it is not."""
        return self._attempt.stop_reason

    @overload
    def report(self, metric: str, value: float, step: int | None = None) -> None: ...
    @overload
    def report(self, metric: Mapping[str, float], *, step: int | None = None) -> None: ...
    def report(self, metric: str | Mapping[str, float], value: float | None = None, step: int | None = None) -> None:
        """Report a value, or one of each metric. It waits for nobody; from any thread.

        A metric's `step`, if it is given, counts up; the same one again changes nothing. Raises TrainingStopped once
        the training is to end: the value counts. InvalidSpec: it is no metric of the job, or no number.
        """
        if isinstance(metric, str):
            if value is None:
                raise InvalidSpec("value", "is missing", "Give a number; NaN is one")
            metric = {metric: value}
        self._attempt.report(metric, step)


class AsyncClaimedTraining(Claimed):
    """As ClaimedTraining, for AsyncClient."""

    async def complete(self) -> None:
        await self._end(EndCause.EXITED, 0)

    async def fail(self, why: str) -> None:
        await self._end(EndCause.EXITED, 1, why or "failed, and did not say why")

    async def hand_back(self, why: str = LEFT) -> None:
        await self._end(EndCause.PREEMPTED, None, why)

    async def __aenter__(self) -> AsyncClaimedTraining:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        if error is None or isinstance(error, TrainingStopped):
            await self.complete()
        elif isinstance(error, Exception):
            await self.fail(f"{type(error).__name__}: {error}")
        else:  # interrupted, cancelled, left
            await self.hand_back(f"its loop was left: {type(error).__name__}")
        return isinstance(error, TrainingStopped)

    async def leave(self, cause: EndCause, why: str) -> None:
        """End it if its program has not."""
        if self._attempt.end is None:
            await self._end(cause, 1 if cause is EndCause.EXITED else None, why)

    async def _end(self, cause: EndCause, exit_code: int | None, reason: str = "") -> None:
        """Return once it is settled, or nobody has settled it for a while. Raises what keeps it from being told."""
        self._attempt.finish(End(cause, exit_code, reason[:LONGEST_REASON], time.time()))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._attempt.over.wait(), SETTLED_WITHIN_S)
        if self._attempt.fault is not None:
            raise self._attempt.fault


class ClaimedTraining(Claimed):
    """A training that this process has claimed. Use it in `with`, or end it yourself.

    `with` completes it, also where break, continue or return leaves it; an exception fails it, with its text as the
    reason, and goes on upwards; TrainingStopped ends it and goes no further; what is no Exception (Ctrl-C, sys.exit)
    hands it back, and it is run again.
    """

    def __init__(self, of: AsyncClaimedTraining, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        super().__init__(of._attempt, of._spec)  # noqa: SLF001 - two faces of one
        self._of, self._run = of, run

    def complete(self) -> None:
        """Say that it has done what it was to do. Returns once metrics has read all that was reported.

        One that was told to stop ends as Stopped; its value counts. Ended already, it stays as it is.
        """
        self._run(self._of.complete())

    def fail(self, why: str) -> None:
        """Say that it has failed."""
        self._run(self._of.fail(why))

    def hand_back(self, why: str = LEFT) -> None:
        """Give it up unfinished: it is run again from the start, here or elsewhere, twice at most."""
        self._run(self._of.hand_back(why))

    def __enter__(self) -> ClaimedTraining:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        return bool(self._run(self._of.__aexit__(kind, error, traceback)))
