"""A training job by its name, where a command that takes a tuning job finds none of that name."""

from __future__ import annotations

from datetime import UTC, datetime

from tunewright.cli.wording import faults_text
from tunewright.client import Client, TrainingAttempt, TrainingJob
from tunewright.core.errors import NotFound
from tunewright.core.phases import Phase
from tunewright.core.space import text_of


def find(client: Client, name: str) -> TrainingJob:
    """Raises NotFound: of a tuning job, which is what was looked for first."""
    try:
        return client.describe_training(name)
    except NotFound:
        raise NotFound("tuning job", name) from None


def rows(training: TrainingJob) -> list[tuple[str, str]]:
    """Return what a person is shown of it."""
    return [
        ("training", training.name),
        ("of tuning job", training.job_name),
        ("state", training.status),
        ("reason", training.reason),
        ("waits for", training.waiting_for),
        *(("since", _phase_text(phase)) for phase in training.transitions),
        *((f"attempt {attempt.number}", _attempt_text(attempt)) for attempt in training.attempts),
        *((f"  {name}", text_of(value)) for name, value in training.configuration.items()),
        *((f"last {name}", repr(value)) for name, value in training.final_metrics.items()),
        ("no numbers", faults_text(training.faults)),
        ("model", training.artifact_uri),
        ("tags", ", ".join(f"{key}={value}" if value else key for key, value in sorted(training.tags.items()))),
    ]


def _phase_text(phase: Phase) -> str:
    """Say since when a training does or did what: "12:03:41 Downloading: train, 3 of 8 files"."""
    return f"{_clock(phase.started_at)} {phase.status}" + (f": {phase.message}" if phase.message else "")


def _attempt_text(attempt: TrainingAttempt) -> str:
    """Say who ran it when, and how that ended: "t1 on gpu-3, from 12:03:41 to 12:05:02, exited with 1: exit code 1"."""
    began = attempt.started_at or attempt.granted_at
    where = f" on {attempt.host}" if attempt.host else ""
    when = f", from {_clock(began)}" if began else ""
    if attempt.ended_at is not None:
        when += f" to {_clock(attempt.ended_at)}"
    cause = attempt.end_cause.value.lower().replace("_", " ") if attempt.end_cause is not None else ""
    code = f" with {attempt.exit_code}" if attempt.exit_code is not None else ""
    end = f", {cause}{code}" if cause else ""
    return f"{attempt.trainer_id}{where}{when}{end}" + (f": {attempt.reason}" if attempt.reason else "")


def _clock(instant: float) -> str:
    return f"{datetime.fromtimestamp(instant, UTC).astimezone():%H:%M:%S}"
