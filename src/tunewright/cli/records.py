"""Jobs, trainings and what else verbs print, as records, and the columns of their flat form.

The columns are a promise: more may come behind, none goes or changes its name.
"""

from __future__ import annotations

from typing import Any, Final

from tunewright.cli.output import record_of
from tunewright.cli.wording import state_text
from tunewright.client.resources import TrainingJob, TuningJob

JOB: Final = (
    "name",
    "state",
    "reason",
    "strategy",
    "objective.metric_name",
    "objective.direction",
    "created_at",
    "ended_at",
    "limits.max_trainings",
    "limits.max_parallel",
    "trainings.completed",
    "trainings.in_progress",
    "trainings.retryable_error",
    "trainings.non_retryable_error",
    "trainings.stopped",
    "best.name",
    "best.number",
    "best.objective_value",
    "best.definition_name",
    "best.configuration.*",
    "best.artifact_uri",
    "not_improving",
    "cost.spent",
    "uid",
)
TRAINING: Final = (
    "number",
    "name",
    "job_name",
    "definition_name",
    "state",
    "objective_value",
    "objective_error",
    "configuration.*",
    "reason",
    "created_at",
    "started_at",
    "ended_at",
    "steps",
    "cost",
    "attempt",
    "provenance.source",
    "stopped_early.rule",
    "stopped_early.step",
    "repeats",
    "artifact_uri",
    "final_metrics.*",
    "id",
)
FINDING: Final = ("cause", "text", "remedy", "job", "training", "since", "until")
LINE: Final = ("training_name", "number", "instance", "index", "at", "text")
POINT: Final = ("training_name", "number", "metric", "step", "value", "mean")
EXPLANATION: Final = (
    "training.number",
    "training.name",
    "text",
    "ask_number",
    "observations",
    "pending",
    "noise",
    "training.provenance.source",
    "training.provenance.mean",
    "training.provenance.deviation",
    "training.provenance.acquisition",
    "training.objective_value",
    "training.bracket",
    "training.rungs",
    "training.configuration.*",
    "lengthscales.*",
)
REPLAYED: Final = ("ask_number", "trainings", "difference")
PLOTTED: Final = ("number", "value", "completed")
TOP: Final = (
    "name",
    "state",
    "metric_name",
    "best",
    "ended",
    "max_trainings",
    "running",
    "queued",
    "per_minute",
    "left_s",
    "spent",
)
TRAINER: Final = (
    "trainer_id",
    "host",
    "pool",
    "slots",
    "gpus",
    "holding",
    "cordoned",
    "draining",
    "reason",
    "opened_at",
    "lease_expires_at",
)
EXPORTED: Final = ("job", "file", "rows", "removed")
QUOTA: Final = ("owner", "max_jobs", "max_parallel")


def training_record(training: TrainingJob) -> dict[str, Any]:
    record: dict[str, Any] = record_of(training)
    return record


def job_record(job: TuningJob) -> dict[str, Any]:
    """Return a job with what matters most of its specification; all of that: `tunewright tune … --print-aws`."""
    whole: dict[str, Any] = record_of(job)
    spec = whole.pop("spec")
    chosen = {name: spec[name] for name in ("name", "strategy", "objective", "limits", "tags")}
    return chosen | whole | {"state": state_text(job.state)}
