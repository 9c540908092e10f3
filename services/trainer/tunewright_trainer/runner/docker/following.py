"""Follow one container to its end: its log into the spool, over every absence of the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

import structlog

from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.runner.docker.engine import Away, Engine, Refused
from tunewright_trainer.runner.docker.outcome import State
from tunewright_trainer.runner.log_follower import LogCopy, Piece

AGAIN_S: Final = 0.1
AGAIN_MOST_S: Final = 5.0
STILL_RUNS_S: Final = 1.0
"""A log that has ended is that of a container that ends; else the stream broke off."""
OOM_TOLD_WITHIN_S: Final = 0.2
"""The engine hears of an exit and of the kernel's reason for it on two roads."""
REFUSALS: Final = 5

Answer = TypeVar("Answer")

log = structlog.get_logger()


class Gone(Exception):  # noqa: N818 - what a container is
    def __init__(self, name: str) -> None:
        super().__init__(f"the engine knows no container {name} any more")


async def lasting(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask until the engine answers: of what may run there nothing can be told but by it."""
    for failures in count(1):
        try:
            return await ask()
        except Away:
            await asyncio.sleep(backoff_s(failures, first_s=AGAIN_S, most_s=AGAIN_MOST_S))
    raise AssertionError


async def follow(
    engine: Engine, name: str, spool: Path, through: Path, memory_bytes: int, went_away: Callable[[float], None]
) -> State:
    """Return the state of a container once it has ended and the spool holds all its log.

    `went_away` is told when the engine did, Unix seconds. Raises: Gone. Refused: its log cannot be read.
    """
    copy = LogCopy(spool, through)
    try:
        return await _follow(engine, name, copy, memory_bytes, went_away)
    finally:
        copy.close()


async def _follow(
    engine: Engine, name: str, copy: LogCopy, memory_bytes: int, went_away: Callable[[float], None]
) -> State:
    failures = refusals = 0
    while True:
        try:
            last = await _copied(engine, name, copy, follow=True)
            failures = refusals = 0
            if await engine.wait(name, STILL_RUNS_S):
                return await _ended(engine, name, copy, last, memory_bytes)
        except Refused as error:
            refusals += 1
            if await engine.state(name) is None:
                raise Gone(name) from error
            if refusals == REFUSALS:
                raise
        except (Away, OSError) as error:  # the latter: the disk is full, say
            failures += 1
            if failures == 1:
                log.warning("the output of a container waits", container=name, why=str(error))
            went_away(time.time())
        await asyncio.sleep(backoff_s(failures + refusals, first_s=AGAIN_S, most_s=AGAIN_MOST_S))


async def _copied(engine: Engine, name: str, copy: LogCopy, *, follow: bool) -> Piece | None:
    """Copy what is new until the log ends; return its last record."""
    copy.begin()
    last = None
    async with aclosing(engine.output(name, copy.since_s, follow=follow)) as output:
        async for pieces in output:
            copy.write(pieces)
            last = pieces[-1]
    return last


async def _ended(engine: Engine, name: str, copy: LogCopy, last: Piece | None, memory_bytes: int) -> State:
    """Make sure that the log was followed to its very end, and how the container ended."""
    state, newest = await asyncio.gather(engine.state(name), engine.last_record(name))
    if newest is not None and newest != last:
        await _copied(engine, name, copy, follow=False)
    if state is not None and state.exit_code != 0 and memory_bytes and not state.out_of_memory:
        await asyncio.sleep(OOM_TOLD_WITHIN_S)
        state = await engine.state(name)
    if state is None:
        raise Gone(name)
    return state
