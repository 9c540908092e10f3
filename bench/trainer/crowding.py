"""What 64 trainings at once take of a trainer: memory and processor time, while they are quiet and while they print.

    python -m bench.trainer crowding

The trainer is `tunewright serve trainer` on a real broker; the trainings' own processes do not count.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from bench.rows import Row
from bench.trainer.granting import program
from bench.trainer.serving import Served, serving

TRAININGS: Final = 64
MEMORY_MIB: Final = 150.0
QUIET_PERCENT: Final = 2.0
SETTLE_S: Final = 5.0
WATCHED_S: Final = 20.0
LINES_S: Final = 10
PROGRAMS: Final = {
    "quiet": "#!/bin/sh\necho ready\nexec sleep 600\n",
    f"{LINES_S} lines/s each": f"""#!/usr/bin/env python3
import time
for at in range(600 * {LINES_S}):
    print(at, "loss=0.123456")
    time.sleep({1 / LINES_S})
""",
}


async def rows(folder: Path) -> list[Row]:
    made = []
    for number, (what, source) in enumerate(PROGRAMS.items()):
        image = program(folder, f"program{number}", source)
        async with serving(folder, f"crowd{number}", slots=TRAININGS) as served:
            await asyncio.sleep(SETTLE_S)
            idle, idle_percent = await _watched(served)
            for _ in range(TRAININGS):
                await served.scheduler.grant(image)
            await served.scheduler.claimed()
            await asyncio.sleep(SETTLE_S)
            mib, percent = await _watched(served)
        beside, less = f"idle, with none: {idle:.0f} MiB", mib < MEMORY_MIB
        name = f"memory, {TRAININGS} trainings, {what}"
        made.append(Row(name, mib, "MiB", beside, mib / idle, f"< {MEMORY_MIB:.0f} MiB", less))
        target, holds = ("< 2 %", percent < QUIET_PERCENT) if number == 0 else ("", True)
        beside, name = f"of one core; idle: {idle_percent:.2f} %", f"processor, {TRAININGS} trainings, {what}"
        made.append(Row(name, percent, "%", beside, None, target, holds))
    return made


async def _watched(served: Served) -> tuple[float, float]:
    """Return the most memory that the trainer has for a while, MiB, and its share of a core, percent."""
    busy, began, most = served.busy_s(), time.monotonic(), 0.0
    while time.monotonic() < began + WATCHED_S:
        await asyncio.sleep(0.5)
        most = max(most, served.resident_mib())
    return most, 100 * (served.busy_s() - busy) / (time.monotonic() - began)
