"""The commands that look at jobs and end them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tunewright.cli import training
from tunewright.cli.forms import Form
from tunewright.cli.output import Record, print_table, record_of, show, show_each
from tunewright.cli.records import JOB, LINE, TRAINING, job_record, training_record
from tunewright.cli.serving import join
from tunewright.cli.wording import (
    arguments,
    evaluation_text,
    faults_text,
    first_line,
    spent,
    state_text,
    stopping_text,
    variables,
    why_ended,
)
from tunewright.client import Client, TrainingJob, TuningJob
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.names import host_name
from tunewright.core.space import Value, text_of
from tunewright.core.spec import Definition, TuningJobSpec


def jobs(data_dir: Path | None, *, form: Form) -> None:
    with Client(join(data_dir)) as client:
        found = list(client.list())
    if not found:
        start = "tunewright tune train.py --param lr='log(1e-4,1e-1)' --maximize val_acc"
        print(f"No tuning jobs yet. Start one: {start}", file=sys.stderr)
    if found or form is not Form.TABLE:
        show(form, [job_record(job) for job in found], JOB, lambda: _draw_jobs(found))


def _draw_jobs(found: Sequence[TuningJob]) -> None:
    priced = any(job.spec.prices_per_second for job in found)
    rows = (_job_row(job, priced=priced) for job in found)
    print_table(("name", "state", "created", "trainings", *(["spent"] if priced else []), "reason"), rows)


def _job_row(job: TuningJob, *, priced: bool) -> tuple[str, ...]:
    return (
        job.name,
        state_text(job.state),
        _when(job.created_at),
        f"{job.trainings.ended}/{job.spec.limits.max_trainings or '?'}",
        *([spent(job)] if priced else []),
        first_line(job.reason),
    )


def describe(job: str, data_dir: Path | None, *, form: Form) -> None:
    with Client(join(data_dir)) as client:
        try:
            found = client.describe(job)
        except NotFound:
            _describe_training(training.find(client, job), form)
            return
        extends = _name_of(client, found)
    show(form, job_record(found), JOB, lambda: _draw_job(found, extends))


def _draw_job(found: TuningJob, extends: str) -> None:
    counts = found.trainings
    failed = counts.retryable_error + counts.non_retryable_error
    counted = f"{counts.completed} completed, {counts.stopped} stopped, {failed} failed, {counts.in_progress} running"
    if found.spec.limits.max_trainings is not None and not found.state.final:
        counted += f"; {found.spec.limits.max_trainings} in all"
    parents = {parent.uid: parent.name for parent in found.parents}
    rows = [
        ("name", found.name),
        ("state", state_text(found.state)),
        ("reason", found.reason),
        *_waits(found),
        ("strategy", _strategy(found)),
        ("early stopping", stopping_text(found.spec.early_stopping)),
        ("extends", extends),
        ("revision", str(found.spec_revision) if found.spec_revision > 1 else ""),
        ("created", _when(found.created_at)),
        ("ended", _when(found.ended_at)),
        ("trainings", counted),
        ("not improving", _not_improving(found)),
        ("converged", _when(found.converged_at)),
        ("spent", spent(found)),
    ]
    if found.spec.autotune:
        rows += [(f"chosen {item.name}", str(item.range)) for item in found.spec.definitions[0].parameters]
    rows.append(("parents", ", ".join(parents.values())))
    if found.best is None and found.state.final:
        metric = found.spec.objective.metric_name
        rows.append((f"best {metric}", f"no training has a value of it; look at: tunewright logs {found.name}"))
    if found.best is not None:
        metric = found.spec.objective_of(found.best.definition_name).metric_name
        rows.append((f"best {metric}", f"{found.best.objective_value!r} ({found.best.name})"))
        rows.append(("  no numbers", faults_text(found.best.faults)))
        rows.append(("definition", found.best.definition_name))
        rows += [(f"  {name}", text_of(value)) for name, value in found.best.configuration.items()]
        rows.append(("model", found.best.artifact_uri))
    if found.recommended is not None and (found.best is None or found.recommended.name != found.best.name):
        rows.append(("recommended", found.recommended.name))
        rows += [(f"  {name}", text_of(value)) for name, value in found.recommended.configuration.items()]
    rows += [(f"again {item.number}", evaluation_text(item)) for item in found.evaluated]
    if found.overall_best is not None:
        rows.append(("best with parents", f"{found.overall_best.objective_value!r} ({found.overall_best.name})"))
    print_table(("", ""), [row for row in rows if row[1]], header=False)


def _describe_training(found: TrainingJob, form: Form) -> None:
    rows = [*training.rows(found), ("created", _when(found.created_at)), ("ended", _when(found.ended_at))]
    told = [row for row in rows if row[1]]
    show(form, training_record(found), TRAINING, lambda: print_table(("", ""), told, header=False))


def trainings(job: str, data_dir: Path | None, *, best_first: bool, form: Form) -> None:
    with Client(join(data_dir)) as client:
        spec, found = client.describe(job).spec, list(client.trainings(job, best_first=best_first))
    show(form, [training_record(item) for item in found], TRAINING, lambda: _draw_trainings(spec, found))


def _draw_trainings(spec: TuningJobSpec, found: Sequence[TrainingJob]) -> None:
    names = list(dict.fromkeys(name for item in found for name in item.configuration))
    several = len({item.definition_name for item in found}) > 1
    faulty = any(item.faults for item in found)
    rows = (
        (
            item.name,
            *([item.definition_name] if several else []),
            item.state.shown,
            item.objective_value,
            *map(item.configuration.get, names),
            why_ended(item, spec.objective_of(item.definition_name).metric_name),
            *([faults_text(item.faults)] if faulty else []),
        )
        for item in found
    )
    print_table(
        (
            "name",
            *(["definition"] if several else []),
            "state",
            "objective",
            *names,
            "reason",
            *(["no numbers"] if faulty else []),
        ),
        rows,
    )


@dataclass(frozen=True, slots=True)
class Lines:
    """Which lines of output are wanted."""

    contains: str = ""
    matches: str = ""
    instance: int | None = None

    @property
    def searched(self) -> bool:
        return bool(self.contains or self.matches)


OPTIONS: Final = {"contains": "--grep", "matches": "--match"}
"""What the command line calls the fields of a search."""


def logs(name: str, data_dir: Path | None, lines: Lines, form: Form, *, follow: bool, tail: int) -> int:
    """Return the exit code: 1 if nothing was found. Raises InvalidSpec: a pattern is none, and more."""
    try:
        with Client(join(data_dir)) as client:
            return logs_of(client, name, lines, form, follow=follow, tail=tail)
    except InvalidSpec as error:
        raise InvalidSpec(OPTIONS.get(error.field, error.field), error.why, error.remedy) from None


def logs_of(client: Client, name: str, lines: Lines, form: Form, *, follow: bool, tail: int) -> int:
    """Print what a training has printed, or what a job's have of what is looked for; return the exit code."""
    if lines.searched and is_job(client, name):
        if follow or tail or lines.instance is not None:
            raise InvalidSpec(
                "logs", f"{name} is a tuning job", "Name one of its trainings with --follow, --tail or --instance"
            )
        return _search(client, name, lines, form)
    of = training_of(client, name)
    several = lines.instance is None and _has_several(client.definition_of(of))
    printed = client.output(
        of,
        follow=follow,
        tail=tail,
        contains=lines.contains,
        matches=lines.matches,
        instance=lines.instance,
    )
    records = ({"training_name": of} | record_of(line) for line in printed)
    found = show_each(form, records, LINE, lambda record: _said(record, several=several))
    return 0 if found or not lines.searched else 1


