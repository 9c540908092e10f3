"""All parts one after the other; `python -m bench.gateway listing` runs one.

The server stands on one core, all clients on the others, so that neither takes the other's time. Latency is what the
client sees. Beside each figure stands what the same clients see, in the same run, of a bare uvicorn and starlette that
answers a constant. One part that fails leaves the others their turn, and the exit status says so. A figure that does
not hold fails nothing: its row says NO.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path
from typing import Final

from bench.rows import report

PARTS: Final = ("describing", "creating", "listing", "requests")


def main(names: list[str]) -> None:
    failed = []
    for name in names or PARTS:
        try:
            with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as folder:
                report(import_module(f"bench.gateway.{name}").rows(Path(folder)))
        except Exception:  # noqa: BLE001 - whatever it is, it is shown
            traceback.print_exc()
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
