"""Record the answers anew: python -m tests.unit.suggester.golden "the item of the changelog that says what changed"."""

from __future__ import annotations

import sys

from tests.unit.suggester.golden.cases import CASES
from tests.unit.suggester.golden.records import (
    ANNOUNCED,
    CHANGELOG,
    FOLDER,
    SEEDS,
    items_of,
    recorded,
    unreleased,
    write,
)


def main(arguments: list[str]) -> None:
    """Refuse what the changelog does not announce; then record every case."""
    line = " ".join(" ".join(arguments).split())
    if line not in items_of(unreleased(CHANGELOG.read_text())):
        sys.exit(f"CHANGELOG.md has no such item under Unreleased: {line!r}. Say there first what changes for users.")
    if ANNOUNCED.exists() and ANNOUNCED.read_text().strip() == line:
        sys.exit("that item announced the present answers already. Add one for the new ones.")
    records = {name: recorded(ask) for name, ask in CASES.items()}
    unstable = [name for name, record in records.items() if record is None]
    if unstable:
        sys.exit(f"rounding decides the answers of {', '.join(unstable)} under seeds {SEEDS}. Change these cases.")
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, record in records.items():
        if record is not None:
            write(name, record)
    ANNOUNCED.write_text(line + "\n")


main(sys.argv[1:])
