"""Analyses in a process of their own, one after another, so that the collector's loop and memory go on as they are.

The process starts with the first analysis, ends when none has come for a while, and sees the end of its pipe when the
parent ends. It uses one thread for linear algebra: answers must not depend on the number of cores. The suggester's
processes (ADR 0009) hold histories and are shared in turns; this one holds nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from typing import Final

import msgspec
import structlog

from tunewright.core.errors import Fault, InvalidSpec, Unavailable
from tunewright_metrics.analysing.program import HEADER, Kind

PROGRAM: Final = ("-m", "tunewright_metrics.analysing.program")
ATTEMPTS: Final = 2
IDLE_S: Final = 120.0
ONE_THREAD: Final = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
log = structlog.get_logger()


class Analyst:
    def __init__(self, program: tuple[str, ...] = PROGRAM, idle_s: float = IDLE_S) -> None:
        self._program, self._idle_s = program, idle_s
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._leaving: asyncio.Task[None] | None = None

    async def run(self, task: bytes) -> bytes:
        """Have a task answered. Raises: InvalidSpec. Unavailable: the process died over it. Fault: ours."""
        async with self._turn:
            if self._leaving is not None:
                self._leaving.cancel()
            try:
                return _opened(*await self._answered(task))
            finally:
                self._leaving = asyncio.create_task(self._leave())

    async def close(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        await self._end()

    async def _answered(self, task: bytes) -> tuple[Kind, bytes]:
        for _ in range(ATTEMPTS):
            process = self._process = self._process or await self._started()
            try:
                return await _exchanged(process, task)
            except (ConnectionError, asyncio.IncompleteReadError):
                await self._end()
            except BaseException:  # cancelled, its answer still to come: of no further use
                await asyncio.shield(self._end())
                raise
        raise Unavailable("the analysing process", f"it died {ATTEMPTS} times over one job")

    async def _started(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *self._program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,  # Ctrl-C is for the parent, which ends us
        )

    async def _leave(self) -> None:
        """End the process once nobody has asked for a while."""
        await asyncio.sleep(self._idle_s)
        async with self._turn:
            await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def _exchanged(process: asyncio.subprocess.Process, task: bytes) -> tuple[Kind, bytes]:
    if process.stdin is None or process.stdout is None:
        raise Fault("an analysing process needs pipes")
    process.stdin.write(HEADER.pack(Kind.ANALYZE, len(task)) + task)
    await process.stdin.drain()
    kind, size_bytes = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
    return Kind(kind), await process.stdout.readexactly(size_bytes)


def _opened(kind: Kind, payload: bytes) -> bytes:
    if kind is Kind.REFUSED:
        raise InvalidSpec(*msgspec.msgpack.decode(payload, type=tuple[str, str, str]))
    if kind is Kind.FAULT:
        fault_id = uuid.uuid4().hex
        log.error("fault in an analysis", fault_id=fault_id, traceback=payload.decode(errors="replace"))
        raise Fault(f"internal fault; the log of metrics has it under {fault_id}")
    return payload
