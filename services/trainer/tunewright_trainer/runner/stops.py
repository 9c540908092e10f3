"""The first stop of an attempt, noted in its folder before any signal is sent: it outlives the trainer."""

from __future__ import annotations

from dataclasses import dataclass

from tunewright.core.states import EndCause
from tunewright_trainer.folder import AttemptFolder, write_whole


@dataclass(frozen=True, slots=True)
class Stop:
    cause: EndCause
    """The first stop's; it is the cause of the end."""
    deadline: float
    """When the program is killed, Unix seconds."""


def read_stop(folder: AttemptFolder) -> Stop | None:
    try:
        cause, deadline = (folder.root / "stop").read_text().split()
        return Stop(EndCause(cause), float(deadline))
    except (FileNotFoundError, ValueError):  # the latter: the machine died as it was written, and the program with it
        return None


def note_stop(folder: AttemptFolder, stop: Stop) -> None:
    write_whole(folder.root / "stop", f"{stop.cause} {stop.deadline}".encode())
