"""Processes that fit models, off the event loop; started when the first model is asked for.

Requests and responses cross as bytes, so that the serving process loads neither numpy nor scipy. A process that dies
(killed for memory, say) breaks its pool: the pool is made anew and the ask answered again. Workers end with their
parent, whatever ends it, and are single-threaded in linear algebra: answers must not depend on the number of cores.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Final, TypeVar

from tunewright.core.errors import Unavailable

R = TypeVar("R")

ATTEMPTS: Final = 3
BLAS_THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class FitPool:
    def __init__(self, workers: int) -> None:
        """Use at most so many processes; 0: one per core."""
        self._workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, function: Callable[[bytes], R], payload: bytes) -> R:
        """Call a module-level function in a worker. Raises: Unavailable: workers died at each of several attempts."""
        for _ in range(ATTEMPTS):
            pool = self._running()
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, function, payload)
            except BrokenProcessPool:
                await self._discard(pool)
        raise Unavailable("the fitting process", f"it died {ATTEMPTS} times over this ask")

    async def close(self) -> None:
        """Wait for the fits under way and end the processes."""
        if self._pool is not None:
            await self._discard(self._pool)

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, get_context("spawn"), initializer=_prepare_worker)
        return self._pool

    async def _discard(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)


def _prepare_worker() -> None:
    for name in BLAS_THREADS:
        os.environ[name] = "1"  # before numpy is loaded: BLAS reads it once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # the queue of a killed parent never closes: we hold its other end ourselves
