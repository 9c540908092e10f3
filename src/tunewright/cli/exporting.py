"""The command that writes a job's trainings for other programs."""

from __future__ import annotations

import sys
from pathlib import Path

from tunewright.cli.serving import join
from tunewright.client import Client
from tunewright.exports import export as write
from tunewright.exports.file import STANDARD_OUTPUT


def export(job: str, to: str, data_dir: Path | None, *, full: bool, curves: bool, force: bool) -> None:
    with Client(join(data_dir)) as client:
        done = write(client, job, to, full=full, curves=curves, overwrite=force)
    if to != STANDARD_OUTPUT:
        what = "measurements" if curves else "trainings"
        print(f"{to}: {done.rows} {what} of {job}", file=sys.stderr)
    if done.removed:
        print(f"Without curves, which retention has removed: {len(done.removed)} trainings", file=sys.stderr)
