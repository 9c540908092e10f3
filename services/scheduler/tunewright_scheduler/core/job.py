"""A tuning job as its decisions see it: bounded in size, whatever the number of trainings.

Trainings are numbered from 1 in order of creation. A training holds a slot (`slots`) from its creation until its
process has ended; then it awaits its summary (`awaiting`) without a slot; then it is counted and forgotten here.

What changes with every training is declared without slots: tunewright.core.values says why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tunewright.core.space import Value
from tunewright.core.states import JobState, TrainingState

UNKNOWN_S: Final = 60.0
"""What the first trainings of a job are taken to run."""


@dataclass(frozen=True)
class TrainingCounters:
    """Ended trainings by how they ended; those in progress are counted from `slots` and `awaiting`."""

    completed: int = 0
    retryable_error: int = 0
    non_retryable_error: int = 0
    stopped: int = 0


@dataclass(frozen=True)
class ObjectiveCounters:
    succeeded: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Best:
    number: int
    value: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What all evaluations of one configuration have given: the first one's objective and those of its repeats."""

    number: int
    """Of the training that was repeated."""
    count: int
    mean: float
    squares: float = 0.0
    """Sum of the squared distances from the mean (Welford 1962)."""

    @property
    def deviation(self) -> float | None:
        """Return the standard deviation of the evaluations, None of a single one."""
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else None


@dataclass(frozen=True, slots=True)
class ParentJob:
    """An ended job that this one is warm-started from, as it stood when this one was created."""

    uid: str
    name: str
    spec_revision: int
    observations: int
    best: Best | None


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A training whose process has ended and whose summary is awaited."""

    number: int
    exited_at: float


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """The ask that the suggester has not answered yet; its record stands in the store under (uid, number)."""

    number: int
    count: int
    retry_at: float
    failures: int = 0
    opened_at: float | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    probability: float
    gain: float


@dataclass(frozen=True, slots=True)
class Provenance:
    source: str
    mean: float | None = None
    deviation: float | None = None
    acquisition: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    configuration: Mapping[str, Value]
    provenance: Provenance
    definition_name: str = ""
    bracket: int = 0
    rungs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """Where a job's trainings have run, and what was told of them."""

    origin: str
    """For people."""
    digest: bytes
    """Of specification and trainings: the same import again is the same job."""


@dataclass(frozen=True)
class TuningJob:
    uid: str
    name: str
    owner: str
    created_at: float
    modified_at: float
    seed: int
    spec_revision: int = 1
    state: JobState = JobState.RUNNING
    reason: str = ""
    ended_at: float | None = None
    slots: tuple[int, ...] = ()
    awaiting: tuple[Awaiting, ...] = ()
    held_back: tuple[int, ...] = ()
    """Those in slots that may not be claimed, for fewer may run at once than when they were created."""
    started: int = 0
    """Trainings ever created."""
    asks: int = 0
    """Asks ever made."""
    ask: OpenAsk | None = None
    ahead: tuple[Suggestion, ...] = ()
    """Proposed before there is room for them: the next ones to start, in this order."""
    exhausted: bool = False
    """The suggester has nothing more to propose."""
    fallbacks: int = 0
    fallbacks_in_row: int = 0
    observations: int = 0
    """Ended trainings folded so far; the next fold index."""
    trainings: TrainingCounters = TrainingCounters()
    objectives: ObjectiveCounters = ObjectiveCounters()
    best: Best | None = None
    not_improving: int = 0
    first_failure: str = ""
    outlook: Outlook | None = None
    due_at: float | None = None
    deleted: bool = False
    blocked_in: JobState | None = None
    """The state to which it returns when it is unparked, …"""
    blocked_over: str = ""
    """… and the reason that it had there."""
    blocked_at: float | None = None
    unanswered_at: float | None = None
    """Since when the suggester has not been reached; None: its last answer came, …"""
    unanswered_why: str = ""
    """… and what was heard instead."""
    enqueued: int = 0
    """How many of the specification's enqueued configurations have been started."""
    retried: int = 0
    """Observations that have been looked through for failed trainings to run again."""
    parents: tuple[ParentJob, ...] = ()
    extends: str = ""
    """Uid of the job that this one extends."""
    sample: tuple[float, ...] = ()
    """A bounded, even sample of the objectives of completed trainings, ascending: for their interquartile range."""
    sampled_from: int = 0
    """How many objectives the sample was drawn from."""
    top: tuple[Best, ...] = ()
    """The best objectives so far, best first; bounded."""
    unpromising: int = 0
    """Successive verdicts that little is left to gain."""
    converged_at: float | None = None
    recommended: int | None = None
    """Number of the training to be recommended: which the model holds best, or, once the best were run again, which
    has the best mean."""
    search_over: str = ""
    """Why nothing new is tried any more, where the best are run again; empty: the search goes on."""
    evaluated: tuple[Evaluation, ...] = ()
    """Those that are run again, as the search found them: best first."""
    repeated: int = 0
    """Trainings started to judge one of the best again."""
    spent: float = 0.0
    """Cost of all ended attempts."""
    ran_s: float = 0.0
    """Seconds that ended trainings have run."""
    turn: float = 0.0
    """Where the job's next training stands in the order of claims among jobs of one priority."""
    turn_s: float = UNKNOWN_S
    """Seconds that a training is taken to run, for the turns of the next ones."""
    alone: bool = False
    """It stands for one training that was asked for by itself."""
    tags: Mapping[str, str] | None = None
    """As they have been changed; None: as the specification has them."""
    imported: Imported | None = None
    """None: its trainings have run here."""
    traceparent: str = ""
    """Of the call that made it (W3C Trace Context): all that happens for it belongs to that trace."""

    @property
    def in_flight(self) -> tuple[int, ...]:
        """Numbers of trainings that have not ended, slots first."""
        return (*self.slots, *(waiting.number for waiting in self.awaiting))


@dataclass(frozen=True, slots=True)
class Ask:
    """What the suggester is asked; its answer is a function of this record and the job's immutable history."""

    uid: str
    number: int
    spec_revision: int
    count: int
    watermark: int
    """Observations 0 … watermark − 1 are known to this ask."""
    pending: tuple[int, ...]
    started: int
    budget: int | None
    parallel: int
    effort: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a training ended, as the job counts it."""

    number: int
    state: TrainingState
    retryable: bool
    objective: float | None
    reason: str
    ran_s: float = 0.0
    """Seconds that all its attempts have run."""
    expected_s: float = 0.0
    """Seconds that it was expected to run when it got its turn."""
    repeats: int | None = None
    """Number of the training whose configuration it repeats."""
