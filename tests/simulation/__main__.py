"""Tell stories: `python -m tests.simulation 17` one, with its log; `--from 500 --seeds 20000` many, on all cores.

Many go on where an interrupted run of the same range has stopped: the first seed not told yet stands in
.soak/<from>-<seeds>. What fails is printed with the command that tells it again.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import structlog

from tests.simulation.stories import drawn
from tests.simulation.telling import tell

TOGETHER = 50
"""Seeds told by a process at a time, and the most that are told again after an interruption, per process."""
KEPT = Path(".soak")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="*", help="tell these, each with its log")
    parser.add_argument("--digests", action="store_true", help="print only the digest of each")
    parser.add_argument("--from", dest="first", type=int, default=0, help="first of many")
    parser.add_argument("--seeds", type=int, default=0, help="how many")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.seeds:
        return _soak(range(arguments.first, arguments.first + arguments.seeds), arguments.processes)
    if arguments.digests:
        _quiet()
    for seed in arguments.seed:
        told = drawn(seed)
        if not arguments.digests:
            sys.stdout.write(f"{told}\n")
        sys.stdout.write(f"{tell(told).recorded.digest}\n")
    return 0


def _soak(seeds: range, processes: int) -> int:
    """Tell them all; return 1 if any has failed."""
    KEPT.mkdir(exist_ok=True)
    mark = KEPT / f"{seeds.start}-{len(seeds)}"
    done = int(mark.read_text()) if mark.exists() else seeds.start
    starts = range(done, seeds.stop, TOGETHER)
    began, failed = time.monotonic(), 0
    with ProcessPoolExecutor(processes, initializer=_quiet) as pool:
        blocks = [range(start, min(start + TOGETHER, seeds.stop)) for start in starts]
        for block, failures in zip(blocks, pool.map(_tell_all, blocks), strict=True):
            failed += len(failures)
            for seed, text in failures:
                sys.stdout.write(f"\nseed {seed} failed; again: python -m tests.simulation {seed}\n{text}\n")
            if not failed:
                mark.write_text(str(block.stop))
            rate = (block.stop - done) / (time.monotonic() - began)
            sys.stdout.write(f"\r{block.stop - seeds.start} of {len(seeds)} told, {failed} failed, {rate:.1f}/s ")
            sys.stdout.flush()
    mark.unlink(missing_ok=True)
    sys.stdout.write("\n")
    return 1 if failed else 0


def _tell_all(seeds: range) -> list[tuple[int, str]]:
    failures = []
    for seed in seeds:
        try:
            tell(drawn(seed))
        except BaseException:  # noqa: BLE001 - a Stuck loop is one too
            failures.append((seed, traceback.format_exc(limit=-6)))
    return failures


def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


if __name__ == "__main__":
    sys.exit(main())
