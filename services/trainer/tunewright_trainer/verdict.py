"""What becomes of an attempt in the end. Only the scheduler says it, once; nothing takes it back."""

from __future__ import annotations

import asyncio
from enum import Enum, auto


class Verdict(Enum):
    PUBLISHED = auto()
    """The attempt counts: its artifacts move to their final place."""
    SETTLED = auto()
    ABANDONED = auto()


class Judgement:
    """Of one attempt: its verdict, once it is spoken. Use it within one loop."""

    def __init__(self) -> None:
        self._verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

    def is_spoken(self) -> bool:
        return self._verdict.done()

    def speak(self, verdict: Verdict) -> None:
        """The first one counts."""
        if not self._verdict.done():
            self._verdict.set_result(verdict)

    async def heard(self) -> Verdict:
        """Wait for it. Who waits may be cancelled, by a fault of ours beside it, say: the verdict may not."""
        return await asyncio.shield(self._verdict)
