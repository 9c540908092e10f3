"""The commands that take in what has run elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tunewright.cli.forms import Form
from tunewright.cli.output import show
from tunewright.cli.records import JOB, job_record
from tunewright.cli.serving import join
from tunewright.cli.wording import printable
from tunewright.cli.written import pairs_of
from tunewright.client import Address, Client, TuningJob
from tunewright.core.errors import InvalidSpec
from tunewright.core.names import JOB_NAME, LETTERS
from tunewright.imports import Found, from_optuna, from_sagemaker


def optuna(
    storage: str, study: str, name: str, metric: str, fixed: Sequence[str], form: Form, data_dir: Path | None
) -> None:
    server = join(data_dir)  # else it would be looked for after all was read
    static = pairs_of("fixed", fixed)
    found = from_optuna(storage, study, name=name, metric=metric, static_hyperparameters=static)
    _take_in(found, form, server)


def sagemaker(
    job: str,
    name: str,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    form: Form,
    data_dir: Path | None,
) -> None:
    server = join(data_dir)
    found = from_sagemaker(job, name=name, region=region, profile=profile, endpoint_url=endpoint_url)
    _take_in(found, form, server)


def _take_in(found: Found, form: Form, server: Address) -> None:
    """Import what was found, and say what could not be carried."""
    if not JOB_NAME.fullmatch(found.spec.name):
        raise InvalidSpec("--as", f"{found.spec.name!r} is not {LETTERS}", "Give another name: --as NAME")
    with Client(server) as client:
        job = client.import_job(found.spec, found.trainings, origin=found.origin)
    for note in found.notes:
        print(printable(note), file=sys.stderr)
    show(form, job_record(job), JOB, lambda: _draw(job))


def _draw(job: TuningJob) -> None:
    best = "none has an objective" if job.best is None else f"best {job.best.objective_value} of {job.best.name}"
    print(f"{job.name}: {job.trainings.ended} trainings {job.reason}; {best}")
    print(f"Go on from them: tunewright tune … --warm-start {job.name}")
