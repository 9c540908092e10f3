"""The commands and what their `--help` teaches. What they do stands in the modules that they import."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tunewright.cli.admin import admin
from tunewright.cli.options import DataDir, Form, Job, Output, OutputOption
from tunewright.core.spec import Strategy

app = typer.Typer(
    name="tunewright",
    help="Tune the hyperparameters of any training program.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # rich would take more than half of the time of `--help`
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(admin, name="admin")


class BestFormat(StrEnum):
    ENV = "env"
    JSON = "json"
    ARGS = "args"


class Stopping(StrEnum):
    AUTO = "auto"
    OFF = "off"


@app.command()
def tune(
    program: Annotated[
        Path, typer.Argument(help="A training script, or a job file (YAML, or AMT's JSON).", show_default=False)
    ],
    param: Annotated[
        list[str] | None,
        typer.Option(help="NAME=RANGE: log(1e-4,1e-1), 10..50, 0.0..0.5, or values: 32,64,128.", show_default=False),
    ] = None,
    auto: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=VALUE: an example value; range, limits and the end of the job are chosen.", show_default=False
        ),
    ] = None,
    maximize: Annotated[str | None, typer.Option(help="The metric to make large.", show_default=False)] = None,
    minimize: Annotated[str | None, typer.Option(help="The metric to make small.", show_default=False)] = None,
    trials: Annotated[int | None, typer.Option(help="How many trainings.  [default: 30]", show_default=False)] = None,
    parallel: Annotated[int | None, typer.Option(help="How many at once.  [default: 1]", show_default=False)] = None,
    strategy: Annotated[Strategy | None, typer.Option(case_sensitive=False, show_default=False)] = None,
    min_resource: Annotated[
        int | None,
        typer.Option(
            help="Hyperband: values of the metric before a training is judged.  [default: 1]", show_default=False
        ),
    ] = None,
    max_resource: Annotated[
        int | None,
        typer.Option(
            help="Hyperband: values after which a training ends; by default --set epochs=….", show_default=False
        ),
    ] = None,
    early_stopping: Annotated[
        Stopping | None,
        typer.Option(
            help="auto: stop a training that is worse than the median of those that completed.  [default: off]",
            show_default=False,
        ),
    ] = None,
    fixed: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE of a fixed hyperparameter.", show_default=False)
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=REGEX; group 1 is the number. By default NAME=NUMBER, NAME: NUMBER or a JSON line's member.",
            show_default=False,
        ),
    ] = None,
    reading: Annotated[
        str | None,
        typer.Option(
            help="Which of its values is a training's result: last, best or 'mean of last N'.  [default: last]",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        float | None, typer.Option(help="End when the metric is as good as this.", show_default=False)
    ] = None,
    not_improving: Annotated[
        int | None,
        typer.Option(
            help="End after so many trainings in a row that did not improve on the best by 1 %; at least 3.",
            show_default=False,
        ),
    ] = None,
    on_convergence: Annotated[
        bool, typer.Option("--on-convergence", help="End when the trainings left are unlikely to gain 1 %.")
    ] = False,
    max_runtime: Annotated[str | None, typer.Option(help="End after 90s, 5m, 2h …", show_default=False)] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(help="End when the trainings have cost so much; needs --price.", show_default=False),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(help="INSTANCE_TYPE=PRICE of a second, in any currency: local=0.0001.", show_default=False),
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(help="-100 … 100: higher ones are run first; jobs of one priority share.", show_default=False),
    ] = None,
    warm_start: Annotated[
        list[str] | None,
        typer.Option(help="An ended job to learn from; up to five, by repeating it.", show_default=False),
    ] = None,
    transfer: Annotated[
        bool, typer.Option("--transfer", help="Those jobs were about other data or another program.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Repeat the same random choices.", show_default=False)] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the tuning job; one is made by default.", show_default=False)
    ] = None,
    python: Annotated[
        str | None, typer.Option(help="Interpreter for the script; this one by default.", show_default=False)
    ] = None,
    print_aws: Annotated[
        bool, typer.Option("--print-aws", help="Print the request in AMT's form and do nothing.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    output: OutputOption = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Tune a training script, or run a job file.

    tunewright tune train.py --param lr='log(1e-4,1e-1)' --param batch=32,64,128 --maximize val_acc --trials 30

    The script gets its values as --lr 0.01 and prints val_acc=0.93. A server is started if none runs.

    With values printed as it learns, what is hopeless can be stopped: --early-stopping auto, or --strategy hyperband.

    Without ranges: tunewright tune train.py --auto lr=0.01 --auto batch=32 --maximize val_acc

    On from an ended job: the same again with --warm-start JOB; nothing is tried twice.
    """
    from tunewright.cli.written import from_program

    given: dict[str, Any] = {
        "maximize": maximize,
        "minimize": minimize,
        "trials": trials,
        "parallel": parallel,
        "strategy": strategy.value if strategy else None,
        "hyperband": _given(min_resource=min_resource, max_resource=max_resource),
        "early_stopping": early_stopping.value if early_stopping else None,
        "reading": reading,
        "target": target,
        "not_improving": not_improving,
        "on_convergence": on_convergence or None,
        "max_runtime": max_runtime,
        "max_cost": max_cost,
        "priority": priority,
        "warm_start": warm_start or None,
        "transfer": transfer or None,
        "seed": seed,
        "name": name,
        "python": python,
    }
    pairs = {
        "params": param or [],
        "fixed": fixed or [],
        "metrics": metric or [],
        "autotune": auto or [],
        "prices": price or [],
    }
    written = from_program(program, given, pairs)
    if print_aws:
        print(written.aws_form)
        return
    from tunewright.cli import tuning

    raise typer.Exit(tuning.tune(written, data_dir, detach=detach, as_json=output is Output.JSON))


