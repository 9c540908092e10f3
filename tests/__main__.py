"""All tests, on two cores: two lanes beside each other, first what computes, then what waits for real servers.

    python -m tests [options of pytest]

What the second lane of a pair has said is shown when both are done.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PAIRS: Final = (
    (("tests/unit",), ("tests/simulation", "tests/aws_clients")),
    (("tests/contract", "tests/wire"), ("tests/e2e", "tests/deploy")),
)
NO_TESTS: Final = 5
"""What pytest returns where the options leave none."""


def main(options: Sequence[str]) -> int:
    """Return 0 if all tests have passed."""
    if forgotten := _folders() - {folder for pair in PAIRS for lane in pair for folder in lane}:
        sys.exit(f"{', '.join(sorted(forgotten))}: in no lane; name it in {__file__}")
    codes = [code for first, second in PAIRS for code in _beside(first, second, options)]
    return int(any(code not in {0, NO_TESTS} for code in codes))


def _folders() -> set[str]:
    return {f"tests/{path.relative_to('tests').parts[0]}" for path in Path("tests").glob("*/**/test_*.py")}


def _beside(first: Sequence[str], second: Sequence[str], options: Sequence[str]) -> tuple[int, int]:
    """Run two lanes at once; return their exit codes."""
    pytest = [sys.executable, "-m", "pytest", "-q", *options]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as said,
        subprocess.Popen([*pytest, *second], stdout=said, stderr=subprocess.STDOUT) as others,
    ):
        code = subprocess.call([*pytest, *first])
        beside = others.wait()
        said.seek(0)
        sys.stdout.write(said.read())
        sys.stdout.flush()
    return code, beside


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
