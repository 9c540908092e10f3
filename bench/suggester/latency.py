"""What one ask costs: cold, on one core, by history and tier; import and memory.

    python -m bench.suggester.latency [--repeats 20]

Every ask is of a history of its own, so that nothing that the core may remember of an earlier one helps it.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import time
from typing import Final

from bench.rows import Row, report
from bench.suggester.workers import ONE_THREAD
from tunewright.core.draws import random_configuration, uniform
from tunewright.core.space import Choice, Configuration, Float, Int, ScalingType, Space
from tunewright.core.spec import Strategy
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Observations, Outcome
from tunewright_suggester.core.suggest import suggest

LINEAR: Final = ScalingType.LINEAR
LOGARITHMIC: Final = ScalingType.LOGARITHMIC
DIMENSIONS: Final = 10
MEDIANS_MS: Final = {50: 60.0, 200: 120.0, 1000: 250.0, 5000: 1000.0}
"""Number of observations to what the median ask of the standard tier may take."""
P95_MS: Final = {50: 150.0}
FAST_MS: Final = 15.0
RIVALS: Final = {50: "peers of such quality: 100–190 ms", 200: "peers: 350–1,040 ms", 1000: "peers: 3,000–6,800 ms"}
MEMORY_MIB: Final = 300.0
IMPORT_S: Final = 0.4
SUBJECT: Final = """
from bench.suggester.latency import measured
print(*measured({size}, {tier!r}, {repeats}))
"""
PEAK: Final = """
import resource
from bench.suggester.latency import measured
measured(1000, "standard", 2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
USE: Final = "from tunewright_suggester import Float, Optimizer; Optimizer({'x': Float(0, 1)}).ask()"


def measured(size: int, tier: str, repeats: int) -> list[float]:
    """Return the milliseconds of `repeats` asks, each with `size` observations of its own, after one that warms up."""
    asks = [history(size, tier, number) for number in range(repeats + 1)]
    taken = []
    for ask in asks:
        began = time.perf_counter()
        suggest(ask)
        taken.append(1e3 * (time.perf_counter() - began))
    return taken[1:]


def history(size: int, tier: str, number: int) -> Ask:
    """Return an ask that knows random configurations of a bumpy bowl: a third of the axes logarithmic, one choice."""
    space: Space = {
        f"x{i}": Float(1e-4 if i % 3 == 1 else 0.0, 1.0, LOGARITHMIC if i % 3 == 1 else LINEAR)
        for i in range(DIMENSIONS - 2)
    }
    space = {**space, "n": Int(1, 32, LINEAR), "c": Choice(("a", "b", "c"))}
    drawn = [random_configuration(space, number, draw) for draw in range(size)]
    observations = Observations(
        {name: tuple(configuration[name] for configuration in drawn) for name in space},
        (Outcome.COMPLETED,) * size,
        tuple(
            _bumpy(configuration) + 0.05 * uniform(number, draw, "noise") for draw, configuration in enumerate(drawn)
        ),
        (0,) * size,
        tuple(range(1, size + 1)),
    )
    definition = DefinitionAsk(space, observations=observations)
    return Ask(Strategy.BAYESIAN, (definition,), seed=number, number=size, started=size, effort=tier)


def _bumpy(configuration: Configuration) -> float:
    x = [float(configuration[f"x{i}"]) for i in range(DIMENSIONS - 2)]
    smooth = sum((value - 0.3) ** 2 + 0.5 * math.sin(5 * value) for value in x)
    return smooth + 0.01 * (int(configuration["n"]) - 10) ** 2 + "abc".index(str(configuration["c"])) / 2


def ask_rows(repeats: int) -> list[Row]:
    rows = []
    for size, target in MEDIANS_MS.items():
        count = max(repeats * 50 // max(size, 50), 4)
        taken = [float(text) for text in _output(SUBJECT.format(size=size, tier="standard", repeats=count)).split()]
        median, p95 = statistics.median(taken), statistics.quantiles(taken, n=20, method="inclusive")[-1]
        name, beside, limit = f"cold ask at {size} observations", RIVALS.get(size, ""), P95_MS.get(size)
        holds = limit is None or p95 <= limit
        rows.append(Row(f"{name}, median", median, "ms", beside, None, f"≤ {target:.0f} ms", median <= target))
        rows.append(Row(f"{name}, p95", p95, "ms", "", None, f"≤ {limit:.0f} ms" if limit else "", holds))
    fast = [float(text) for text in _output(SUBJECT.format(size=50, tier="fast", repeats=repeats)).split()]
    median = statistics.median(fast)
    return [*rows, Row("fast ask at 50 observations", median, "ms", "", None, f"≤ {FAST_MS:.0f} ms", median <= FAST_MS)]


def start_rows() -> list[Row]:
    floor, loaded = _median_seconds("pass"), _median_seconds("import tunewright_suggester")
    used = _median_seconds(USE)
    beside = f"floor: python -c pass {floor:.2f} s"
    peak = float(_output(PEAK))
    return [
        Row(
            "import of the suggester", loaded - floor, "s", beside, None, f"≤ {IMPORT_S} s", loaded - floor <= IMPORT_S
        ),
        Row("import and first ask", used - floor, "s", beside, None, f"≤ {IMPORT_S} s", used - floor <= IMPORT_S),
        Row("peak memory at 1000 observations", peak, "MiB", "", None, f"≤ {MEMORY_MIB:.0f} MiB", peak <= MEMORY_MIB),
    ]


def _median_seconds(program: str, runs: int = 7) -> float:
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        _output(program)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _output(program: str) -> str:
    """Return what a program prints in a fresh interpreter of one thread."""
    environment = {**os.environ, **ONE_THREAD}
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment)
    return ended.stdout


def rows(repeats: int) -> list[Row]:
    return [*ask_rows(repeats), *start_rows()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.suggester.latency")
    parser.add_argument("--repeats", type=int, default=20, help="asks at 50 observations; fewer at more")
    report(rows(parser.parse_args().repeats))


if __name__ == "__main__":
    main()
