"""Lines a second, on one core, of what the collector calls to read a message's lines by five definitions.

The rivals are Python's own `re`, line by line, with the same regexes, and the floor is looking at each line once. All
figures are of processor time of this thread, the medians of some rounds that take turns: others may use the machine.
"""

from __future__ import annotations

import random
import re
import statistics
from collections.abc import Callable, Sequence
from time import thread_time
from typing import Final

from bench.rows import Row
from tunewright.core.ranges_text import default_regex
from tunewright.core.spec import MetricDefinition
from tunewright_metrics.core.reading import Reader

LINES: Final = 100_000
MESSAGE_LINES: Final = 500
"""A trainer's message."""
ROUNDS: Final = 7
NAMES: Final = ("val_loss", "val_acc", "f1", "auc", "throughput")
WORDS: Final = (
    *("step", "epoch", "batch", "data", "loader", "worker", "gradient", "saved"),
    *("path", "time", "elapsed", "memory", "tokens", "second", "rate"),
)
TARGETS: Final = {"every tenth line matches": 200_000, "nothing matches": 1_000_000}


def rows() -> list[Row]:
    quiet = _log(random.Random(6))
    speaking = [line if at % 10 else f"{line[:90]} val_loss={1 / (1 + at):.6f}" for at, line in enumerate(quiet)]
    spoken = {
        "by name": [MetricDefinition(name, default_regex(name)) for name in NAMES],
        "own regexes": [MetricDefinition(name, rf"{name}=([-+0-9.e]+)") for name in NAMES],
        "no regexes": [MetricDefinition(name, "") for name in NAMES],
    }
    objects = [line if at % 10 else f'{{"step": {at}, "val_loss": {1 / (1 + at)}}}' for at, line in enumerate(quiet)]
    result = []
    for kind, definitions in spoken.items():
        for what, lines in (
            ("every tenth line matches", speaking if definitions[0].regex else objects),
            ("nothing matches", quiet),
        ):
            result.append(_row(f"parsing, {kind}: {what}", definitions, lines, TARGETS[what]))
    return result


def _row(name: str, definitions: Sequence[MetricDefinition], lines: Sequence[str], target: int) -> Row:
    messages = [tuple(lines[at : at + MESSAGE_LINES]) for at in range(0, len(lines), MESSAGE_LINES)]
    reader = Reader(definitions, thread_time)
    searches = [re.compile(item.regex).search for item in definitions if item.regex]

    def ours() -> None:
        for at, message in enumerate(messages):
            reader.read(message, at * MESSAGE_LINES)

    def rival() -> None:
        for message in messages:
            for line in message:
                for search in searches:
                    search(line)

    def floor() -> None:
        for message in messages:
            for line in message:
                line.find("\n")

    speeds = _speeds([ours, rival, floor] if searches else [ours, floor])
    beside = f"bare look {speeds[-1]:,.0f}" + (f"; re line by line {speeds[1]:,.0f}" if searches else "")
    return Row(name, speeds[0], "lines/s", beside, speeds[0] / speeds[1], f">= {target:,}", speeds[0] >= target)


def _speeds(parts: Sequence[Callable[[], None]]) -> list[float]:
    """Return the median lines a second of each."""
    taken: list[list[float]] = [[] for _ in parts]
    for _ in range(ROUNDS):
        for part, times in zip(parts, taken, strict=True):
            start = thread_time()
            part()
            times.append(thread_time() - start)
    return [LINES / statistics.median(times) for times in taken]


def _log(draw: random.Random) -> list[str]:
    """Return lines of 60 to 120 characters as a training logs them."""
    lines = []
    for at in range(LINES):
        line = f"2026-09-11 12:{at // 60 % 60:02d}:{at % 60:02d},{draw.randrange(1000):03d} INFO trainer:"
        length = draw.randrange(60, 116)
        while len(line) < length:
            line += f" {draw.choice(WORDS)}" + (f"={draw.randrange(1000)}" if draw.random() < 0.2 else "")
        lines.append(line[:120])
    return lines
