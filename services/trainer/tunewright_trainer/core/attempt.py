"""An attempt: one lease of one training, what is needed to run it, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Definition
from tunewright.core.states import EndCause

TRAINING_ID: Final = re.compile(r"[A-Za-z0-9_-]+/[0-9]+")
TRAINING_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
FAILURE_CHARS: Final = 1024
"""AMT shows this much of output/failure."""

SIGNAL_NAMES: Final = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """The identity of one run. It names a folder, hence the check. Raises InvalidSpec."""

    training_id: str
    attempt: int

    def __post_init__(self) -> None:
        if not TRAINING_ID.fullmatch(self.training_id):
            raise InvalidSpec("training_id", f"{self.training_id!r} is not uid/number")

    @property
    def uid(self) -> str:
        return self.training_id.partition("/")[0]

    @property
    def number(self) -> int:
        return int(self.training_id.partition("/")[2])

    def __str__(self) -> str:
        return f"{self.training_id}/{self.attempt}"


@dataclass(frozen=True, slots=True)
class Launch:
    """What a runner needs of a grant. Raises InvalidSpec: the name, which names the artifact's folder, is malformed."""

    attempt: Attempt
    training_name: str
    definition: Definition
    hyperparameters: Mapping[str, str]

    def __post_init__(self) -> None:
        if not TRAINING_NAME.fullmatch(self.training_name):
            raise InvalidSpec("training_name", f"{self.training_name!r} is not letters, digits and hyphens")


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended. Times are Unix seconds; the same run always gives the same End, also after a restart."""

    cause: EndCause
    exit_code: int | None
    """128 + n after signal n; None if nothing was started."""
    started_at: float
    ended_at: float
    spool_bytes: int
    """Where the output ends; what a straggler may have written behind it does not count."""
    refusal: str = ""
    """Why nothing was started."""


def reason(end: End, failure: str) -> str:
    """Return the failure's reason for a person, empty for a run that did as it should. `failure` is output/failure."""
    match end.cause:
        case EndCause.START_FAILED:
            return end.refusal
        case EndCause.SPOOL_FULL:
            return "the training printed more than the spool quota of this trainer allows"
        case EndCause.EXITED if end.exit_code != 0:
            return failure[:FAILURE_CHARS] or f"AlgorithmError: {exit_text(end.exit_code)}"
        case _:
            return ""


def exit_text(exit_code: int | None) -> str:
    """Return "exit code 139 (SIGSEGV)"."""
    name = SIGNAL_NAMES.get((exit_code or 0) - 128)
    return f"exit code {exit_code}" + (f" ({name})" if name else "")
