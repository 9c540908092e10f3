"""Commands that show a job, its trainings and what they said; nothing here changes anything."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tunewright.cli import completing
from tunewright.cli.forms import Form
from tunewright.cli.options import DataDir, Job, OutputOption


class BestFormat(StrEnum):
    ENV = "env"
    JSON = "json"
    ARGS = "args"


def jobs(output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """List the tuning jobs, newest first."""
    from tunewright.cli import looking

    looking.jobs(data_dir, form=output)


def top(
    everything: Annotated[bool, typer.Option("--all", help="Ended jobs, too.")] = False,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Show all active jobs live: best, progress, what runs and waits, rate, spend. q leaves.

    Piped, or with --output json or csv, it prints once and ends. It looks at the newest 100 jobs.
    """
    from tunewright.cli import topping

    topping.top(data_dir, output, everything=everything)


def describe(job: Job, output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """Show a tuning job: state, reason, counts, best training. Or a training job: state, last metrics, model."""
    from tunewright.cli import looking

    looking.describe(job, data_dir, form=output)


def trainings(
    job: Job,
    best_first: Annotated[bool, typer.Option("--best-first", help="Those with a value, from the best on.")] = False,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """List a job's training jobs."""
    from tunewright.cli import looking

    looking.trainings(job, data_dir, best_first=best_first, form=output)


def logs(
    training: Annotated[
        str,
        typer.Argument(
            help="Name of a training job, or of a tuning job: its best or first one, or all with --grep or --match.",
            show_default=False,
            autocompletion=completing.names,
        ),
    ],
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the training has ended.")] = False,
    tail: Annotated[int, typer.Option(min=0, help="Only the last lines; 0: all.")] = 0,
    grep: Annotated[str, typer.Option(help="Only lines that contain this text.", show_default=False)] = "",
    match: Annotated[
        str,
        typer.Option(help="Only lines that match this regex (RE2); (?i) in front: in any case.", show_default=False),
    ] = "",
    instance: Annotated[
        int | None, typer.Option(min=0, help="Only what this instance of the training printed.", show_default=False)
    ] = None,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Print what a training has printed, or look for a text in what all of a job's have.

    tunewright logs TRAINING -f --tail 20

    tunewright logs JOB --match '(?i)error|nan'

    A line of a job's training comes behind its name, NAME:LINE, and one of several instances behind the instance's,
    algo-2:LINE. Exit code 1 if nothing is found.
    """
    from tunewright.cli import looking

    lines = looking.Lines(grep, match, instance)
    raise typer.Exit(looking.logs(training, data_dir, lines, output, follow=follow, tail=tail))


def curves(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a tuning job, or of a training job.", show_default=False, autocompletion=completing.names
        ),
    ],
    metric: Annotated[
        str, typer.Option(help="By default a job's objective, and all metrics of a training.", show_default=False)
    ] = "",
    points: Annotated[
        int,
        typer.Option(
            min=0, help="Of each curve at most; 0: 64 for a job, all values of a training.", show_default=False
        ),
    ] = 0,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until it has ended.")] = False,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Draw how the metrics of a job's trainings went, or of one training.

    tunewright curves JOB -f

    tunewright curves TRAINING --metric val_loss --output csv > val_loss.csv

    A job's curves have at most 64 points each, evenly spaced; a training's have all values, or keep the shape.
    """
    from tunewright.cli import drawing

    drawing.curves(name, data_dir, metric, points, output, follow=follow)


def best(
    job: Job,
    form: Annotated[
        BestFormat, typer.Option("--format", help="Shell variables, JSON, or command-line arguments.")
    ] = BestFormat.ENV,
    recommended: Annotated[
        bool,
        typer.Option(
            "--recommended", help="Not the best single value, but what is best with noise taken out, where it is known."
        ),
    ] = False,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Print the best configuration, for other programs.

    python train.py $(tunewright best JOB --format args)

    With --output json or csv: the whole training that it is of.
    """
    from tunewright.cli import looking

    looking.best(job, data_dir, form.value, output, recommended=recommended)


def export(
    job: Job,
    to: Annotated[
        str,
        typer.Option(
            help="trials.csv, - for CSV on standard output, study.db for an Optuna study, study.log for its journal.",
            show_default=False,
        ),
    ],
    full: Annotated[
        bool, typer.Option("--full", help="CSV: also steps, cost, attempt, reason, source, every metric's last value.")
    ] = False,
    curves: Annotated[bool, typer.Option("--curves", help="CSV: a row for every measurement instead.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Write a tuning job's trainings for other programs: a table, or an Optuna study.

    tunewright export JOB --to trials.csv      the columns of SageMaker's analytics, newest training first

    tunewright export JOB --to study.db        then: optuna-dashboard sqlite:///study.db

    A job that still runs is written as it is now.
    """
    from tunewright.cli import exporting

    exporting.export(job, to, data_dir, output, full=full, curves=curves, force=force)


def analyze(
    job: Job,
    importance: Annotated[bool, typer.Option("--importance", help="Which hyperparameters matter.")] = False,
    dependence: Annotated[bool, typer.Option("--dependence", help="The objective along each hyperparameter.")] = False,
    best_so_far: Annotated[bool, typer.Option("--best-so-far", help="Which trainings were the best so far.")] = False,
    distribution: Annotated[bool, typer.Option("--distribution", help="How good how many trainings are.")] = False,
    advice: Annotated[bool, typer.Option("--advice", help="What could be done better.")] = False,
    definition: Annotated[
        str, typer.Option(help="Only this one, in a job of several definitions.", show_default=False)
    ] = "",
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Say what a job's trainings tell about its hyperparameters; without options, all of it.

    Each share stands with an interval that holds it with a probability of 90 %: shares whose intervals overlap may well
    be in the other order. "sets the best apart" (PED-ANOVA) is how much a hyperparameter's values among the best
    quarter of the trainings differ from those of all: what matters for getting good. "alone" and "with others" (Sobol)
    are shares of the objective's variance over the whole ranges, as the model sees it: what matters at all. A
    hyperparameter that matters only together with others has a small share alone and a large one with others.

    Curves show the objective along a hyperparameter, from the low end of its range to the high one, averaged over all
    the others, ± its standard deviation. With too little data an analysis is refused, and says what it takes.

    --output csv writes one table: name one analysis.
    """
    from tunewright.cli import analyzing

    wanted = {
        "IMPORTANCE": importance,
        "PARTIAL_DEPENDENCE": dependence,
        "BEST_SO_FAR": best_so_far,
        "DISTRIBUTION": distribution,
        "ADVICE": advice,
    }
    names = [name for name, asked in wanted.items() if asked]
    analyzing.analyze(job, data_dir, names, definition, form=output)


def plot(
    job: Job,
    to: Annotated[
        Path | None,
        typer.Option(
            help="A file: NAME.html stands by itself, NAME.png takes pip install 'tunewright[plot]'.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Draw how a job went, each training and the best so far, and which hyperparameters matter.

    tunewright plot JOB --to job.html

    A training that is far worse than the others stands at the edge.
    """
    from tunewright.cli import plotting

    plotting.plot(job, to, data_dir, output, force=force)


def explain(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a training job, or of a tuning job: its best one.",
            show_default=False,
            autocompletion=completing.names,
        ),
    ],
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Say why a training has the configuration that it has.

    What it was asked for is asked again, with what was known then: the step of the strategy that it came from, what
    the model expected and what came, the nearest trainings, and how much each hyperparameter matters to the model.
    """
    from tunewright.cli import explaining

    explaining.explain(name, data_dir, output)


def replay(job: Job, output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """Recompute every suggestion of a job, and say whether all are the same. Exit code 1 if one is not.

    Each was asked for under a record of what was known: the trainings that had ended and those that ran, the seed, the
    specification. Another version of Tunewright, or another kind of processor, may answer otherwise. What was enqueued,
    is a repeat, or was drawn while the suggester was away has no such record.
    """
    from tunewright.cli import explaining

    raise typer.Exit(explaining.replay(job, data_dir, output))


def doctor(
    job: Annotated[
        str,
        typer.Argument(
            help="A tuning job; all of yours without it.", show_default=False, autocompletion=completing.job_names
        ),
    ] = "",
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Say why a job waits, or what is wrong at all, and what to do. Exit code 1 if there is a fault.

    Without JOB it looks at all your jobs, the trainers, the broker and metrics; it works without a server, too.
    """
    from tunewright.cli import doctor as examining

    raise typer.Exit(examining.doctor(job, data_dir, form=output))
