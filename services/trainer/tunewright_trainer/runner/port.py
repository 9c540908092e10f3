"""The runner port: one attempt's program, started once, watched to its end.

The promise, which tests/contract/runner_contract.py holds every adapter to:

- The program of each instance sees AMT's container contract (core/program.py) with the `base` of its instance's folder
  as /opt/ml. Its output, stdout and stderr merged, complete and in order, is what the file `spool` there holds; bytes
  never change or vanish. (An engine of containers reads the two as streams of their own: each is in its order, and
  they stand to each other as the engine came to read them.)
- Several instances reach each other by their hosts' names. They end as one: when one fails, or a stop comes, all do.
- The first spool exists from the moment of `start` on: an attempt without one was never started.
- `start` is idempotent by attempt, for ever: this trainer process or an earlier one may have started it, it may run, it
  may have ended. A program runs on when the trainer dies and is found again by the next `start` of the same attempt.
- A program that cannot be started has ended with START_FAILED; `start` does not raise for it.
- `stop` sends SIGTERM to the program alone (its children are its own business) and after `grace_s` SIGKILL to all that
  it started; grace 0 kills at once. The first stop's cause is the cause of the end; a later one may only come sooner.
  A program that has ended before, or was never started, stays as it is. A stop, too, outlives the trainer.
- `wait` gives the end, the same one every time, within a millisecond or so of the event. By then nothing that the
  program left behind in its process group or container is running.
- A fault of the adapter's own is no end: it ends the program, by its name if it knows no more of it, and tells it as
  LOST once nothing of it runs.
- `close` lets go of everything and ends nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, End, Launch


class Runner(Protocol):
    shows_folders: bool
    """Whether programs can be shown folders of this host that lie elsewhere (mounts.py)."""

    async def start(self, launch: Launch) -> None: ...

    async def stop(self, attempt: Attempt, cause: EndCause, grace_s: float) -> None: ...

    async def wait(self, attempt: Attempt) -> End:
        """Return once the run has ended. Raises NotFound: `start` was not called for it in this process."""
        ...

    async def remove(self, attempt: Attempt) -> None:
        """Forget an ended run and what the adapter keeps of it outside the attempt's folder."""
        ...

    def started_at(self, attempt: Attempt) -> float | None:
        """Return when the program began, Unix seconds; None before, and of what was not started here."""
        ...

    def waits_for(self, attempt: Attempt) -> str:
        """Return what keeps a program that was started from beginning, in words for people; empty: nothing does."""
        ...

    async def reap(self, known: Collection[Attempt]) -> None:
        """End and remove what earlier trainer processes have left outside of their folders, except of `known` attempts.

        `known` may grow meanwhile: look first at what there is, then whether it is known.
        """
        ...

    async def ping(self) -> None:
        """Raise Unavailable: what programs are run by does not answer."""
        ...

    async def close(self) -> None: ...
