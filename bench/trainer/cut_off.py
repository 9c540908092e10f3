"""A broker that is away for half a minute while a training prints on: the trainer's memory, and every line afterwards.

    python -m bench.trainer cut_off

The file is the buffer: what is printed meanwhile is several times what memory may grow by.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.servers import kafka

from bench.rows import Row
from bench.trainer.granting import program
from bench.trainer.heard import Checked
from bench.trainer.serving import Served, serving

AWAY_S: Final = 30.0
BEFORE_S: Final = 5.0
LINES_S: Final = 20_000
PRINTS_S: Final = 40
GROWTH_MIB: Final = 20.0
REST: Final = "INFO trainer: step of an epoch, loss=0.123456 acc=0.789 examples=128 elapsed=0.021 s on one device"
PROGRAM: Final = f"""#!/usr/bin/env python3
import sys, time
began = time.monotonic()
for first in range(0, {LINES_S * PRINTS_S}, {LINES_S // 100}):
    sys.stdout.write("".join([f"{{at}} {REST}\\n" for at in range(first, first + {LINES_S // 100})]))
    time.sleep(max(began + first / {LINES_S} - time.monotonic(), 0))
"""


@dataclass(slots=True)
class Memory:
    """The most that the trainer has, MiB."""

    before: float = 0.0
    away: float = 0.0
    after: float = 0.0


async def rows(folder: Path) -> list[Row]:
    broker = kafka.own_kafka()
    image = program(folder, "prints", PROGRAM)
    async with serving(folder, "cut-off") as served:
        attempt = await served.scheduler.grant(image)
        memory = Memory(before=await _most(served, BEFORE_S))
        await asyncio.to_thread(broker.stop)
        memory.away = await _most(served, AWAY_S)
        await asyncio.to_thread(broker.start)
        back = time.monotonic()
        reading = asyncio.create_task(_read(served))
        await served.scheduler.exit_of(attempt)
        memory.after = await _most(served, 1.0)
        checked = await reading
        caught_up = time.monotonic() - back
    if checked.count != LINES_S * PRINTS_S:
        raise RuntimeError(f"{checked.count} lines have come of {LINES_S * PRINTS_S}")
    growth = max(memory.away, memory.after) - memory.before
    printed = AWAY_S * LINES_S * len(f"{LINES_S} {REST}") / 2**20
    beside = f"before {memory.before:.0f}, after {memory.after:.0f} MiB; printed meanwhile: {printed:.0f} MiB"
    target = f"≤ {GROWTH_MIB:.0f} MiB more than before"
    name = f"memory, broker away for {AWAY_S:.0f} s"
    return [
        Row(name, memory.away, "MiB", beside, memory.away / memory.before, target, growth <= GROWTH_MIB),
        Row("all read once the broker is back", caught_up, "s", "nothing lost or out of order", None, "", True),
    ]


async def _read(served: Served) -> Checked:
    checked = Checked()
    async for _, message in served.said():
        checked.take(message)
        if checked.ended:
            break
    return checked


async def _most(served: Served, for_s: float) -> float:
    """Return the most memory that the trainer has within so many seconds, MiB."""
    until, most = time.monotonic() + for_s, 0.0
    while time.monotonic() < until:
        await asyncio.sleep(0.25)
        most = max(most, served.resident_mib())
    return most
