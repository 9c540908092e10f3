"""All tests: three lanes beside each other, on two cores, since one of the three mostly waits for real servers.

    python -m tests [options of pytest]

Each folder has a process of its own. What the first lane says is shown as it comes, the others' when all are done.
A few failed tests are run once more when the machine is quiet: a test that fails then has failed; one that passes then
is named, as one that the load of other tests breaks, to be mended.
"""

from __future__ import annotations

import json
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
AGAIN: Final = 3
"""Up to so many failed tests are run once more: the load of others breaks one or two, a fault breaks many."""
FAILED: Final = 1
"""What pytest returns where tests have failed, and nothing worse has happened."""
INTERRUPTED: Final = 2
NO_TESTS: Final = 5
"""What pytest returns where the options leave none."""


def main(options: Sequence[str]) -> int:
    """Return 0 if all tests have passed."""
    if forgotten := _folders() - {folder for lane in LANES for folder in lane}:
        sys.exit(f"{', '.join(sorted(forgotten))}: in no lane; name it in {__file__}")
    return int(not passed(LANES, options))


def passed(lanes: Sequence[Sequence[str]], options: Sequence[str]) -> bool:
    """Run the folders of `lanes`, the lanes beside each other, and then what has failed once more."""
    with tempfile.TemporaryDirectory() as name:
        kept = Path(name)
        failed = {folder: code for folder, code in _codes(lanes, options, kept).items() if code not in {0, NO_TESTS}}
        if any(code != FAILED for code in failed.values()):
            return False
        tests = {folder: _failed_tests(_cache(kept, folder)) for folder in failed}
        if sum(map(len, tests.values())) > AGAIN:
            return False
        unmended = [folder for folder in failed if not _pass_alone(folder, tests[folder], options, kept)]
        return not unmended


def _folders() -> set[str]:
    return {f"tests/{path.relative_to('tests').parts[0]}" for path in Path("tests").glob("*/**/test_*.py")}


def _codes(lanes: Sequence[Sequence[str]], options: Sequence[str], kept: Path) -> dict[str, int]:
    """Run all lanes; return what pytest returned for each folder."""
    first, *others = lanes
    with ThreadPoolExecutor(len(others)) as threads:
        files = [(kept / f"lane-{number}").open("w+", errors="replace") for number, _ in enumerate(others, 2)]
        beside = [threads.submit(_run, lane, options, file, kept) for lane, file in zip(others, files, strict=True)]
        codes = _run(first, options, sys.stdout, kept)
        for lane, file in zip(beside, files, strict=True):
            codes |= lane.result()
            file.seek(0)
            sys.stdout.write(file.read())
            file.close()
    sys.stdout.flush()
    return codes


def _run(lane: Sequence[str], options: Sequence[str], said: IO[str], kept: Path) -> dict[str, int]:
    """Run the folders of a lane one after the other, up to an interruption."""
    codes: dict[str, int] = {}
    for folder in lane:
        codes[folder] = _pytest(_cache(kept, folder), [*options, folder], said)
        if codes[folder] == INTERRUPTED:
            break
    return codes


def _pass_alone(folder: str, tests: Sequence[str], options: Sequence[str], kept: Path) -> bool:
    _say(f"Once more, with nothing beside: {', '.join(tests)}")
    alone = _pytest(_cache(kept, folder), ["--last-failed", *options, folder], sys.stdout) == 0
    if alone:
        _say(f"UNSTEADY: {', '.join(tests)}: failed beside other tests, passed alone; mend it")
    return alone


def _say(line: str) -> None:
    sys.stdout.write(f"\n{line}\n")
    sys.stdout.flush()


def _pytest(cache: Path, arguments: Sequence[str], said: IO[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={cache}", *arguments]
    return subprocess.call(command, stdout=said, stderr=subprocess.STDOUT)


def _cache(kept: Path, folder: str) -> Path:
    """A cache for each folder: processes beside each other would overwrite a shared one."""
    return kept / folder.replace("/", "-")


def _failed_tests(cache: Path) -> list[str]:
    return sorted(json.loads((cache / "v/cache/lastfailed").read_text()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
