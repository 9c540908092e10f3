"""What the SDK returns: tuning jobs and training jobs as plain values. Times are Unix seconds.

Hyperparameters and metrics stand in the order of the job's specification, which messages do not keep: `in_order` puts
it back wherever a training is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from tunewright.core.phases import Phase
from tunewright.core.space import Value
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import EndCause, JobState, ObjectiveState, TrainingState
from tunewright.core.stopping import StopEvidence

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a configuration came from, and what the model thought of it."""

    source: str = ""
    mean: float | None = None
    deviation: float | None = None
    acquisition: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReadingFault:
    """What was read of a metric and is no number, or was not read at all."""

    kind: str
    """nan, infinite, unparsable, cut, timed out, refused, missing."""
    metric: str = ""
    """Empty: of the metrics file as a whole."""
    count: int = 0
    example: str = ""


@dataclass(frozen=True, slots=True)
class TrainingAttempt:
    """One lease of a training: who ran it, when, and how that ended."""

    number: int
    """From 1."""
    trainer_id: str
    host: str = ""
    granted_at: float | None = None
    started_at: float | None = None
    """Of its process; None: not known, or nothing was begun."""
    ended_at: float | None = None
    """None: it has not ended."""
    end_cause: EndCause | None = None
    """None: it has not ended, or a person ended it."""
    exit_code: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    id: str
    name: str
    number: int
    state: TrainingState
    definition_name: str = ""
    configuration: Mapping[str, Value] = field(default_factory=dict)
    objective_state: ObjectiveState | None = None
    """None: it has no objective, for it runs by itself."""
    objective_value: float | None = None
    reason: str = ""
    attempt: int = 0
    holder: str = ""
    end_cause: EndCause | None = None
    exit_code: int | None = None
    artifact_uri: str = ""
    created_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    provenance: Provenance = Provenance()
    steps: int = 0
    final_metrics: Mapping[str, float] = field(default_factory=dict)
    faults: tuple[ReadingFault, ...] = ()
    objective_error: float | None = None
    """Standard error of the objective, where it is the mean of the last values."""
    losses: int = 0
    retries: int = 0
    """Attempts made again after an end that was neither a loss nor the algorithm's fault."""
    waiting_for: str = ""
    job_name: str = ""
    cost: float = 0.0
    """Of all attempts, in the currency of the job's prices."""
    repeats: int | None = None
    """Number of the training whose configuration this one repeats."""
    stopped_early: StopEvidence | None = None
    """Why a rule of early stopping, or Hyperband, stopped it."""
    bracket: int = 0
    rungs: tuple[int, ...] = ()
    """Values at which Hyperband judges it."""
    status: str = ""
    """AMT's: InProgress, Stopping once it was told to stop, Completed, Failed or Stopped."""
    modified_at: float = 0.0
    tags: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    """It was asked for by itself; `job_name` is empty."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Static hyperparameters that it has other values of than its definition, for it repeats another."""
    transitions: tuple[Phase, ...] = ()
    """Of all attempts, oldest first, as far as trainers have told."""
    max_wait_exceeded: bool = False
    """It was stopped for it has waited and run for longer than max_wait_s."""
    ran_s: float = 0.0
    """Seconds that ended attempts have run, all together."""
    attempts: tuple[TrainingAttempt, ...] = ()
    """Oldest first; of very many the last ones."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job costs, in the currency of its prices; without prices only the estimate is known."""

    spent: float = 0.0
    """Of all attempts that have ended."""
    forecast: float | None = None
    """Of the whole job, if what is still to come costs what the ended trainings did on average."""
    max_instance_seconds: float | None = None
    """AMT's estimate of the most that it can take."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What all evaluations of one configuration have given, where the best are run again."""

    number: int
    """Of the training that was repeated."""
    count: int
    mean: float
    deviation: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingCounters:
    completed: int = 0
    in_progress: int = 0
    retryable_error: int = 0
    non_retryable_error: int = 0
    stopped: int = 0

    @property
    def ended(self) -> int:
        return self.completed + self.retryable_error + self.non_retryable_error + self.stopped


