"""Processes that fit models, off the event loop; each is started when a model is asked for and no other is free.

Requests and responses cross pipes as bytes (see frames.py), so that the serving process loads neither numpy nor scipy.
Not a ProcessPoolExecutor: its workers import the parent's main module, which may be a user's script. A process that
dies (killed for memory, say) is replaced and its request tried again. Workers see the end of their pipe when the parent
ends, whatever ended it, and use one thread for linear algebra: answers must not depend on the number of cores.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from typing import Final

import structlog
from prometheus_client import Counter, Gauge

from tunewright.core.errors import Fault, InvalidSpec, Unavailable
from tunewright_suggester.frames import HEADER, Kind, read_refusal
from tunewright_suggester.turns import Turns

ATTEMPTS: Final = 3
PROGRAM: Final = ("-m", "tunewright_suggester.fitting")
ONE_THREAD: Final = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
log = structlog.get_logger()
places = Gauge("tunewright_fit_places", "Processes that may fit models at once")
busy = Gauge("tunewright_fits_running", "Asks that such a process works on")
waiting = Gauge("tunewright_fits_waiting", "Asks that wait for their turn")
died = Counter("tunewright_fit_processes_died", "Processes that have died over an ask")


class WorkerDied(Exception):  # noqa: N818 - a fact about a process, never seen outside
    """The pipe of a worker ended before its answer."""


class Worker:
    """One fitting process, which answers one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise Fault("a fitting process needs pipes")
        self._process = process
        self._requests, self._answers = process.stdin, process.stdout

    async def answer(self, kind: Kind, payload: bytes) -> tuple[Kind, bytes]:
        """Raises: WorkerDied."""
        try:
            self._requests.write(HEADER.pack(kind, len(payload)) + payload)
            await self._requests.drain()
            answered, size_bytes = HEADER.unpack(await self._answers.readexactly(HEADER.size))
            return Kind(answered), await self._answers.readexactly(size_bytes)
        except (ConnectionError, asyncio.IncompleteReadError) as broken:
            raise WorkerDied from broken

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


class FitPool:
    """So many places, each with a process once it was needed."""

    def __init__(self, workers: int, program: tuple[str, ...] = PROGRAM) -> None:
        """Use at most so many processes; 0: one per core."""
        size = workers or os.cpu_count() or 1
        places.set(size)
        self._turns = Turns(size)
        self._program = program
        self._workers: dict[int, Worker] = {}

    async def run(self, kind: Kind, payload: bytes, job: str = "", wanted: int | None = None) -> tuple[bytes, int]:
        """Have a worker answer a request of a job, at the place that is wanted or any; return where it was answered.

        Raises: InvalidSpec: the core refuses it. Elsewhere: the place wanted is busy and another is free.
        Unavailable: workers died at each of several attempts. Fault: ours.
        """
        with waiting.track_inprogress():
            place = await self._turns.take(job, wanted)
        busy.inc()
        try:
            for _ in range(ATTEMPTS):
                try:
                    return _opened(*await self._answer(place, kind, payload)), place
                except WorkerDied:
                    died.inc()
        finally:
            busy.dec()
            self._turns.give_back(place)
        raise Unavailable("the fitting process", f"it died {ATTEMPTS} times over one request")

    async def close(self) -> None:
        """End the processes."""
        workers, self._workers = self._workers, {}
        for worker in workers.values():
            await worker.end()

    async def _answer(self, place: int, kind: Kind, payload: bytes) -> tuple[Kind, bytes]:
        worker = self._workers.get(place) or await self._started(place)
        try:
            return await worker.answer(kind, payload)
        except BaseException:  # died, or we are cancelled with its answer still to come: of no further use
            self._workers.pop(place, None)
            await asyncio.shield(worker.end())
            raise

    async def _started(self, place: int) -> Worker:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,  # Ctrl-C is for the parent, which ends us
        )
        worker = self._workers[place] = Worker(process)
        return worker


def _opened(kind: Kind, payload: bytes) -> bytes:
    if kind is Kind.REFUSED:
        raise InvalidSpec(*read_refusal(payload))
    if kind is Kind.FAULT:
        fault_id = uuid.uuid4().hex
        log.error("fault in a fitting process", fault_id=fault_id, traceback=payload.decode(errors="replace"))
        raise Fault(f"internal fault; the suggester's log has it under {fault_id}")
    return payload
