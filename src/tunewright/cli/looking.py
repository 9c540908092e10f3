"""The commands that look at jobs and end them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tunewright.cli.serving import join
from tunewright.cli.wording import arguments, printable, result_tree, training_tree, variables
from tunewright.client import Client, TrainingJob
from tunewright.core.errors import NotFound
from tunewright.core.space import text_of


def jobs(data_dir: Path | None, *, as_json: bool) -> None:
    with Client(join(data_dir)) as client:
        found = list(client.list())
    if as_json:
        print(json.dumps([result_tree(job) for job in found], indent=2))
        return
    if not found:
        print("No tuning jobs yet. Start one: tunewright tune train.py --param lr='log(1e-4,1e-1)' --maximize val_acc")
        return
    rows = (
        (
            job.name,
            job.state.shown,
            _when(job.created_at),
            f"{job.trainings.ended}/{job.spec.limits.max_trainings or '?'}",
            job.reason,
        )
        for job in found
    )
    _print_table(("name", "state", "created", "trainings", "reason"), rows)


def describe(job: str, data_dir: Path | None, *, as_json: bool) -> None:
    with Client(join(data_dir)) as client:
        found = client.describe(job)
    if as_json:
        print(json.dumps(result_tree(found), indent=2))
        return
    counts = found.trainings
    failed = counts.retryable_error + counts.non_retryable_error
    counted = f"{counts.completed} completed, {counts.stopped} stopped, {failed} failed, {counts.in_progress} running"
    rows = [
        ("name", found.name),
        ("state", found.state.shown),
        ("reason", found.reason),
        ("waits for", found.waiting_for),
        ("strategy", found.spec.strategy.value),
        ("created", _when(found.created_at)),
        ("ended", _when(found.ended_at)),
        ("trainings", counted),
    ]
    if found.best is not None:
        rows.append((f"best {found.spec.objective.metric_name}", f"{found.best.objective_value!r} ({found.best.name})"))
        rows += [(f"  {name}", text_of(value)) for name, value in found.best.configuration.items()]
        rows.append(("model", found.best.artifact_uri))
    _print_table(("", ""), [row for row in rows if row[1]], header=False)


def trainings(job: str, data_dir: Path | None, *, best_first: bool, as_json: bool) -> None:
    with Client(join(data_dir)) as client:
        found = list(client.trainings(job, best_first=best_first))
    if as_json:
        print(json.dumps([training_tree(training) for training in found], indent=2))
        return
    names = list(found[0].configuration) if found else []
    rows = ((item.name, item.state.value, _value(item), *_settings(item, names), item.reason[:80]) for item in found)
    _print_table(("name", "state", "objective", *names, "reason"), rows)


def logs(name: str, data_dir: Path | None, *, follow: bool, tail: int) -> None:
    with Client(join(data_dir)) as client:
        for line in client.output(_training_of(client, name), follow=follow, tail=tail):
            print(line.text, flush=follow)


def best(job: str, data_dir: Path | None, form: str) -> None:
    with Client(join(data_dir)) as client:
        found, best = client.describe(job), client.best(job)
    fixed = found.spec.definition(best.definition_name).static_hyperparameters
    configuration = {**best.configuration, **fixed}
    match form:
        case "json":
            print(json.dumps(configuration))
        case "args":
            print(arguments(configuration))
        case _:
            print("\n".join(variables(configuration)))


def stop(job: str, data_dir: Path | None) -> None:
    with Client(join(data_dir)) as client:
        print(f"{job}: {client.stop(job).state.shown}")


def delete(job: str, data_dir: Path | None) -> None:
    with Client(join(data_dir)) as client:
        client.delete(job)
    print(f"{job}: deleted")


def _training_of(client: Client, name: str) -> str:
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


def _settings(training: TrainingJob, names: list[str]) -> list[str]:
    return [text_of(training.configuration[name]) if name in training.configuration else "" for name in names]


def _value(training: TrainingJob) -> str:
    return "" if training.objective_value is None else repr(training.objective_value)


def _when(instant: float | None) -> str:
    return "" if instant is None else f"{datetime.fromtimestamp(instant, UTC).astimezone():%Y-%m-%d %H:%M:%S}"


def _print_table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, header: bool = True) -> None:
    if not sys.stdout.isatty():  # for other programs: whole values, a tab between them
        for row in [*([columns] if header else []), *rows]:
            print("\t".join(printable(cell.replace("\n", " ")) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=header, box=None)
    for name in columns:
        table.add_column(name)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(highlight=False).print(table)