def _has_several(definition: Definition) -> bool:
    return definition.resources.instance_count > 1


def _said(record: Record, *, several: bool) -> str:
    """Return a line, of several instances with the name of the one that printed it."""
    return f"{host_name(record['instance'])}:{record['text']}" if several else str(record["text"])


def _search(client: Client, job: str, lines: Lines, form: Form) -> int:
    several = any(map(_has_several, client.describe(job).spec.definitions))
    found = _found(client, job, lines)
    said = show_each(form, found, LINE, lambda record: f"{record['training_name']}:{_said(record, several=several)}")
    return 0 if said else 1


def _found(client: Client, job: str, lines: Lines) -> Iterator[Record]:
    for item in client.search_output(job, contains=lines.contains, matches=lines.matches):
        if item.line is None:
            print(f"{item.training_name}: retention has removed its output", file=sys.stderr)
        else:
            yield {"training_name": item.training_name, "number": item.number} | record_of(item.line)


def is_job(client: Client, name: str) -> bool:
    try:
        client.describe(name)
    except NotFound:
        return False
    return True


def best(job: str, data_dir: Path | None, written: str, form: Form, *, recommended: bool) -> None:
    with Client(join(data_dir)) as client:
        found, best = client.describe(job), client.recommended(job) if recommended else client.best(job)
    fixed = found.spec.definition(best.definition_name).static_hyperparameters
    configuration = {**best.configuration, **fixed}
    show(form, training_record(best), TRAINING, lambda: _write(configuration, written))


