"""Lines a second of one training that prints as fast as it can, onto the bus: every line once and in order.

    python -m bench.trainer printing

In process the trainer and its scheduler in memory share one process, whose whole processor time counts. The floor is
reading the same file in blocks, splitting them and encoding messages of as many lines. On Kafka the trainer is
`tunewright serve trainer`, and what came is read back from the broker.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.rows import Row
from bench.trainer.granting import Granting, program
from bench.trainer.heard import Checked, HeardBus
from bench.trainer.inside import training
from bench.trainer.serving import Served, serving
from tunewright.events.v1 import output_pb2
from tunewright_trainer.messages import BATCH_LINES

LINES: Final = 500_000
TARGET: Final = 50_000
WITHIN_S: Final = 60.0
BLOCK_BYTES: Final = 256 * 1024
REST: Final = "INFO trainer: step of an epoch, loss=0.123456 acc=0.789 examples=128 elapsed=0.021 s on one device"
TOGETHER: Final = 50
"""Lines of one write: Python as a trainer starts it writes at once whatever is printed."""
PROGRAM: Final = f"""#!/usr/bin/env python3
import sys
for first in range(0, {LINES}, {TOGETHER}):
    sys.stdout.write("".join([f"{{at}} {REST}\\n" for at in range(first, first + {TOGETHER})]))
"""


@dataclass(frozen=True, slots=True)
class Figures:
    lines_s: float
    line_us: float
    """Of a processor."""
    together: float
    """Lines of a message."""


async def rows(folder: Path) -> list[Row]:
    image = program(folder, "prints", PROGRAM)
    async with training(folder) as (scheduler, bus):
        inside = await _inside(scheduler, bus, image)
    async with serving(folder, "printing") as served:
        on_kafka = await _on_kafka(served, image)
    floor_us, made = _floor_us(folder), []
    for where, found in {"in process": inside, "on Kafka": on_kafka}.items():
        beside = f"{found.together:.0f} lines a message, none lost or out of order"
        holds = found.lines_s >= TARGET
        made.append(Row(f"one training prints, {where}", found.lines_s, "line/s", beside, None, "≥ 50,000", holds))
        floor = f"floor: read, split and encode {floor_us:.2f} µs"
        ratio = found.line_us / floor_us
        made.append(Row(f"processor time of a line, {where}", found.line_us, "µs", floor, ratio, "", True))
    return made


async def _inside(scheduler: Granting, bus: HeardBus, image: str) -> Figures:
    bus.forget()
    busy = time.process_time()
    attempt = await scheduler.grant(image)
    await bus.until(lambda: bool(bus.times(output_pb2.TrainingEnded)), WITHIN_S)
    busy = time.process_time() - busy
    came, checked = bus.times(output_pb2.OutputLines), bus.checked()
    await scheduler.settle(attempt)
    return _figures(checked, came[-1] - came[0], busy)


async def _on_kafka(served: Served, image: str) -> Figures:
    busy = served.busy_s()
    attempt = await served.scheduler.grant(image)
    await served.scheduler.exit_of(attempt)
    checked, made = Checked(), []
    async for at, message in served.said():
        checked.take(message)
        if isinstance(message, output_pb2.OutputLines):
            made.append(at)
        if checked.ended:
            break
    return _figures(checked, made[-1] - made[0], served.busy_s() - busy)


def _figures(checked: Checked, took_s: float, busy_s: float) -> Figures:
    if checked.count != LINES:
        raise RuntimeError(f"{checked.count} lines have come of {LINES}")
    return Figures(LINES / took_s, 1e6 * busy_s / LINES, LINES / checked.messages)


def _floor_us(folder: Path) -> float:
    """Return the microseconds of a processor that a line takes which is only read, split off and encoded."""
    path = folder / "printed"
    path.write_text("".join(f"{at} {REST}\n" for at in range(LINES)))
    began, kept = time.process_time(), b""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            *lines, kept = (kept + block).split(b"\n")
            for first in range(0, len(lines), BATCH_LINES):
                texts = [line.decode() for line in lines[first : first + BATCH_LINES]]
                output_pb2.OutputLines(lines=texts).SerializeToString()
    return 1e6 * (time.process_time() - began) / LINES
