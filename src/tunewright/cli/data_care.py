"""`tunewright admin backup`, `restore`, `restored` and `purge`: what their `--help` teaches, and what they do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunewright.cli import completing
from tunewright.cli.forms import Form
from tunewright.cli.options import DataDir, OutputOption

BESIDE = "credentials, trainer/ and s3/"


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.", show_default=False)],
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Write the embedded server's store to a file, whole and checked, while the server runs.

    Only the store: credentials, models and buckets are files of the data folder, to be copied as files.
    """
    from tunewright.platform.credentials import default_data_dir
    from tunewright.platform.store import sqlite_copies

    folder = data_dir or default_data_dir()
    sqlite_copies.back_up(folder, file, replace=replace)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, whole. Beside it copy from {folder} what is there of {BESIDE}")


def restore(
    file: Annotated[Path, typer.Argument(help="What `tunewright admin backup` has written.", show_default=False)],
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of a store that is there.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Make a backup the store of a data folder that no server runs on. Jobs go on from there.

    Trainings that ended after the backup are taken over where their trainer still knows of them, else run again.
    """
    from tunewright.platform.credentials import default_data_dir
    from tunewright.platform.store import sqlite_copies

    folder = data_dir or default_data_dir()
    sqlite_copies.restore(folder, file, replace=replace)
    kept = folder / sqlite_copies.REPLACED
    before = f"; what it replaced is {kept}" if kept.exists() else ""
    print(f"{folder}: restored{before}. Its jobs go on with: tunewright local --data-dir {folder}")


def restored() -> None:
    """Say that MongoDB holds a restored backup, once after `mongorestore`, before any service is started.

    Reads TUNEWRIGHT_MONGODB. Without it, runs from before the restore could be taken for those after it.
    """
    import asyncio

    from tunewright.platform import backends, settings

    asyncio.run(backends.mongo_restored(settings.from_environment(settings.MongoSettings)))
    print("attempts, sessions and events are told from those before the restore; start the services")


def purge(
    job: Annotated[str, typer.Argument(help="Name of a job that has ended.", autocompletion=completing.job_names)] = "",
    older_than: Annotated[
        str, typer.Option("--older-than", help="All jobs that ended so long ago: 90d, 12h.", show_default=False)
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Delete jobs with all that is stored of them: trainings, output, measurements. Models on storage stay.

    tunewright admin purge --older-than 90d --dry-run
    """
    from tunewright.cli import purging

    purging.purge(job, older_than, data_dir, output, dry_run=dry_run, yes=yes)
