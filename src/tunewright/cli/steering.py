"""Commands that change a job, or go on from one."""

from __future__ import annotations

from typing import Annotated

import typer

from tunewright.cli.forms import Form
from tunewright.cli.options import DataDir, Job, OutputOption


def stop(job: Job, output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """Stop a tuning job and its trainings, or one training job."""
    from tunewright.cli import looking

    looking.stop(job, data_dir, output)


def pause(job: Job, output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """Start nothing more of a tuning job. What runs goes on, and so does the job's --max-runtime."""
    from tunewright.cli import changing

    changing.pause(job, data_dir, output)


def resume(job: Job, output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """Let a paused tuning job go on."""
    from tunewright.cli import changing

    changing.resume(job, data_dir, output)


def amend(
    job: Job,
    trials: Annotated[int | None, typer.Option(help="How many trainings in all.", show_default=False)] = None,
    parallel: Annotated[int | None, typer.Option(help="How many at once.", show_default=False)] = None,
    max_runtime: Annotated[
        str | None, typer.Option(help="End so long after the start: 90s, 5m, 2h …", show_default=False)
    ] = None,
    max_cost: Annotated[float | None, typer.Option(help="End when so much is spent.", show_default=False)] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="NAME=RANGE, at least as wide as before.", show_default=False)
    ] = None,
    priority: Annotated[int | None, typer.Option(help="Higher goes first.", show_default=False)] = None,
    definition: Annotated[
        str, typer.Option(help="Whose --param, in a job of several definitions.", show_default=False)
    ] = "",
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Change a tuning job that has not ended: whole new values, not differences.

    tunewright amend JOB --trials 50 --parallel 4 --param lr='log(1e-5,1)'

    A range keeps its scale if you name none. Lower limits stop nothing that runs.
    """
    from tunewright.cli import changing

    given = {
        "max_trainings": trials,
        "max_parallel": parallel,
        "max_runtime_s": max_runtime,
        "max_cost": max_cost,
        "priority": priority,
    }
    changing.amend(job, data_dir, given, param or [], definition, output)


def enqueue(
    job: Job,
    values: Annotated[list[str], typer.Argument(help="NAME=VALUE of every tuned hyperparameter.", show_default=False)],
    definition: Annotated[
        str, typer.Option(help="Which one to run, in a job of several definitions.", show_default=False)
    ] = "",
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Run a configuration of your own next. It counts as one of the job's trainings.

    tunewright enqueue JOB lr=0.01 batch=32
    """
    from tunewright.cli import changing

    changing.enqueue(job, data_dir, values, definition, output)


def extend(
    job: Job,
    trials: Annotated[
        int | None, typer.Option(help="Trainings of the new job; as many as the old one's limit.", show_default=False)
    ] = None,
    name: Annotated[
        str, typer.Option(help="Name of the new job; the old one's with -2, -3, … behind.", show_default=False)
    ] = "",
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Go on with an ended tuning job, in a new one that knows its results."""
    from tunewright.cli import changing

    changing.extend(job, data_dir, trials, name, output)


def narrow(
    job: Job,
    new_name: Annotated[
        str, typer.Option(help="Name of the new job; the old one's with -n, -n2, … behind.", show_default=False)
    ] = "",
    trials: Annotated[
        int | None, typer.Option(help="Trainings of the new job; as many as the old one's limit.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the ranges.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Create the job without asking.")] = False,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Go on with an ended tuning job in better ranges: where its good trainings lie, and beyond an end that they crowd.

    What has no effect is fixed. The new job knows the old one's results. Shows each range with its reason, and asks.
    """
    from tunewright.cli import narrowing

    raise typer.Exit(narrowing.narrow(job, data_dir, new_name, trials, output, dry_run=dry_run, yes=yes))


def retry(job: Job, output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """Run the configurations of failed trainings again: in the job, or in a new one if it has ended."""
    from tunewright.cli import changing

    changing.retry(job, data_dir, output)


def delete(job: Job, output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """Delete an ended tuning job, or a training job that ran by itself, and its output; models stay."""
    from tunewright.cli import looking

    looking.delete(job, data_dir, output)
