"""Whose turn it is where places are few: jobs in rounds, so that one that asks much delays another by one ask at most.

Start-time fair queueing (Goyal, Vin and Cheng 1997, section 2) with every ask of the same weight. A job whose history
a place holds waits for that place while all are busy; where another is free it is sent there instead, without it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


class Elsewhere(Exception):  # noqa: N818 - a fact about places, never seen outside
    """The place that was wanted is busy while another is free."""


@dataclass(frozen=True, slots=True)
class Waiter:
    round: int
    wanted: int | None
    """The place that it waits for; None: any."""
    place: asyncio.Future[int]


class Turns:
    """Hands out places 0 … n − 1, the one that was given back last first, so that few are used where few suffice."""

    def __init__(self, places: int) -> None:
        self._free = list(reversed(range(places)))
        self._waiting: list[Waiter] = []
        self._round = 0
        self._last_round: dict[str, int] = {}
        """Of the asks of a job that wait or have waited."""

    async def take(self, job: str, wanted: int | None = None) -> int:
        """Wait for a place. Raises: Elsewhere: ask for any."""
        if wanted in self._free:
            self._free.remove(wanted)
            return wanted
        if self._free and wanted is not None:
            raise Elsewhere
        return self._free.pop() if self._free else await self._waited(job, wanted)

    def give_back(self, place: int) -> None:
        """Pass a place on to the first that may have it."""
        self._waiting = [waiter for waiter in self._waiting if not waiter.place.done()]  # some were cancelled just now
        for waiter in self._waiting:
            if waiter.wanted in (None, place):
                self._waiting.remove(waiter)
                self._round = max(self._round, waiter.round)
                waiter.place.set_result(place)
                return
        self._free.append(place)
        if self._waiting:  # for other places, and this one is idle
            self._waiting.pop(0).place.set_exception(Elsewhere())

    async def _waited(self, job: str, wanted: int | None) -> int:
        turn = self._last_round[job] = max(self._round, self._last_round.get(job, 0)) + 1
        waiter = Waiter(turn, wanted, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self._waiting.sort(key=lambda one: one.round)  # stable: in order of arrival within a round
        try:
            return await waiter.place
        except asyncio.CancelledError:
            self._left(waiter)
            raise
        finally:
            if not self._waiting:
                self._last_round.clear()

    def _left(self, waiter: Waiter) -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif waiter.place.done() and not waiter.place.cancelled() and waiter.place.exception() is None:
            self.give_back(waiter.place.result())
