"""The command that writes a job's trainings for other programs."""

from __future__ import annotations

import sys
from pathlib import Path

from tunewright.cli.forms import Form
from tunewright.cli.output import record_of, show
from tunewright.cli.records import EXPORTED
from tunewright.cli.serving import join
from tunewright.client import Client
from tunewright.core.errors import InvalidSpec
from tunewright.exports import export as write
from tunewright.exports.file import STANDARD_OUTPUT


def export(job: str, to: str, data_dir: Path | None, form: Form, *, full: bool, curves: bool, force: bool) -> None:
    """Write the file. Raises InvalidSpec: its data and a record of it would go to standard output together."""
    if to == STANDARD_OUTPUT and form is not Form.TABLE:
        raise InvalidSpec(
            "--output", f"{form.value} would stand among the data", "Name a file with --to, or leave it out"
        )
    with Client(join(data_dir)) as client:
        done = write(client, job, to, full=full, curves=curves, overwrite=force)
    if form is not Form.TABLE:
        show(form, {"job": job, "file": to} | record_of(done), EXPORTED)
    elif to != STANDARD_OUTPUT:
        what = "measurements" if curves else "trainings"
        print(f"{to}: {done.rows} {what} of {job}", file=sys.stderr)
    if done.removed:
        print(f"Without curves, which retention has removed: {len(done.removed)} trainings", file=sys.stderr)