@dataclass(frozen=True, slots=True)
class ObjectiveCounters:
    succeeded: int = 0
    pending: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the model thinks is still to be gained."""

    probability: float = 0.0
    """That more than 1 % is gained within the remaining budget."""
    gain: float = 0.0
    """Expected, in units of the objective."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Why something waits, and what to do about it."""

    cause: str
    """Stable; see docs/doctor.md."""
    text: str
    remedy: str = ""
    job: str = ""
    training: str = ""
    since: float | None = None
    until: float | None = None
    """Until then nothing changes by itself."""


@dataclass(frozen=True, slots=True)
class ParentJob:
    """A job that another is warm-started from. The name may have been given to another job since."""

    uid: str
    name: str


@dataclass(frozen=True, slots=True)
class TuningJob:
    uid: str
    spec: TuningJobSpec
    state: JobState
    reason: str = ""
    created_at: float = 0.0
    modified_at: float = 0.0
    ended_at: float | None = None
    trainings: TrainingCounters = TrainingCounters()
    objectives: ObjectiveCounters = ObjectiveCounters()
    best: TrainingJob | None = None
    not_improving: int = 0
    """Ended trainings with an objective since the best was last improved on by more than 1 %."""
    converged_at: float | None = None
    """When it became unlikely that the trainings left gain more than 1 %; reported also where nobody asked."""
    outlook: Outlook | None = None
    revision: int = 0
    spec_revision: int = 0
    """Grows with every amendment; what `amend` expects."""
    extends: str = ""
    """Uid of the job that this one extends."""
    imported_from: str = ""
    """Where its trainings have run, in the words of who imported them; empty: here."""
    waiting_for: str = ""
    recommended: TrainingJob | None = None
    """Whose configuration is best with noise taken out, where that is known; not always the best seen."""
    cost: Cost = Cost()
    evaluated: tuple[Evaluation, ...] = ()
    """The best ones, where they are run again."""
    findings: tuple[Finding, ...] = ()
    """All that it waits for, what matters most first."""
    overall_best: TrainingJob | None = None
    """Of the job and its parents, where those are of the same data and algorithm."""
    parents: tuple[ParentJob, ...] = ()

    @property
    def name(self) -> str:
        return self.spec.name


@dataclass(frozen=True, slots=True)
class Watched:
    """One step of watching a job: the job, and the trainings that changed."""

    job: TuningJob
    trainings: tuple[TrainingJob, ...] = ()
    position: str = ""
    """For another watch to go on from here."""


@dataclass(frozen=True, slots=True)
class OutputLine:
    index: int
    text: str = ""
    at: float = 0.0
    instance: int = 0


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line that a search over a job's trainings has found."""

    training_name: str
    number: int
    line: OutputLine | None = None
    """None: retention has removed the training's output; there was nothing to search."""


@dataclass(frozen=True, slots=True)
class Measurement:
    metric: str
    value: float
    step: int
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of one training's last attempt, at no more than 64 of its steps; empty until there are values."""

    training: str
    training_name: str
    number: int
    attempt: int = 0
    steps: tuple[int, ...] = ()
    """From 1, ascending. The objective's are evenly spaced, with the last one; another metric's keep its shape."""
    values: tuple[float, ...] = ()
    means: tuple[float, ...] = ()
    """Running means up to each step, which early stopping compares; of the objective only."""
    complete: bool = False
    """No more will come, unless the training is run again."""
    removed: bool = False
    """Retention has removed the values of this metric."""


def in_order(training: TrainingJob, spec: TuningJobSpec) -> TrainingJob:
    """Return the training with hyperparameters and metrics in the order of its job's specification."""
    definition = spec.definition(training.definition_name)
    metrics = (metric.name for metric in definition.metric_definitions)
    return replace(
        training,
        configuration=_sorted(training.configuration, definition.space),
        final_metrics=_sorted(training.final_metrics, metrics),
    )


def job_in_order(job: TuningJob) -> TuningJob:
    best, overall, recommended = job.best, job.overall_best, job.recommended
    return replace(
        job,
        best=None if best is None else in_order(best, job.spec),
        overall_best=None if overall is None else in_order(overall, job.spec),
        recommended=None if recommended is None else in_order(recommended, job.spec),
    )


def _sorted(items: Mapping[str, V], names: Iterable[str]) -> dict[str, V]:
    first = {name: items[name] for name in names if name in items}
    return first | {name: items[name] for name in items if name not in first}
