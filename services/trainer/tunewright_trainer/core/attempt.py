"""An attempt: one lease of one training, what is needed to run it, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.instances import Need
from tunewright.core.names import host_name
from tunewright.core.spec import Definition
from tunewright.core.states import EndCause

TRAINING_ID: Final = re.compile(r"[A-Za-z0-9_-]+/[0-9]+")
TRAINING_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
NO_NEED: Final = Need()
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
    need: Need = NO_NEED
    gpus: tuple[tuple[str, ...], ...] = ()
    """Per instance the GPUs that are its own, by index or by the vendor's id; (): none were given."""
    tracing: Mapping[str, str] = field(default_factory=dict)
    """Variables by which the program's own spans join the trace of the job."""

    @property
    def instances(self) -> int:
        return max(self.definition.resources.instance_count, 1)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The instances' names, by which they reach each other."""
        return tuple(host_name(instance) for instance in range(self.instances))

    def __post_init__(self) -> None:
        if not TRAINING_NAME.fullmatch(self.training_name):
            raise InvalidSpec("training_name", f"{self.training_name!r} is not letters, digits and hyphens")


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended. Times are Unix seconds; the same run always gives the same End, also after a restart."""

    cause: EndCause
    exit_code: int | None
    """128 + n after signal n; of several instances the first one's that failed; None if nothing was started."""
    started_at: float
    ended_at: float
    spool_bytes: tuple[int, ...]
    """Per instance where its output ends; what a straggler may have written behind it does not count."""
    why: str = ""
    """Why nothing was started, what became of the model, or more about the cause."""
    failed: int | None = None
    """The instance whose exit code it is, from 0; None: it is not known, or none has failed."""


def reason(end: End, failures: Sequence[str] = (), memory_bytes: int = 0) -> str:
    """Return the failure's reason for a person, empty for a run that did as it should.

    `failures` is output/failure of each instance, `memory_bytes` what each could use at most, 0 if there was no limit.
    """
    match end.cause:
        case EndCause.START_FAILED | EndCause.INPUT_UNUSABLE | EndCause.OUTPUT_LOST:
            return end.why
        case EndCause.SPOOL_FULL:
            return "the training printed more than the spool quota of this trainer allows"
        case EndCause.OUT_OF_MEMORY:
            return _out_of_memory(end, len(failures), memory_bytes)
        case EndCause.PREEMPTED:
            return end.why or "its trainer was going away and handed it back"
        case EndCause.EXITED if end.exit_code != 0:
            return _failure(end, failures)[:FAILURE_CHARS]
        case EndCause.LOST:
            return end.why
        case _:
            return ""


def _failure(end: End, failures: Sequence[str]) -> str:
    """Return what the instance that failed says of it, or another one, or at least the exit code."""
    first = () if end.failed is None else (end.failed,)
    for instance in (*first, *range(len(failures))):
        if failures[instance]:
            return f"{host_name(instance)}: {failures[instance]}" if len(failures) > 1 else failures[instance]
    more = f": {end.why}" if end.why else ""
    return f"AlgorithmError: {exit_text(end.exit_code)}{_whose(end, len(failures))}{more}"


def _out_of_memory(end: End, instances: int, memory_bytes: int) -> str:
    had = f"an instance may use {memory_bytes / 2**30:.3g} GiB" if memory_bytes else "its host had no more"
    said = f" ({end.why})" if end.why else ""
    remedy = "Use an instance type with more memory, or less data at a time"
    return f"AlgorithmError: out of memory{_whose(end, instances)}: {had}{said}. {remedy}"


def _whose(end: End, instances: int) -> str:
    return f" on {host_name(end.failed)}" if instances > 1 and end.failed is not None else ""


def exit_text(exit_code: int | None) -> str:
    """Return "exit code 139 (SIGSEGV)"."""
    name = SIGNAL_NAMES.get((exit_code or 0) - 128)
    return f"exit code {exit_code}" + (f" ({name})" if name else "")
