"""All parts one after the other; `python -m bench.metrics parsing` runs one."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

from bench.rows import report

PARTS: Final = ("parsing", "collecting", "reading_back", "stopping", "advice")


def main(names: list[str]) -> None:
    for name in names or PARTS:
        report(import_module(f"bench.metrics.{name}").rows())


if __name__ == "__main__":
    main(sys.argv[1:])
