"""Benchmark rows: printed as a table, written to bench/latest.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

LATEST = Path(__file__).with_name("latest.json")


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    figure: float
    unit: str
    floor_or_rival: str
    ratio: float | None
    target: str
    holds: bool


def report(rows: Sequence[Row]) -> None:
    """Print the rows and put them into latest.json in place of those of the same names."""
    kept = json.loads(LATEST.read_text()) if LATEST.exists() else []
    names = {row.name for row in rows}
    merged = [row for row in kept if row["name"] not in names] + [asdict(row) for row in rows]
    LATEST.write_text(json.dumps(merged, indent=2) + "\n")
    print(f"{'':52} {'figure':>10}        {'ratio':>6}  {'target':<34} holds")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        line = (
            f"{row.name:52} {row.figure:10.2f} {row.unit:6} {ratio:>6}  {row.target:<34} {'yes' if row.holds else 'NO'}"
        )
        print(f"{line}   {row.floor_or_rival}")
