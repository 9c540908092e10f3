"""All tests: the simulation beside the unit tests, on two cores; then, by themselves, those that wait for real servers.

    python -m tests [options of pytest]

What the simulation says is shown when the unit tests are done.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Final

SIMULATION: Final = "tests/simulation"
UNIT: Final = "tests/unit"
NO_TESTS: Final = 5
"""What pytest returns where the options leave none."""


def main(options: Sequence[str]) -> int:
    """Return 0 if all tests have passed."""
    pytest = [sys.executable, "-m", "pytest", "-q", *options]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as said,
        subprocess.Popen([*pytest, SIMULATION], stdout=said, stderr=subprocess.STDOUT) as beside,
    ):
        unit = subprocess.call([*pytest, UNIT])
        simulation = beside.wait()
        said.seek(0)
        sys.stdout.write(said.read())
        sys.stdout.flush()
    served = subprocess.call([*pytest, f"--ignore={UNIT}", f"--ignore={SIMULATION}"])
    return int(any(code not in {0, NO_TESTS} for code in (unit, simulation, served)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
