"""How a run of containers ended, from what the engine says of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import End
from tunewright_trainer.runner.log_follower import NS, parse_time
from tunewright_trainer.runner.stops import Stop

TAKEN_DOWN: Final = frozenset({137, 143, 255})
"""Exit codes of containers that go down with their engine: killed, told to end, and found dead by the next one."""
NOT_FOUND: Final = 127
NO_PROGRAM: Final = re.compile(rb"\[FATAL tini \(\d+\)\] exec (.+) failed: No such file or directory")
"""The init's whole output where it finds nothing to start."""
GIB: Final = 2**30


@dataclass(frozen=True, slots=True)
class State:
    """Of one container. Times are Unix seconds, before 0 if there were none."""

    status: str
    """created, running, exited, …"""
    running: bool
    exit_code: int
    out_of_memory: bool
    started_at: float
    finished_at: float
    missed: bool = False
    """It ended while the engine was away: the end of its output is missing."""

    @classmethod
    def read(cls, told: dict[str, Any]) -> State:
        return cls(
            status=told["Status"],
            running=told["Running"],
            exit_code=told["ExitCode"],
            out_of_memory=told.get("OOMKilled", False),
            started_at=parse_time(told["StartedAt"].encode()) / NS,
            finished_at=parse_time(told["FinishedAt"].encode()) / NS,
        )

    def was_taken_down(self, at: Sequence[float]) -> bool:
        """Whether it ended as one does that its engine or its host took with it, at one of these times or unseen."""
        told = self.exit_code in TAKEN_DOWN and not self.out_of_memory
        return told and (self.missed or any(self.started_at < moment <= self.finished_at for moment in at))


def first_failed(states: Sequence[State]) -> int | None:
    """Return the number of the container that was the first to fail."""
    failed = [number for number, state in enumerate(states) if state.exit_code != 0]
    return min(failed, key=lambda number: states[number].finished_at, default=None)


def missing_program(exit_code: int | None, output: bytes) -> str:
    """Return why an image could not be started, empty if it was. `output` is how its output begins."""
    if exit_code != NOT_FOUND or (found := NO_PROGRAM.match(output)) is None:
        return ""
    name = found[1].decode(errors="replace")
    lacks = f"the image has no program `{name}` on its PATH, or its first line names an interpreter that is not there"
    return f"{lacks}; docs/containers.md says what an image needs"


def end_of(
    states: Sequence[State],
    stop: Stop | None,
    spool_bytes: tuple[int, ...],
    taken_down_at: Sequence[float],
    unsaid_bytes: int,
) -> End:
    """Return the end of a run all of whose containers have ended.

    `taken_down_at` are the times at which the machine began or somebody had the engine end a container, `unsaid_bytes`
    each instance's limit of memory where that is not the launch's need.
    """
    first = first_failed(states)
    state = states[0 if first is None else first]
    cause, why = EndCause.EXITED, ""
    if stop is not None:
        cause = stop.cause
    elif first is not None and state.out_of_memory:
        cause = EndCause.OUT_OF_MEMORY
        why = f"this trainer's limit is {unsaid_bytes / GIB:.2f} GiB" if unsaid_bytes else ""
    elif state.was_taken_down(at=taken_down_at):
        cause, why = EndCause.LOST, "its container was taken down from outside, or with its engine"
    elif first is None and any(state.missed for state in states):
        cause = EndCause.LOST
        why = "it ended while the container engine was away, and the end of its output is missing"
    return End(
        cause,
        state.exit_code,
        min(state.started_at for state in states),
        max(state.finished_at for state in states),
        spool_bytes,
        why,
        first,
    )
