"""What operators count on, measured (make bench-operate).

    python -m bench.operate [crowd] [takeover] [day] [--full]

The short form, within a quarter of an hour, has 300 trainings at once in place of 1,000, and runs a tenth of the day:
20 jobs, 2,000 trainings, 200,000 points.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.operate import crowd, day, takeover
from bench.rows import report

PARTS: Final = ("crowd", "takeover", "day")
JOBS: Final = 20
JOBS_FULL: Final = 200
EACH: Final = 30
EACH_FULL: Final = 100
"""Trainings at once of each of ten jobs."""


def main() -> None:
    full = "--full" in sys.argv
    asked = [part for part in PARTS if part in sys.argv] or PARTS
    for part in asked:
        with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as name:
            folder = Path(name)
            if part == "crowd":
                report(crowd.rows(folder, EACH_FULL if full else EACH))
            elif part == "takeover":
                report(takeover.rows(folder))
            else:
                report(day.rows(folder, JOBS_FULL if full else JOBS))


if __name__ == "__main__":
    main()
