"""The commands, in the groups and the order in which `--help` lists them: who is new needs the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import typer
from typer.core import TyperGroup

from tunewright.cli import starting, steering, viewing
from tunewright.cli.admin import admin
from tunewright.cli.imports import imports

GROUPS: Final[Mapping[str, tuple[Callable[..., Any], ...]]] = {
    "Every day": (starting.tune, viewing.jobs, viewing.describe, viewing.best, steering.stop),
    "Change": (
        steering.pause,
        steering.resume,
        steering.amend,
        steering.enqueue,
        steering.retry,
        steering.extend,
        steering.narrow,
        steering.delete,
    ),
    "Look closer": (
        viewing.top,
        viewing.trainings,
        viewing.logs,
        viewing.curves,
        viewing.plot,
        viewing.analyze,
        viewing.explain,
        viewing.doctor,
        viewing.export,
        viewing.replay,
    ),
    "Installation": (starting.check, starting.local, starting.credentials, starting.sign, starting.serve),
}


class Grouped(TyperGroup):
    """Lists commands under the headings of their groups; typer itself would take rich, and half a second, for it."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        names = self.list_commands(ctx)
        width = max(map(len, names))
        limit = formatter.width - 6 - width
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in names:
            command = self.commands[name]
            panel = getattr(command, "rich_help_panel", None) or ""
            panels.setdefault(str(panel), []).append((name.ljust(width), command.get_short_help_str(limit)))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)


app = typer.Typer(
    name="tunewright",
    cls=Grouped,
    help="Tune the hyperparameters of any training program.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich would take more than half of the time of `--help`
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group, commands in GROUPS.items():
    for command in commands:
        app.command(rich_help_panel=group)(command)
app.add_typer(imports, name="import", rich_help_panel="Look closer")
app.add_typer(admin, name="admin", rich_help_panel="Installation")