def _given(**options: int | None) -> dict[str, int] | None:
    """Return the options that are given, None if none is."""
    return {name: value for name, value in options.items() if value is not None} or None


@app.command()
def local(
    data_dir: DataDir = None,
    http: Annotated[
        str, typer.Option(help="HOST:PORT of health and metrics; port 0 picks a free one.")
    ] = "127.0.0.1:0",
    grpc: Annotated[str, typer.Option(help="HOST:PORT of the services; port 0 picks a free one.")] = "127.0.0.1:0",
    slots: Annotated[
        int | None, typer.Option(min=1, help="Trainings at once; one per processor by default.", show_default=False)
    ] = None,
    image_root: Annotated[
        list[Path] | None,
        typer.Option(
            help="Run programs from below this folder; may be repeated. Home and the working folder by default.",
            show_default=False,
        ),
    ] = None,
    exit_when_idle: Annotated[
        float | None, typer.Option(min=0, help="End after so many seconds without an active job.", show_default=False)
    ] = None,
    output_kept_days: Annotated[
        float | None,
        typer.Option(
            min=0,
            envvar="TUNEWRIGHT_OUTPUT_KEPT_DAYS",
            help="Days to keep the output of ended trainings; 30 by default, 0: no limit.",
            show_default=False,
        ),
    ] = None,
    output_kept_gb: Annotated[
        float | None,
        typer.Option(
            min=0,
            envvar="TUNEWRIGHT_OUTPUT_KEPT_GB",
            help="GB of it to keep, the newest; 10 by default, 0: no limit.",
            show_default=False,
        ),
    ] = None,
    measurements_kept_days: Annotated[
        float | None,
        typer.Option(
            min=0,
            envvar="TUNEWRIGHT_MEASUREMENTS_KEPT_DAYS",
            help="Days to keep their single measurements; 365 by default, 0: no limit.",
            show_default=False,
        ),
    ] = None,
    measurements_kept_gb: Annotated[
        float | None,
        typer.Option(
            min=0,
            envvar="TUNEWRIGHT_MEASUREMENTS_KEPT_GB",
            help="GB of those to keep, the newest; 10 by default, 0: no limit.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run all services in one process, until stopped.

    Prints one line when it serves: ready grpc=HOST:PORT http=HOST:PORT credentials=PATH
    """
    from tunewright.platform.credentials import default_data_dir
    from tunewright.platform.keeping import KeepingSettings
    from tunewright.platform.local_options import LocalOptions
    from tunewright.platform.parts import load

    kept = {
        "output_kept_days": output_kept_days,
        "output_kept_gb": output_kept_gb,
        "measurements_kept_days": measurements_kept_days,
        "measurements_kept_gb": measurements_kept_gb,
    }
    options = LocalOptions(
        data_dir=(data_dir or default_data_dir()).absolute(),
        grpc=grpc,
        http=http,
        slots=slots or os.cpu_count() or 1,
        image_roots=tuple(image_root or (Path.home(), Path.cwd())),
        keeping=KeepingSettings(**{name: given for name, given in kept.items() if given is not None}),
        exit_when_idle_s=exit_when_idle,
    )
    load("local")(options)


@app.command()
def jobs(output: OutputOption = Output.TABLE, data_dir: DataDir = None) -> None:
    """List the tuning jobs, newest first."""
    from tunewright.cli import looking

    looking.jobs(data_dir, as_json=output is Output.JSON)


@app.command()
def describe(job: Job, output: OutputOption = Output.TABLE, data_dir: DataDir = None) -> None:
    """Show a tuning job: state, reason, counts, best training."""
    from tunewright.cli import looking

    looking.describe(job, data_dir, as_json=output is Output.JSON)


@app.command()
def trainings(
    job: Job,
    best_first: Annotated[bool, typer.Option("--best-first", help="Those with a value, from the best on.")] = False,
    output: OutputOption = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """List a job's training jobs."""
    from tunewright.cli import looking

    looking.trainings(job, data_dir, best_first=best_first, as_json=output is Output.JSON)


@app.command()
def logs(
    training: Annotated[
        str,
        typer.Argument(
            help="Name of a training job, or of a tuning job: its best or first one, or all with --grep or --match.",
            show_default=False,
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
    data_dir: DataDir = None,
) -> None:
    """Print what a training has printed, or look for a text in what all of a job's have.

    tunewright logs TRAINING -f --tail 20

    tunewright logs JOB --match '(?i)error|nan'

    A line of a job's training comes behind its name: NAME:LINE. Exit code 1 if nothing is found.
    """
    from tunewright.cli import looking

    lines = looking.Lines(grep, match, instance)
    raise typer.Exit(looking.logs(training, data_dir, lines, follow=follow, tail=tail))


@app.command()
def curves(
    name: Annotated[str, typer.Argument(help="Name of a tuning job, or of a training job.", show_default=False)],
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
    output: Annotated[Form, typer.Option(help="For people or for programs.")] = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Draw how the metrics of a job's trainings went, or of one training.

    tunewright curves JOB -f

    tunewright curves TRAINING --metric val_loss --output csv > val_loss.csv

    A job's curves have at most 64 points each, evenly spaced; a training's have all values, or keep the shape.
    """
    from tunewright.cli import drawing

    drawing.curves(name, data_dir, metric, points, output, follow=follow)


@app.command()
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
    data_dir: DataDir = None,
) -> None:
    """Print the best configuration, for other programs.

    python train.py $(tunewright best JOB --format args)
    """
    from tunewright.cli import looking

    looking.best(job, data_dir, form.value, recommended=recommended)


@app.command()
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
    data_dir: DataDir = None,
) -> None:
    """Write a tuning job's trainings for other programs: a table, or an Optuna study.

    tunewright export JOB --to trials.csv      the columns of SageMaker's analytics, newest training first

    tunewright export JOB --to study.db        then: optuna-dashboard sqlite:///study.db

    A job that still runs is written as it is now.
    """
    from tunewright.cli import exporting

    exporting.export(job, to, data_dir, full=full, curves=curves, force=force)


@app.command()
def stop(job: Job, data_dir: DataDir = None) -> None:
    """Stop a tuning job and its trainings."""
    from tunewright.cli import looking

    looking.stop(job, data_dir)


@app.command()
def pause(job: Job, data_dir: DataDir = None) -> None:
    """Start nothing more of a tuning job. What runs goes on, and so does the job's --max-runtime."""
    from tunewright.cli import changing

    changing.pause(job, data_dir)


@app.command()
def resume(job: Job, data_dir: DataDir = None) -> None:
    """Let a paused tuning job go on."""
    from tunewright.cli import changing

    changing.resume(job, data_dir)


@app.command()
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
    changing.amend(job, data_dir, given, param or [], definition)


@app.command()
def enqueue(
    job: Job,
    values: Annotated[list[str], typer.Argument(help="NAME=VALUE of every tuned hyperparameter.", show_default=False)],
    definition: Annotated[
        str, typer.Option(help="Which one to run, in a job of several definitions.", show_default=False)
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """Run a configuration of your own next. It counts as one of the job's trainings.

    tunewright enqueue JOB lr=0.01 batch=32
    """
    from tunewright.cli import changing

    changing.enqueue(job, data_dir, values, definition)


@app.command()
def extend(
    job: Job,
    trials: Annotated[
        int | None, typer.Option(help="Trainings of the new job; as many as the old one's limit.", show_default=False)
    ] = None,
    name: Annotated[
        str, typer.Option(help="Name of the new job; the old one's with -2, -3, … behind.", show_default=False)
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """Go on with an ended tuning job, in a new one that knows its results."""
    from tunewright.cli import changing

    changing.extend(job, data_dir, trials, name)


@app.command()
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
    data_dir: DataDir = None,
) -> None:
    """Go on with an ended tuning job in better ranges: where its good trainings lie, and beyond an end that they crowd.

    What has no effect is fixed. The new job knows the old one's results. Shows each range with its reason, and asks.
    """
    from tunewright.cli import narrowing

    raise typer.Exit(narrowing.narrow(job, data_dir, new_name, trials, dry_run=dry_run, yes=yes))


@app.command()
def retry(job: Job, data_dir: DataDir = None) -> None:
    """Run the configurations of failed trainings again: in the job, or in a new one if it has ended."""
    from tunewright.cli import changing

    changing.retry(job, data_dir)


@app.command()
def delete(job: Job, data_dir: DataDir = None) -> None:
    """Delete an ended tuning job and its output; models stay."""
    from tunewright.cli import looking

    looking.delete(job, data_dir)


@app.command()
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
    output: OutputOption = Output.TABLE,
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
    analyzing.analyze(job, data_dir, names, definition, as_json=output is Output.JSON)


@app.command()
def doctor(
    job: Annotated[str, typer.Argument(help="A tuning job; all of yours without it.", show_default=False)] = "",
    output: OutputOption = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Say why a job waits, or what is wrong at all, and what to do. Exit code 1 if there is a fault.

    Without JOB it looks at all your jobs, the trainers, the broker and metrics; it works without a server, too.
    """
    from tunewright.cli import doctor as examining

    raise typer.Exit(examining.doctor(job, data_dir, as_json=output is Output.JSON))


@app.command()
def check(
    job_file: Annotated[Path, typer.Argument(help="A job file: YAML, or AMT's JSON.", show_default=False)],
    log: Annotated[
        Path | None,
        typer.Option(
            help="A training's output: what each metric reads there, what is no number, what comes near.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check a job file, and its metrics on a sample log."""
    from tunewright.cli import checking

    checking.check_file(job_file, log)


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(help="What is sent: JSON or protobuf, to the byte.", show_default=False)],
    topic: Annotated[str, typer.Option(help="tuning.commands or training.reports.", show_default=False)],
    type_name: Annotated[str, typer.Option("--type", help="CreateTuningJob, MetricsReported …", show_default=False)],
    credentials: Annotated[
        Path | None,
        typer.Option(
            help="The credentials file; that of the data folder by default.",
            envvar="TUNEWRIGHT_CREDENTIALS",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Print the header under which a file can be sent to Kafka.

    kcat -P -b HOST:PORT -t tuning.commands -H ce_type=StopTuningJob -H content-type=application/json
    -H "$(tunewright sign --topic tuning.commands --type StopTuningJob stop.json)" stop.json
    """
    from tunewright.cli import signing

    signing.sign(topic, type_name, file, credentials, data_dir)


class ServiceName(StrEnum):
    SUGGESTER = "suggester"
    SCHEDULER = "scheduler"
    TRAINER = "trainer"
    METRICS = "metrics"


@app.command()
def serve(
    service: Annotated[ServiceName, typer.Argument(help="Which service to run.", show_default=False)],
    variables: Annotated[bool, typer.Option("--variables", help="List the variables that it reads, and end.")] = False,
) -> None:
    """Run one service of a distributed installation, on Kafka and MongoDB.

    It is set by variables TUNEWRIGHT_…; `tunewright serve SERVICE --variables` lists them. Prints one line when it
    serves: ready grpc=HOST:PORT http=HOST:PORT. SIGTERM drains it, a second one ends it at once.
    """
    from tunewright.cli import operating

    operating.serve(service.value, only_list=variables)
