"""The collector: how much it takes a second, beside its floor and its peers, and what it needs to go on.

    python -m bench.metrics collecting

On Kafka and MongoDB there are three floors from the same run: a bare consumer that inserts each parsed point as a
document of its own; one that inserts a document of plain points for each message; and that one in transactions, with an
index to read back by (see racing.py).
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from tests.servers import kafka, mongodb

from bench.metrics import embedded, standing
from bench.metrics.printed import Printed
from bench.metrics.racing import Race
from bench.rows import Row

WORKLOADS: Final = {
    "a value a line": Printed(jobs=8, trainings=16, points=1_000),
    "a value in ten lines": Printed(jobs=8, trainings=16, points=100, every=10),
}
OF_FLOOR: Final = 0.6
EMBEDDED_POINTS: Final = 100_000
EMBEDDED_S: Final = 20_000
PEERS: Final = {
    1: "Syne Tune 20,670 reading stdout; Optuna journal 3,428, Ray 367",
    4: "Syne Tune 9,036 with four; Optuna journal 3,428, Ray 367",
}
"""Points a second, measured on two cores by those who set the target (issue 6); not run again here."""

MEMORY_MIB: Final = 300
FLAT: Final = 1.5
"""From 10 % on only the last buckets of all the trainings grow, up to their bound."""

TAKE_OVER_S: Final = 2


def rows() -> list[Row]:
    return [*asyncio.run(raced()), *printed(), *stood()]


async def raced() -> list[Row]:
    """Return what a collector takes from Kafka into MongoDB, beside the floors."""
    made: list[Row] = []
    for number, (what, workload) in enumerate(WORKLOADS.items()):
        name = f"race{number}"
        race = Race(kafka.kafka().bootstrap, mongodb.mongodb().database(name), name, workload)
        await race.publish()
        lists = race.as_lists()
        floors = {
            "a document a point": await race.floor("points", race.as_points()),
            "a document a message": await race.floor("lists", lists),
            "the same in transactions": await race.floor("transacted", lists, transacted=True),
        }
        ours = await race.collected()
        for floor, inserted in floors.items():
            beside = f"floor: bare consumer, {floor}: {inserted:,.0f} points/s"
            name = f"collected, {what}; {floor}"
            made.append(Row(name, ours, "pt/s", beside, ours / inserted, "≥ 60 % of it", ours >= OF_FLOOR * inserted))
    return made


def printed() -> list[Row]:
    """Return what `tunewright local` takes from processes that print."""
    made = []
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as folder:
        for trainings, peers in PEERS.items():
            name = f"embedded, {trainings} printing"
            ours = embedded.points_per_s(Path(folder) / name, trainings, EMBEDDED_POINTS // trainings)
            made.append(Row(name, ours, "pt/s", peers, None, "≥ 20,000", ours >= EMBEDDED_S))
    return made


def stood() -> list[Row]:
    """Return what 1,000 trainings of 1,000 points need."""
    found = standing.measured()
    early, half, late = found.mib
    first, behind = found.first_commit_s, found.caught_up_s
    beside = f"at 10 %: {early:.0f}, at 50 %: {half:.0f} MiB"
    flat = late < MEMORY_MIB and late <= FLAT * early
    size = f"{found.documents:.1f} documents of points a training"
    return [
        Row("memory, 1,000 × 1,000 points", late, "MiB", beside, late / early, "< 300, ≤ 1.5 × that at 10 %", flat),
        Row(
            "taken over, 1,000 trainings",
            behind,
            "s",
            f"first commit {first:.3f} s",
            None,
            "< 2 s",
            behind < TAKE_OVER_S,
        ),
        Row("stored, output and all", found.bytes_per_point, "B/pt", size, None, "", True),
    ]
