"""`tunewright admin dead-letters` and what its `--help` teaches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunewright.cli.forms import Form
from tunewright.cli.options import OutputOption

dead_letters = typer.Typer(
    help="What no service could read, and why: look at it, mend it, send it again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Place = Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` has it.", show_default=False)]


@dead_letters.command("list")
def listed(
    topic: Annotated[str, typer.Option(help="Of this topic only.")] = "",
    since: Annotated[str, typer.Option(help="That came in so long: 30m, 2h, 7d.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="So many.")] = 50,
    skip: Annotated[int, typer.Option(min=0, help="Without so many of the newest.")] = 0,
    output: OutputOption = Form.TABLE,
) -> None:
    """List the letters, newest first.

    Reads the variables that the services read: TUNEWRIGHT_KAFKA and its like, as `tunewright admin check`.
    """
    from tunewright.cli import replaying

    replaying.list_letters(topic, since, limit, skip, output)


@dead_letters.command("show")
def shown(
    place: Place,
    value: Annotated[bool, typer.Option("--value", help="Its value alone, byte by byte.")] = False,
    output: OutputOption = Form.TABLE,
) -> None:
    """Show a letter: headers and value, as text if it is text.

    tunewright admin dead-letters show 2:17 --value > value.json
    """
    from tunewright.cli import replaying

    replaying.show_letter(place, output, only_value=value)


@dead_letters.command("replay")
def replayed(
    place: Place,
    value: Annotated[Path | None, typer.Option(help="Send this file's bytes in its place.", show_default=False)] = None,
    again: Annotated[bool, typer.Option("--again", help="Also if it was replayed before.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also to a topic that services alone write.")] = False,
    output: OutputOption = Form.TABLE,
) -> None:
    """Send a letter to its topic once more, and mark it as replayed.

    With another value it is signed anew, by the keys of TUNEWRIGHT_CREDENTIALS: it speaks for their owner then.
    """
    from tunewright.cli import replaying

    replaying.replay_letter(place, value, output, again=again, force=force)
