"""All tests: three lanes beside each other, on two cores, since one of the three mostly waits for real servers.

    python -m tests [options of pytest]

Each folder has a process of its own. What the first lane says is shown as it comes, the others' when all are done.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Final

LANES: Final = (
    ("tests/unit", "tests/contract", "tests/drill", "tests/deploy"),
    ("tests/simulation", "tests/golden", "tests/aws_clients", "tests/browser", "tests/wire"),
    ("tests/e2e", "tests/docs"),
)
NO_TESTS: Final = 5
"""What pytest returns where the options leave none."""
INTERRUPTED: Final = 2


def main(options: Sequence[str]) -> int:
    """Return 0 if all tests have passed."""
    if forgotten := _folders() - {folder for lane in LANES for folder in lane}:
        sys.exit(f"{', '.join(sorted(forgotten))}: in no lane; name it in {__file__}")
    first, *others = LANES
    with ThreadPoolExecutor(len(others)) as threads, tempfile.TemporaryDirectory() as folder:
        files = [(Path(folder) / str(number)).open("w+", errors="replace") for number, _ in enumerate(others)]
        beside = [threads.submit(_run, lane, options, file) for lane, file in zip(others, files, strict=True)]
        passed = [_run(first, options, sys.stdout), *[each.result() for each in beside]]
        for file in files:
            file.seek(0)
            sys.stdout.write(file.read())
            file.close()
    sys.stdout.flush()
    return int(not all(passed))


def _folders() -> set[str]:
    return {f"tests/{path.relative_to('tests').parts[0]}" for path in Path("tests").glob("*/**/test_*.py")}


def _run(lane: Sequence[str], options: Sequence[str], said: IO[str]) -> bool:
    """Run the folders of a lane one after the other; say whether all their tests have passed."""
    pytest, codes = [sys.executable, "-m", "pytest", "-q", *options], []
    for folder in lane:
        codes.append(subprocess.call([*pytest, folder], stdout=said, stderr=subprocess.STDOUT))
        if codes[-1] == INTERRUPTED:
            break
    return all(code in {0, NO_TESTS} for code in codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
