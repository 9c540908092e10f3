"""Record the histories anew: python -m tests.unit.scheduler.golden "the changelog's item that says what changed"."""

from __future__ import annotations

import sys

from tests.unit.scheduler.golden.cases import CASES, history
from tests.unit.scheduler.golden.histories import ANNOUNCED, FOLDER, write
from tests.unit.suggester.golden.records import CHANGELOG, items_of, unreleased


def main(arguments: list[str]) -> None:
    """Refuse what the changelog does not announce; then record every case."""
    line = " ".join(" ".join(arguments).split())
    if line not in items_of(unreleased(CHANGELOG.read_text())):
        sys.exit(f"CHANGELOG.md has no such item under Unreleased: {line!r}. Say there first what changes for users.")
    if ANNOUNCED.exists() and ANNOUNCED.read_text().strip() == line:
        sys.exit("that item announced the present decisions already. Add one for the new ones.")
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, (wanted, step) in CASES.items():
        write(name, wanted, history(wanted, step))
    ANNOUNCED.write_text(line + "\n")


main(sys.argv[1:])
