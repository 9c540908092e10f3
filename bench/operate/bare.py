"""The floor of a thousand trainings at once: the same programs on the same runner, without trainer or services.

python -m bench.operate.bare FOLDER COUNT SECONDS     prints the seconds from the first start to the last end
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from tests.simulation.host import Host, HostRunner

from bench.operate.crowd import spec
from bench.operate.hosts import Heard, training
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.folder import Folders


async def main(folder: Path, count: int, lasts_s: float) -> float:
    program = training(Heard(), lasts_s)
    runner = HostRunner(Host(Folders(folder), lambda _launch: program))
    definition, began = spec("bare", count).definitions[0], time.perf_counter()
    attempts = [Attempt(f"bare/{number}", 1) for number in range(1, count + 1)]
    for attempt in attempts:
        await runner.start(Launch(attempt, f"bare-{attempt.number}", definition, {"x": "0.5"}))
    await asyncio.gather(*(runner.wait(attempt) for attempt in attempts))
    return time.perf_counter() - began


if __name__ == "__main__":
    _, where, many, seconds = sys.argv
    print(asyncio.run(main(Path(where), int(many), float(seconds))))
