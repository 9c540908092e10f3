"""A signature carries out a change once.

Whoever has seen a signed request can send it again while its signature is good: AWS would carry it out again. Here the
first answer is given again, and nothing is done. Only what was carried out is remembered: an attempt that failed may be
made again, and reads always may.

Signatures count seconds and know nothing of the headers that the client adds after signing. So two honest requests of
one second, such as tagging, untagging and tagging again, may bear one signature; what tells them apart is the client's
invocation id. Another id is believed for as long as such a second can last, and not after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final, Generic, TypeVar

from tunewright_gateway.core.refusals import Refusal

KEPT_S: Final = 600.0
"""A signature is good from five minutes before its time to five after, by our clock."""
HONEST_S: Final = 2.0
"""How long after the first a request of the same second may arrive."""
REMEMBERED: Final = 100_000
"""At a time, about half a kilobyte each; beyond, changes wait. That is 160 a second for ten minutes."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Carried(Generic[T]):
    invocation: str
    at: float
    answer: asyncio.Future[T]


class Replays(Generic[T]):
    """`clock` is in seconds and goes on evenly."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._carried: dict[str, _Carried[T]] = {}
        """By signature, the oldest first."""

    async def once(self, signature: str, invocation: str, work: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
        """Return the answer of the work, and whether it is one that was given before.

        Raises what the work raises, and Refusal where there is no more room to remember.
        """
        while (before := self._carried.get(signature)) is not None and not self._is_another(before, invocation):
            await asyncio.wait([before.answer])
            if not before.answer.cancelled():
                return before.answer.result(), True
        self._forget()
        if len(self._carried) >= REMEMBERED:
            raise Refusal("ThrottlingException", "Rate exceeded")
        mine: _Carried[T] = _Carried(invocation, self._clock(), asyncio.get_running_loop().create_future())
        self._carried.pop(signature, None)
        self._carried[signature] = mine
        try:
            answer = await work()
        except BaseException:
            if self._carried.get(signature) is mine:
                del self._carried[signature]
            mine.answer.cancel()  # who waits for it tries for itself
            raise
        mine.answer.set_result(answer)
        return answer, False

    def _is_another(self, before: _Carried[T], invocation: str) -> bool:
        """Say whether it is a request of its own that happens to have the same signature."""
        fresh = self._clock() - before.at <= HONEST_S
        return fresh and "" not in (invocation, before.invocation) and invocation != before.invocation

    def _forget(self) -> None:
        oldest = self._clock() - KEPT_S
        first = list(islice(self._carried.items(), 2))  # two for each that comes: they never heap up
        for signature, carried in first:
            if carried.at < oldest and carried.answer.done():
                del self._carried[signature]
