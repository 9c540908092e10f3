"""All tests: those that wait for real servers, and beside them those that compute.

    python -m tests [options of pytest]

In a row they would take both times; most of the first is waiting. What the first say is shown at the end.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Final

COMPUTING: Final = ("tests/unit", "tests/simulation")


def main(options: Sequence[str]) -> int:
    """Return 0 if all tests have passed."""
    pytest = [sys.executable, "-m", "pytest", "-q", *options]
    waiting = [*pytest, *(f"--ignore={folder}" for folder in COMPUTING)]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as said,
        subprocess.Popen(waiting, stdout=said, stderr=subprocess.STDOUT) as beside,
    ):
        computed = subprocess.call([*pytest, *COMPUTING])
        sys.stdout.write("Waiting for the tests on real servers …\n")
        sys.stdout.flush()
        waited = beside.wait()
        said.seek(0)
        sys.stdout.write(said.read())
    return computed or waited


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
