"""Run the long-lived parts of a service together: all of them or none.

The first part that fails ends the others and the process; a signal ends them in order. Nothing is swallowed: what fails
besides, or while being ended, is logged.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any, TypeVar

import structlog

T = TypeVar("T")
log = structlog.get_logger()


async def run_together(parts: Sequence[Awaitable[None]], stop: asyncio.Event) -> None:
    """Run the parts until `stop` is set, then cancel them. Raises the first failure of a part, as it was."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()
    finally:
        for task in (*reversed(tasks), stopping):
            task.cancel()
        outcomes = await asyncio.gather(*tasks, stopping, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and outcome is not sys.exception():
                log.error("failed too", exc_info=outcome)


async def unless(stop: asyncio.Event, call: Coroutine[None, None, T]) -> T | None:
    """Return what the call returns, None if `stop` is set first; the call is cancelled then."""
    calling, stopping = asyncio.create_task(call), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([calling, stopping], return_when=asyncio.FIRST_COMPLETED)
        return calling.result() if calling.done() else None
    finally:
        calling.cancel()
        stopping.cancel()
        await asyncio.gather(calling, stopping, return_exceptions=True)


def take_error(done: asyncio.Future[Any]) -> None:
    """Take note of an error that perhaps nobody waits for any more; asyncio would complain of it."""
    if not done.cancelled():
        done.exception()


def stop_on_signals(*stops: asyncio.Event) -> None:
    """Set one more of the events at each SIGTERM or SIGINT, in order."""
    loop = asyncio.get_running_loop()

    def next_one() -> None:
        for stop in stops:
            if not stop.is_set():
                stop.set()
                return

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, next_one)
