"""What several commands take alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunewright.cli import completing
from tunewright.cli.forms import Form

DataDir = Annotated[
    Path | None,
    typer.Option(help="The server's data folder; TUNEWRIGHT_DATA_DIR, else ~/.tunewright.", show_default=False),
]
Job = Annotated[
    str, typer.Argument(help="Name of a tuning job.", show_default=False, autocompletion=completing.job_names)
]
OutputOption = Annotated[Form, typer.Option("--output", "-o", help="For people, or for programs.")]
InstanceTypesFile = Annotated[
    Path | None,
    typer.Option(
        envvar="TUNEWRIGHT_INSTANCE_TYPES",
        help="TOML file of instance types beside AWS's, or of other sizes.",
        show_default=False,
    ),
]
