"""`tunewright admin tokens` and what its `--help` teaches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunewright.cli.forms import Form
from tunewright.cli.options import OutputOption

tokens = typer.Typer(
    help="Who may do what: tokens of an access file. Servers see changes at once; see docs/access.md.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
File = Annotated[
    Path | None,
    typer.Option(help="The access file; else what TUNEWRIGHT_ACCESS names, or `access` in the data folder."),
]


@tokens.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What to call it: whose it is, and for what.", show_default=False)],
    owner: Annotated[str, typer.Option(help="Whose jobs it sees and touches.", show_default=False)],
    scope: Annotated[
        list[str],
        typer.Option(help="read, jobs, train, report, operate or services; may be given often.", show_default=False),
    ],
    expires: Annotated[str, typer.Option(help="For how long it is good: 90d, 12h; never ends without it.")] = "",
    keys: Annotated[bool, typer.Option("--keys", help="With an AWS key pair, for boto3 and for Kafka.")] = False,
    file: File = None,
) -> None:
    """Make a token and print it, once: only its hash is kept. With --keys, print a whole credentials file.

    tunewright admin tokens add ada-laptop --owner ada --scope read --scope jobs --expires 90d
    """
    from tunewright.cli import granting

    granting.add(name, owner, scope, expires, file, keys=keys)


@tokens.command("list")
def list_(file: File = None, output: OutputOption = Form.TABLE) -> None:
    """List the tokens, without their secrets."""
    from tunewright.cli import granting

    granting.list_(file, output)


@tokens.command("revoke")
def revoke(name: Annotated[str, typer.Argument(show_default=False)], file: File = None) -> None:
    """Take a token back, and its key pair: calls with it are refused from now on."""
    from tunewright.cli import granting

    granting.revoke(name, file)
