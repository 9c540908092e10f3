"""Follow one container to its end: its log into the spool, over every absence of the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
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
HEAD_START_S: Final = 0.01
"""The log is asked for so long after the start. An engine that starts a container answers nothing else about it, and
then who asked first: asked after the start, the log of one that ends at once comes when the engine has cleared up."""
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


@dataclass(frozen=True, slots=True)
class Followed:
    """A container to be followed."""

    engine: Engine
    name: str
    memory_bytes: int
    started: asyncio.Event
    """The engine has said that it has started it."""
    went_away: Callable[[float], None]
    """Is told when the engine did, Unix seconds."""


async def follow(container: Followed, spool: Path, through: Path) -> State:
    """Return the state of a container once it has ended and the spool holds all its log. It may yet be to start.

    Raises: Gone. Refused: its log cannot be read.
    """
    copy = LogCopy(spool, through)
    try:
        return await _follow(container, copy)
    finally:
        copy.close()


async def _follow(container: Followed, copy: LogCopy) -> State:
    engine, name = container.engine, container.name
    failures = refusals = 0
    while True:
        await _head_start(container.started)
        has_started = container.started.is_set()
        try:
            last = await _copied(engine, name, copy, follow=True)
            failures = refusals = 0
            if not has_started:
                continue
            if await engine.wait(name, STILL_RUNS_S):
                return await _ended(container, copy, last)
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
            container.went_away(time.time())
        await asyncio.sleep(backoff_s(failures + refusals, first_s=AGAIN_S, most_s=AGAIN_MOST_S))


async def _head_start(started: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(started.wait(), HEAD_START_S)


async def _copied(engine: Engine, name: str, copy: LogCopy, *, follow: bool) -> Piece | None:
    """Copy what is new until the log ends; return its last record."""
    copy.begin()
    last = None
    async with aclosing(engine.output(name, copy.since_s, follow=follow)) as output:
        async for pieces in output:
            copy.write(pieces)
            last = pieces[-1]
    return last


async def _ended(container: Followed, copy: LogCopy, last: Piece | None) -> State:
    """Make sure that the log was followed to its very end, and how the container ended."""
    engine, name = container.engine, container.name
    state, newest = await asyncio.gather(engine.state(name), engine.last_record(name))
    if newest is not None and newest != last:
        await _copied(engine, name, copy, follow=False)
    if state is not None and state.exit_code != 0 and container.memory_bytes and not state.out_of_memory:
        await asyncio.sleep(OOM_TOLD_WITHIN_S)
        state = await engine.state(name)
    if state is None:
        raise Gone(name)
    return state
