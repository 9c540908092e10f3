"""All parts one after the other; `python -m bench.trainer printing` runs one.

The trainer talks to a scheduler in memory over real gRPC, so that nothing but the trainer is measured. One part that
fails leaves the others their turn, and the exit status says so. A figure that does not hold fails nothing: its row
says NO.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from bench.rows import report

PARTS: Final = ("starting", "containers", "printing", "crowding", "cut_off")


def main(names: list[str]) -> None:
    failed = []
    for name in names or PARTS:
        try:
            with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as folder:
                report(asyncio.run(import_module(f"bench.trainer.{name}").rows(Path(folder))))
        except pytest.skip.Exception as why:
            print(f"{name}: left out; {why}")
        except Exception:  # noqa: BLE001 - whatever it is, it is shown
            traceback.print_exc()
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
