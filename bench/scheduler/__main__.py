"""What the scheduler costs and bears.

python -m bench.scheduler          (make bench-scheduler; about three minutes)
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.rows import report
from bench.scheduler import crowd, folding, growth, lists, recovery


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as name:
        folder = Path(name)
        report(folding.rows())
        for part in (lists, growth, crowd, recovery):  # reported as they come: together they take minutes
            report(part.rows(folder))


if __name__ == "__main__":
    main()
