"""All parts one after the other; `python -m bench.metrics parsing` runs one.

One that fails leaves the others their turn, and the exit status says so. A figure that does not
hold fails nothing: its row says NO.
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from typing import Final

from bench.rows import report

PARTS: Final = ("parsing", "collecting", "reading_back", "stopping", "advice")


def main(names: list[str]) -> None:
    failed = []
    for name in names or PARTS:
        try:
            report(import_module(f"bench.metrics.{name}").rows())
        except Exception:  # noqa: BLE001 - whatever it is, it is shown
            traceback.print_exc()
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
