"""Commands that start something, a job, a server, a service, and what is made ready before; with their `--help`."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tunewright.cli.forms import Form
from tunewright.cli.options import DataDir, InstanceTypesFile, OutputOption
from tunewright.core.spec import Strategy


class LocalRunner(StrEnum):
    AUTO = "auto"
    PROCESS = "process"
    DOCKER = "docker"


class Stopping(StrEnum):
    AUTO = "auto"
    OFF = "off"


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
    channel: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=URI of data for the script: a path, file:/// or s3://; SM_CHANNEL_NAME is their folder.",
            show_default=False,
        ),
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
        str | None,
        typer.Option(
            help="Name of the tuning job, before that of a job file; one is made by default.", show_default=False
        ),
    ] = None,
    python: Annotated[
        str | None, typer.Option(help="Interpreter for the script; this one by default.", show_default=False)
    ] = None,
    print_aws: Annotated[
        bool, typer.Option("--print-aws", help="Print the request in AMT's form and do nothing.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    output: OutputOption = Form.TABLE,
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
        "channels": channel or [],
        "metrics": metric or [],
        "autotune": auto or [],
        "prices": price or [],
    }
    written = from_program(program, given, pairs)
    if print_aws:
        print(written.aws_form)
        return
    from tunewright.cli import tuning

    raise typer.Exit(tuning.tune(written, data_dir, detach=detach, form=output))


def _given(**options: int | None) -> dict[str, int] | None:
    """Return the options that are given, None if none is."""
    return {name: value for name, value in options.items() if value is not None} or None


def local(
    data_dir: DataDir = None,
    http: Annotated[
        str, typer.Option(help="HOST:PORT of the SageMaker door, health and metrics; port 0 picks a free one.")
    ] = "127.0.0.1:0",
    http_name: Annotated[
        list[str] | None,
        typer.Option(
            help="A name by which clients call the HTTP port, beside localhost; may be repeated.", show_default=False
        ),
    ] = None,
    http_tls_certificate: Annotated[
        Path | None,
        typer.Option(
            help="Certificate chain of the HTTP port, PEM; beyond loopback there must be.", show_default=False
        ),
    ] = None,
    http_tls_key: Annotated[Path | None, typer.Option(help="Its key, PEM.", show_default=False)] = None,
    insecure_any_credentials: Annotated[
        bool,
        typer.Option(
            "--insecure-any-credentials",
            help="Let in at the SageMaker door whoever is on this machine, with whatever AWS keys or none.",
        ),
    ] = False,
    grpc: Annotated[str, typer.Option(help="HOST:PORT of the services; port 0 picks a free one.")] = "127.0.0.1:0",
    slots: Annotated[
        int | None, typer.Option(min=1, help="Trainings at once; one per processor by default.", show_default=False)
    ] = None,
    runner: Annotated[
        LocalRunner,
        typer.Option(help="What runs trainings; auto: scripts and programs as processes, images in Docker."),
    ] = LocalRunner.AUTO,
    image_root: Annotated[
        list[Path] | None,
        typer.Option(
            help="Run programs from below this folder; may be repeated. Home and the working folder by default.",
            show_default=False,
        ),
    ] = None,
    data_root: Annotated[
        list[Path] | None,
        typer.Option(
            envvar="TUNEWRIGHT_DATA_ROOTS",
            help="Folder that file:// may name for data, models, checkpoints and code; may be repeated. By default the "
            "whole disk but for the system's folders and this server's own files.",
            show_default=False,
        ),
    ] = None,
    s3_root: Annotated[
        Path | None,
        typer.Option(
            envvar="TUNEWRIGHT_S3_ROOT",
            help="Folder of the buckets: s3://B/K is the file K in its folder B. By default s3 in the data folder.",
            show_default=False,
        ),
    ] = None,
    s3_endpoint: Annotated[
        bool,
        typer.Option(
            "--s3-endpoint",
            envvar="TUNEWRIGHT_S3_ENDPOINT",
            help="Buckets are AWS's or those of AWS_ENDPOINT_URL_S3, with the credentials that boto3 finds: "
            "pip install 'tunewright[s3]'",
        ),
    ] = False,
    instance_types: InstanceTypesFile = None,
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

    The dashboard is at http://HOST:PORT; sign in with tunewright_token of the credentials file.

    Data of a channel s3://BUCKET/PREFIX are files below s3/BUCKET in the data folder; copy them there.

    For boto3, the AWS CLI and the SageMaker SDK, in another terminal: eval "$(tunewright credentials)"
    """
    from tunewright.platform.credentials import default_data_dir
    from tunewright.platform.keeping import KeepingSettings
    from tunewright.platform.local_options import LocalOptions
    from tunewright.platform.parts import load
    from tunewright.platform.settings import RateSettings, from_environment

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
        http_names=tuple(name.lower() for name in http_name or ()),
        http_tls_certificate=http_tls_certificate,
        http_tls_key=http_tls_key,
        any_credentials=insecure_any_credentials,
        calls_per_second=from_environment(RateSettings).calls_per_second,
        slots=slots or os.cpu_count() or 1,
        runner=runner.value,
        image_roots=tuple(image_root or (Path.home(), Path.cwd())),
        data_roots=tuple(data_root or (Path("/"),)),
        s3_root=s3_root,
        s3_endpoint=s3_endpoint,
        instance_types=instance_types,
        keeping=KeepingSettings(**{name: given for name, given in kept.items() if given is not None}),
        exit_when_idle_s=exit_when_idle,
    )
    load("local")(options)


def credentials(data_dir: DataDir = None) -> None:
    """Print what makes AWS's own clients use the server of this data folder.

    eval "$(tunewright credentials)"; then boto3, the AWS CLI and the SageMaker SDK find keys, region and address.
    """
    from tunewright.cli import lending

    lending.print_exports(data_dir)


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
    GATEWAY = "gateway"


def check(
    job_file: Annotated[Path, typer.Argument(help="A job file: YAML, or AMT's JSON.", show_default=False)],
    log: Annotated[
        Path | None,
        typer.Option(
            help="A training's output: what each metric reads there, what is no number, what comes near.",
            show_default=False,
        ),
    ] = None,
    instance_types: InstanceTypesFile = None,
    output: OutputOption = Form.TABLE,
) -> None:
    """Check a job file, and its metrics on a sample log."""
    from tunewright.cli import checking

    checking.check_file(job_file, log, instance_types, output)
