"""Runs a coroutine in an event loop whose time jumps: whenever nothing is left to do, the next deadline has come.

So an hour of leases, pauses and retries passes in milliseconds, and the same seed gives the same run: no threads, no
sockets, no waiting. What cannot go on at all is found at once, instead of at a deadline.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

from tunewright.platform.store.port import Write
from tunewright.platform.store.sqlite import SqliteStore, _connect, _write_together

T = TypeVar("T")
BEGAN_AT = 1_700_000_000.0
ROUNDING_S = 1e-6
"""A deadline is passed, not hit: rounded to just before it, time would stand still there."""


class Stuck(BaseException):
    """Nothing can happen any more: every task waits for another."""


class _Jumps(selectors.DefaultSelector):
    """Nothing here has a file descriptor to wait for, so none is looked at."""

    now = 0.0

    def select(self, timeout: float | None = None):
        if timeout is None:
            raise Stuck
        if timeout > 0:
            self.now += timeout + ROUNDING_S
        return []


class TimelessLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumps = _Jumps()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.now

    def run_in_executor(self, _executor, function: Callable[..., T], *arguments: object) -> asyncio.Future[T]:
        """Call at once: a thread would need time that nobody counts."""
        done = self.create_future()
        try:
            done.set_result(function(*arguments))
        except Exception as error:  # noqa: BLE001 - as the executor does
            done.set_exception(error)
        return done


def play(coroutine: Coroutine[object, object, T]) -> T:
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(coroutine)


def wall_clock() -> float:
    """Return Unix seconds by the loop's clock; every machine's clock shows the same."""
    return BEGAN_AT + asyncio.get_running_loop().time()


class TimelessStore(SqliteStore):
    """The SQLite store on the loop's clock, committing at once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._own = _connect(path)

    async def commit(self, writes: list[Write]) -> None:
        (outcome,) = _write_together(self._own, [writes])
        if outcome is not None:
            raise outcome

    async def now(self) -> float:
        return wall_clock()

    async def close(self) -> None:
        await super().close()
        self._own.close()
