"""How an attempt begins: its data are fetched, or it has ended before anything was started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import End
from tunewright_trainer.ends import read_end, write_end
from tunewright_trainer.fetching import NotFetched
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.verdict import Judgement


class Beginning:
    """`clock` tells Unix seconds. An end without a start is written down: it is told the same after a restart."""

    def __init__(self, folder: AttemptFolder, clock: Callable[[], float]) -> None:
        self._folder, self._clock = folder, clock
        self._stop_asked: asyncio.Future[EndCause] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()
        """The program was started, or never will be."""
        self.unstarted = read_end(folder.unstarted)
        """How the attempt has ended, if no program was started."""
        if self.unstarted is None and folder.unstarted.exists():
            self.end(EndCause.LOST, "this host went down as the end was written, and how it had ended is not known")

    def stop(self, cause: EndCause) -> None:
        """Want no more data, if they are still to come: that is how the attempt has ended then."""
        if not self._stop_asked.done():
            self._stop_asked.set_result(cause)

    def end(self, cause: EndCause, why: str = "", began_at: float | None = None) -> None:
        """End the attempt: nothing will be started."""
        now = self._clock()
        self.unstarted = End(cause, None, now if began_at is None else began_at, now, (), why)
        write_end(self._folder.unstarted, self.unstarted)
        self.over.set()

    async def has_data(self, fetch: Coroutine[Any, Any, None], judgement: Judgement) -> bool:
        """Run a fetch until it is done, a stop comes or the attempt is over; say whether to start the program."""
        began_at = self._clock()
        data, heard = asyncio.create_task(fetch), asyncio.create_task(judgement.heard())
        ends: list[asyncio.Future[Any]] = [data, heard, self._stop_asked]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if judgement.is_spoken():
                return False
            if self._stop_asked.done():
                self.end(self._stop_asked.result(), began_at=began_at)
            else:
                await data
        except NotFetched as error:
            self.end(error.cause, str(error), began_at)
        except TimeoutError:
            self.end(EndCause.MAX_RUNTIME_EXCEEDED, began_at=began_at)
        finally:
            heard.cancel()
            data.cancel()
            await asyncio.wait([data, heard])
        return self.unstarted is None
