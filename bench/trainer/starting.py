"""From a grant to the first line of output on the bus, beside a bare start of the same program or image.

    python -m bench.trainer starting

Ours and the floor take turns, so that what else the machine does befalls both. Containers have a part of their own.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from bench.rows import Row
from bench.trainer.granting import Granting, program
from bench.trainer.heard import HeardBus
from bench.trainer.inside import training
from tunewright.events.v1 import output_pb2

ROUNDS: Final = 60
WITHIN_S: Final = 30.0
PROCESS_OVER_MS: Final = 10.0
PROGRAMS: Final = {
    "a shell script": "#!/bin/sh\necho ready\n",
    "Python, 50 ms of imports": "#!/usr/bin/env python3\nimport time; time.sleep(0.05); print('ready', flush=True)\n",
}

Start = Callable[[], Awaitable[float]]
"""Starts once, and returns the seconds until the first line."""


async def rows(folder: Path) -> list[Row]:
    made = []
    async with training(folder) as (scheduler, bus):
        for number, (what, source) in enumerate(PROGRAMS.items()):
            image = program(folder, f"program{number}", source)
            ours, floor = await raced(granted(scheduler, bus, image), _bare(folder / f"program{number}"))
            made.append(compared(f"grant to first line, {what}", ours, floor, "bare spawn", PROCESS_OVER_MS))
    return made


async def raced(ours: Start, floor: Start, rounds: int = ROUNDS) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each."""
    await ours()
    await floor()
    pairs = [(1000 * await ours(), 1000 * await floor()) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def compared(name: str, ours: list[float], floor: list[float], what: str, over_ms: float) -> Row:
    median, floor_ms = statistics.median(ours), statistics.median(floor)
    late = statistics.quantiles(ours, n=20)[-1]
    beside = f"floor: {what} {floor_ms:.2f} ms; ours at p95 {late:.2f} ms"
    target = f"≤ {over_ms:.0f} ms over the floor"
    return Row(name, median, "ms", beside, median / floor_ms, target, median - floor_ms <= over_ms)


def granted(scheduler: Granting, bus: HeardBus, image: str) -> Start:
    async def start() -> float:
        bus.forget()
        began = time.perf_counter()
        attempt = await scheduler.grant(image)
        await bus.until(lambda: bool(bus.times(output_pb2.OutputLines)), WITHIN_S)
        took = bus.times(output_pb2.OutputLines)[0] - began
        await scheduler.settle(attempt)
        return took

    return start


def _bare(path: Path) -> Start:
    async def start() -> float:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(str(path), "train", stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        await process.stdout.readline()
        took = time.perf_counter() - began
        await process.wait()
        return took

    return start
