"""A Python function as a program that a training runs: a folder with the function in it, and a script beside that.

The function goes in by value where it was typed in (a script, a notebook, a lambda; with what it refers to), and by
name where it stands in a module that can be imported.
"""

from __future__ import annotations

import inspect
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.functions.training import FUNCTION_FILE, Packed

FOLDER: Final = "functions"
"""Of the data folder."""
CREATED_WITHIN_S: Final = 3600.0
SCRIPT_FILE: Final = "run_function.py"
SCRIPT: Final = """\
# Written by tunewright.minimize or tunewright.maximize: runs the function that lies beside it.
import sys

sys.path[:] = {path!r}

from tunewright.functions.training import main

main(__file__)
"""

Function = Callable[..., Any]
Reading = Mapping[str, Any]
"""Name of a hyperparameter to what reads its text: float, int, or a mapping of a choice's texts to its values."""


def packed(function: Function, reading: Reading) -> bytes:
    """Return the function for another process. Raises InvalidSpec: it cannot be called so, or cannot leave this one."""
    import cloudpickle

    contents = Packed(function, _takes_report(function), dict(reading))
    try:
        return bytes(cloudpickle.dumps(contents))
    except Exception as error:  # whatever the pickling of somebody's object raises
        why = f"cannot be taken to another process: {error}"
        raise InvalidSpec("fn", why, "Open files, connections and locks inside it") from error


def write_program(data_dir: Path, name: str, contents: bytes) -> Path:
    """Write a new folder with the function, and return its script, both durable: a job will name it.

    It stays as long as a job names it, for that may be extended. Raises InvalidSpec: it cannot be written.
    """
    try:
        place = data_dir / FOLDER
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=place))
        (folder / FUNCTION_FILE).write_bytes(contents)
        script = folder / SCRIPT_FILE
        script.write_text(SCRIPT.format(path=[entry or str(Path.cwd()) for entry in sys.path]))
        for path in (folder / FUNCTION_FILE, script, folder, place, data_dir):
            _make_durable(path)
    except OSError as error:
        why = f"{data_dir} cannot be written to: {os.strerror(error.errno or 0)}"
        raise InvalidSpec("data_dir", why, "Give another folder") from error
    return script


def remove_program(script: Path) -> None:
    """Remove what write_program has written: no job names it."""
    shutil.rmtree(script.parent, ignore_errors=True)


def old_programs(data_dir: Path) -> list[Path]:
    """Return the scripts that have been there for so long that the job of each has been created, if it ever was."""
    before = time.time() - CREATED_WITHIN_S
    scripts = (data_dir / FOLDER).glob(f"*/{SCRIPT_FILE}")
    return [script for script in scripts if script.stat().st_mtime < before]


def _make_durable(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _takes_report(function: Function) -> bool:
    """Say whether the function wants a second argument. Raises InvalidSpec: it cannot be called with one or two."""
    if not callable(function):
        raise InvalidSpec("fn", f"{function!r:.80} is not a function", "Give one that takes a configuration")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of some that are written in C
        return False
    for arguments in (("configuration",), ("configuration", "report")):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return len(arguments) == 2
    why = f"cannot be called with a configuration, nor with a configuration and report: its arguments are {signature}"
    raise InvalidSpec("fn", why, "Write fn(configuration) or fn(configuration, report)")
