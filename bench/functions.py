"""What `minimize` costs a trial, beside a bare pool of processes that calls the same function; and importing.

    python -m bench.functions          (make bench-functions)

The function does nothing, so that all time is overhead: a process of its own for each trial, its start, the commits and
the suggestion. A pool has its processes already; a bare new process is the floor of what runs each trial in its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.e2e.served import Served

from bench.rows import Row, report
from tunewright import Float, minimize

TRIALS = 60
PARALLEL = 2
REPEATS = 5
MOST_MS = 250
IMPORT_S = 0.25


def nothing(configuration: Mapping[str, Any]) -> float:
    return float(configuration["x"])


def main() -> None:
    configurations = [{"x": place / TRIALS} for place in range(TRIALS)]
    pool_ms = per_trial_ms(lambda: pooled(configurations))
    process_ms = per_trial_ms(lambda: spawned(TRIALS))
    rows = []
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as name:
        served = Served(Path(name), slots=PARALLEL)
        served.start()
        for strategy in ("random", "bayesian"):
            ours_ms = per_trial_ms(lambda strategy=strategy: tuned(strategy, served.data_dir))  # type: ignore[misc]
            beside = f"pool {pool_ms:.1f} ms, new Python process {process_ms:.1f} ms"
            named = f"minimize, {strategy}, a trial"
            rows.append(Row(named, ours_ms, "ms", beside, ours_ms / process_ms, f"≤ {MOST_MS} ms", ours_ms <= MOST_MS))
        served.end()
    report([*rows, importing()])


def per_trial_ms(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return (time.perf_counter() - begun) / TRIALS * 1e3


def tuned(strategy: str, data_dir: Path) -> None:
    minimize(
        nothing, {"x": Float(0, 1)}, trials=TRIALS, parallel=PARALLEL, strategy=strategy, data_dir=data_dir,
        progress=False,
    )  # fmt: skip


def pooled(configurations: list[dict[str, float]]) -> list[float]:
    with ProcessPoolExecutor(PARALLEL, get_context("spawn")) as pool:
        return list(pool.map(nothing, configurations))


def spawned(count: int) -> None:
    """Start Python `count` times, PARALLEL at once."""
    for _ in range(count // PARALLEL):
        started = [subprocess.Popen([sys.executable, "-c", "pass"]) for _ in range(PARALLEL)]
        for process in started:
            process.wait()


def importing() -> Row:
    """Time a fresh process that imports the library and names what it uses, less one that imports nothing."""

    def seconds(code: str) -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begun

    bare = statistics.median(seconds("pass") for _ in range(REPEATS))
    plain = statistics.median(seconds("import tunewright") for _ in range(REPEATS))
    whole = statistics.median(seconds("from tunewright import minimize") for _ in range(REPEATS))
    beside = f"bare Python {bare:.3f} s; with minimize looked up {whole:.3f} s"
    return Row("import tunewright", plain, "s", beside, plain / bare, f"≤ {IMPORT_S} s", plain <= IMPORT_S)


if __name__ == "__main__":
    main()
