"""`tunewright admin purge` on a server: what would go, a question, and job by job what has gone."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import typer

from tunewright.cli.forms import Form
from tunewright.cli.output import print_table, record_of, show
from tunewright.cli.serving import join
from tunewright.client import Client
from tunewright.client.operations import PurgedTuningJob
from tunewright.core.durations import parse_duration
from tunewright.core.errors import InvalidSpec

COLUMNS = ("uid", "name", "ended_at", "trainings", "output_bytes", "measurements_bytes", "kept_because")
MB = 1e6


def purge(job: str, older_than: str, data_dir: Path | None, form: Form, *, dry_run: bool, yes: bool) -> None:
    if bool(job) == bool(older_than):
        raise InvalidSpec("JOB", "or --older-than: one of them is needed", "Name a job, or give --older-than 90d")
    if not (dry_run or yes or sys.stdin.isatty()):
        raise InvalidSpec("--yes", "is not given, and nobody can be asked here", "Give --yes, or --dry-run to look")
    with Client(join(data_dir)) as client:
        operations = client.operations
        if job:
            found = [operations.purge(job, dry_run=True)]
        else:
            found = operations.ended_before(time.time() - parse_duration(older_than, "--older-than"))
        going = [item for item in found if not item.kept_because]
        if dry_run:
            _show(form, found, "would be deleted", going)
            return
        if going and not yes:
            _draw(found)
            typer.confirm(f"Delete {_amount(going)}?", abort=True)
        gone = [operations.purge(item.uid) for item in going]
    _show(form, [item for item in found if item.kept_because] + gone, "deleted", gone)


def _show(form: Form, found: Sequence[PurgedTuningJob], what: str, going: Sequence[PurgedTuningJob]) -> None:
    def draw() -> None:
        if found:
            _draw(found)
        print(f"{_amount(going)} {what}")

    show(form, [record_of(item) for item in found], COLUMNS, draw)


def _draw(found: Sequence[PurgedTuningJob]) -> None:
    rows = (
        (
            item.name,
            _day(item.ended_at),
            item.trainings,
            f"{item.output_bytes / MB:.1f}",
            f"{item.measurements_bytes / MB:.1f}",
            item.kept_because,
        )
        for item in found
    )
    print_table(("job", "ended", "trainings", "output MB", "measurements MB", "stays, for"), rows)


def _day(instant: float | None) -> str:
    return "" if instant is None else f"{datetime.fromtimestamp(instant).astimezone():%Y-%m-%d}"


def _amount(jobs: Sequence[PurgedTuningJob]) -> str:
    trainings = sum(item.trainings for item in jobs)
    stored = sum(item.output_bytes + item.measurements_bytes for item in jobs) / MB
    count = "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs"
    return f"{count} of {trainings} trainings with {stored:.1f} MB of output and measurements"