def _write(configuration: Mapping[str, Value], written: str) -> None:
    match written:
        case "json":
            print(json.dumps(configuration))
        case "args":
            print(arguments(configuration))
        case _:
            print("\n".join(variables(configuration)))


def stop(job: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        if is_job(client, job):
            stopped = client.stop(job)
            show(form, job_record(stopped), JOB, lambda: print(f"{job}: {stopped.state.shown}"))
        else:
            ended = client.stop_training(training.find(client, job).id)
            show(form, training_record(ended), TRAINING, lambda: print(f"{job}: {ended.status}"))


def delete(job: str, data_dir: Path | None, form: Form) -> None:
    """Delete it; programs are given the record as it was."""
    with Client(join(data_dir)) as client:
        if is_job(client, job):
            found = client.describe(job)
            client.delete(found.uid)
            show(form, job_record(found), JOB, lambda: print(f"{job}: deleted"))
        else:
            ran = training.find(client, job)
            client.delete_training(ran.id)
            show(form, training_record(ran), TRAINING, lambda: print(f"{job}: deleted"))


def _strategy(job: TuningJob) -> str:
    resources = job.spec.hyperband
    if resources is None:
        return job.spec.strategy.value
    return f"{job.spec.strategy.value}, {resources.min_resource} to {resources.max_resource} values of a training"


def _name_of(client: Client, child: TuningJob) -> str:
    """Return the name of the job that another one goes on with: its uid if it has been deleted."""
    try:
        return client.describe(child.extends).name if child.extends else ""
    except NotFound:
        return child.extends


def _not_improving(job: TuningJob) -> str:
    """Say for how many trainings the best has stood, and what the model makes of it."""
    if job.best is None:
        return ""
    limit = job.spec.completion.max_not_improving
    counted = f"{job.not_improving} trainings" + (f" of {limit}" if limit is not None else "")
    if job.outlook is None or job.state.final:
        return counted
    return f"{counted}; more than 1 % is still gained with a probability of {job.outlook.probability:.0%}"


def training_of(client: Client, name: str) -> str:
    """Take the name of a tuning job for its best training, or its first if none has a value."""
    try:
        job = client.describe(name)
    except NotFound:
        return name
    if job.best is not None:
        return job.best.name
    first = next(client.trainings(name), None)
    if first is None:
        raise NotFound("training job in tuning job", name)
    return first.name


def _waits(job: TuningJob) -> list[tuple[str, str]]:
    """Say what a job waits for, and what to do about it."""
    if not job.findings:
        return [("waits for", job.waiting_for)]
    return [row for finding in job.findings for row in (("waits for", finding.text), ("  what to do", finding.remedy))]


def _when(instant: float | None) -> str:
    return "" if instant is None else f"{datetime.fromtimestamp(instant, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
