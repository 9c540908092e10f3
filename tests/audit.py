"""Known vulnerabilities of what constraints.txt pins, by pip-audit. Where nobody can be asked, it says so and passes.

python -m tests.audit
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

PINNED: Final = Path(__file__).parents[1] / "constraints.txt"
LONGEST_S: Final = 120


def main() -> int:
    pins = [line for line in PINNED.read_text().splitlines() if line and not line.startswith("#")]
    # One first: a service that is away, or a mirror that has no such service, is asked once and not 200 times.
    report = _asked(pins[:1])
    if _known(report):
        report = _asked(pins)
    code, lines = judged(report)
    print(*lines, sep="\n")  # noqa: T201 - what it is for
    return code


def judged(report: list[dict[str, Any]] | str) -> tuple[int, list[str]]:
    """Return the exit code and what to say: of pip-audit's list of dependencies, or of why there is none."""
    known = _known(report)
    if isinstance(report, str) or not known:
        why = report if isinstance(report, str) else report[0].get("skip_reason", "") if report else "nothing was said"
        return 0, [f"pip-audit: skipped, the service of known vulnerabilities could not be asked: {why}"]
    found = [
        f"{item['name']} {item['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'no release'}"
        for item in known
        for fault in item["vulns"]
    ]
    said = f"pip-audit: {len(known)} packages, {len(found)} vulnerabilities; {len(report) - len(known)} unknown"
    return int(bool(found)), [*found, said]


def _known(report: list[dict[str, Any]] | str) -> list[dict[str, Any]]:
    return [] if isinstance(report, str) else [item for item in report if "skip_reason" not in item]


def _asked(pins: list[str]) -> list[dict[str, Any]] | str:
    """Return pip-audit's list of dependencies, or why there is none."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pins))
        file.flush()
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--timeout", "10"]
        command = [sys.executable, "-m", "pip_audit", "-r", file.name, *options]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            return f"no answer within {LONGEST_S} s"
    try:
        dependencies: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
    return dependencies


if __name__ == "__main__":
    sys.exit(main())
