"""`tunewright import` and what its `--help` teaches."""

from __future__ import annotations

from typing import Annotated

import typer

from tunewright.cli.forms import Form
from tunewright.cli.options import DataDir, OutputOption

imports = typer.Typer(
    help="Take in what Optuna or AWS has run.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[
    str, typer.Option("--as", help="Name of the job here; the same as there.", metavar="NAME", show_default=False)
]


@imports.command("optuna")
def import_optuna(
    storage: Annotated[str, typer.Argument(help="URL of a storage, such as sqlite:///study.db, or a journal's file.")],
    study: Annotated[str, typer.Option(help="Name of the study, if there are several.", show_default=False)] = "",
    name: Name = "",
    metric: Annotated[
        str, typer.Option(help="What to call the objective; as the study does, else objective.", show_default=False)
    ] = "",
    fixed: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE of a fixed hyperparameter that all trials had.", show_default=False),
    ] = None,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Import the finished trials of an Optuna study.

    tunewright import optuna sqlite:///study.db --study mnist --as before --metric val_acc

    Go on from them: tunewright tune train.py … --maximize val_acc --warm-start before
    """
    from tunewright.cli import importing

    importing.optuna(storage, study, name, metric, fixed or [], output, data_dir)


@imports.command("sagemaker")
def import_sagemaker(
    job: Annotated[str, typer.Argument(help="Name of the tuning job in AWS.", show_default=False)],
    name: Name = "",
    region: Annotated[str | None, typer.Option(help="AWS region.", show_default=False)] = None,
    profile: Annotated[str | None, typer.Option(help="Profile of ~/.aws.", show_default=False)] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(help="Another address than AWS's, such as another installation's.", show_default=False)
    ] = None,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Import the trainings of a tuning job in AWS that have ended; the job itself may still run.

    tunewright import sagemaker my-job --region eu-west-1 --as before
    """
    from tunewright.cli import importing

    importing.sagemaker(job, name, region, profile, endpoint_url, output, data_dir)
