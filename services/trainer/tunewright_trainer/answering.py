"""Whether what runs the programs answers, for the heartbeats to tell: without it nothing is seen of what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from tunewright.core.absence import RunnerAbsence
from tunewright_trainer.runner.port import Runner

PERIOD_S: Final = 5.0
WITHIN_S: Final = 10.0

log = structlog.get_logger()


class Answering:
    """`clock` tells Unix seconds; `on_news` is called when an absence begins or ends."""

    def __init__(self, runner: Runner, clock: Callable[[], float], on_news: Callable[[], None]) -> None:
        self._runner, self._clock, self._on_news = runner, clock, on_news
        self.absence: RunnerAbsence | None = None

    async def watch(self, needed: Callable[[], bool]) -> None:
        """Ask from time to time, while it is needed."""
        while True:
            await asyncio.sleep(PERIOD_S)
            why = await self._asked() if needed() else ""
            if why and self.absence is None:
                log.warning("the runner does not answer", why=why)
                self.absence = RunnerAbsence(self._clock(), why)
                self._on_news()
            elif not why and self.absence is not None:
                log.info("the runner answers again")
                self.absence = None
                self._on_news()

    async def _asked(self) -> str:
        """Return why there is no answer; empty: there is one."""
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._runner.ping()
        except TimeoutError:
            return f"no answer within {WITHIN_S:g} s"
        except Exception as error:  # noqa: BLE001 - whatever it is that keeps it from answering
            return str(error) or repr(error)
        return ""
