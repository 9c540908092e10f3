"""The commands, in the order in which `--help` lists them."""

from __future__ import annotations

import typer

from tunewright.cli import starting, steering, viewing
from tunewright.cli.admin import admin

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

for command in (
    starting.tune,
    starting.local,
    viewing.jobs,
    viewing.describe,
    viewing.trainings,
    viewing.logs,
    viewing.curves,
    viewing.best,
    viewing.export,
    steering.stop,
    steering.pause,
    steering.resume,
    steering.amend,
    steering.enqueue,
    steering.extend,
    steering.narrow,
    steering.retry,
    steering.delete,
    viewing.analyze,
    viewing.doctor,
    starting.check,
    starting.credentials,
    starting.sign,
    starting.serve,
):
    app.command()(command)
