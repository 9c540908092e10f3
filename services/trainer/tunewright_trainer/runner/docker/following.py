"""Follow one container to its end: its log into the spool, over every absence of the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

import structlog

from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.runner.docker.engine import Away, Engine, Refused
from tunewright_trainer.runner.docker.outcome import TAKEN_DOWN, State
from tunewright_trainer.runner.log_follower import LogCopy, Piece

AGAIN_S: Final = 0.1
AGAIN_MOST_S: Final = 5.0
HEAD_START_S: Final = 0.01
"""The log is asked for so long after the start. An engine that starts a container answers nothing else about it, and
then who asked first: asked after the start, the log of one that ends at once comes when the engine has cleared up."""
STILL_RUNS_S: Final = 1.0
"""A log that has ended is that of a container that ends; else the stream broke off."""
SHUTDOWN_S: Final = 30.0
"""An engine that is told to end ends its containers first, with a grace of 15 s, and goes away then."""
OOM_TOLD_WITHIN_S: Final = 0.2
"""The engine hears of an exit and of the kernel's reason for it on two roads."""
REFUSALS: Final = 5
GAP: Final = b"[tunewright: output is missing here; the program ended while the container engine was away]\n"
UNREAD: Final = b"[tunewright: output is missing here; the spool quota of this trainer is used up]\n"

Answer = TypeVar("Answer")

log = structlog.get_logger()


class Gone(Exception):  # noqa: N818 - what a container is
    def __init__(self, name: str) -> None:
        super().__init__(f"the engine knows no container {name} any more")


class Full(Exception):  # noqa: N818 - what a spool is
    """The spool holds what it may."""


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
    spool_quota_bytes: int
    flooded: Callable[[], None]
    """Is told when the spool is beyond its quota: the container is to be ended, its log is read no further."""
    was_away: bool = False
    """The engine was, when this trainer found the container again."""


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
    away_since = copy.noted_at if container.was_away else None
    missed = False
    while True:
        await _head_start(container.started)
        has_started = container.started.is_set()
        try:
            if away_since is not None:
                missed |= _ended_since(away_since, await engine.state(name))
                away_since = None
            last = await _copied(container, copy, follow=True)
            failures = refusals = 0
            if not has_started:
                continue
            if await engine.wait(name, STILL_RUNS_S):
                state = await _ended(container, copy, last)
                return _missed(state, copy) if missed else state
        except Full:
            container.flooded()
            return await _unread(container, copy)
        except Refused as error:
            refusals += 1
            if await engine.state(name) is None:
                raise Gone(name) from error
            if refusals == REFUSALS:
                raise
        except (Away, OSError) as error:  # the latter: this trainer's disk is full, say
            failures += 1
            if failures == 1:
                log.warning("the output of a container waits", container=name, why=str(error))
            if isinstance(error, Away) and away_since is None:
                away_since = time.time()
        await asyncio.sleep(backoff_s(failures + refusals, first_s=AGAIN_S, most_s=AGAIN_MOST_S))


def _ended_since(away_since: float, state: State | None) -> bool:
    """Whether it ended while the engine was away, or as one does that the engine has taken with it."""
    if state is None or state.running:
        return False
    taken_s = SHUTDOWN_S if state.exit_code in TAKEN_DOWN else 0.0
    return state.finished_at >= away_since - taken_s


def _missed(state: State, copy: LogCopy) -> State:
    """Say that nobody has seen its end: what it printed last went with the engine, or may have."""
    with suppress(OSError):
        copy.tell_gap(GAP)
    return replace(state, missed=True)


async def _head_start(started: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(started.wait(), HEAD_START_S)


async def _copied(container: Followed, copy: LogCopy, *, follow: bool) -> Piece | None:
    """Copy what is new until the log ends; return its last record. Raises Full."""
    copy.begin()
    last = None
    if copy.size > container.spool_quota_bytes:
        raise Full
    async with aclosing(container.engine.output(container.name, copy.since_s, follow=follow)) as output:
        async for pieces in output:
            copy.write(pieces)
            last = pieces[-1]
            if copy.size > container.spool_quota_bytes:
                raise Full
    return last


async def _unread(container: Followed, copy: LogCopy) -> State:
    """Wait for the end of a container whose log is read no further, and say so in the spool."""
    with suppress(OSError):
        copy.tell_gap(UNREAD)
    engine, name = container.engine, container.name
    while not await lasting(lambda: engine.wait(name, STILL_RUNS_S)):
        pass
    state = await lasting(lambda: engine.state(name))
    if state is None:
        raise Gone(name)
    return state


async def _ended(container: Followed, copy: LogCopy, last: Piece | None) -> State:
    """Make sure that the log was followed to its very end, and how the container ended."""
    engine, name = container.engine, container.name
    state, newest = await asyncio.gather(engine.state(name), engine.last_record(name))
    if newest is not None and newest != last:
        await _copied(container, copy, follow=False)
    if state is not None and state.exit_code != 0 and container.memory_bytes and not state.out_of_memory:
        await asyncio.sleep(OOM_TOLD_WITHIN_S)
        state = await engine.state(name)
    if state is None:
        raise Gone(name)
    return state
