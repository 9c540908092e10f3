"""What an attempt is doing and from when on, as its trainer tells it.

They are kept in the attempt's folder, so that a trainer that starts again tells the same. An attempt never goes back to
an earlier phase, whatever a restarted trainer does again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, replace
from pathlib import Path
from typing import Final

from tunewright.core.phases import (
    DOWNLOADING,
    ENDING,
    INTERRUPTED,
    MESSAGES,
    PENDING,
    STARTING,
    STOPPING,
    TRAINING,
    UPLOADING,
    Phase,
)
from tunewright.platform.codec import to_message
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.folder import write_whole

WORDS: Final = {**MESSAGES, INTERRUPTED: "Interrupted: its trainer is going away, and another one goes on"}
ORDER: Final = {STARTING: 0, DOWNLOADING: 1, PENDING: 2, TRAINING: 3, STOPPING: 4, INTERRUPTED: 4, UPLOADING: 5}
PROGRESS_PERIOD_S: Final = 5.0
"""How often it may be said how far one has come."""


class Phases:
    """Those of one attempt, in the file `path`. `clock` tells Unix seconds, `on_news` is called at each new phase."""

    def __init__(self, path: Path, clock: Callable[[], float], on_news: Callable[[], None]) -> None:
        self._path, self._clock, self._on_news = path, clock, on_news
        self._list = _read(path)
        if not self._list:
            self._list = [Phase(STARTING, clock(), WORDS[STARTING])]
            self.keep()

    @property
    def current(self) -> str:
        return self._list[-1].status

    @property
    def ending(self) -> bool:
        """Whether the program has ended, or has been told to."""
        return self.current in ENDING

    @property
    def preparing(self) -> bool:
        """Whether the program has yet to begin, and may."""
        return ORDER[self.current] < ORDER[TRAINING]

    def enter(self, status: str, *, quietly: bool = False, keep: bool = True) -> None:
        """Begin a phase, unless the attempt is in it or beyond. `quietly`: somebody will tell of it soon anyway.

        Without `keep` a restart knows nothing of it until `keep` is called: of a stop, before it is sure to come.
        """
        if ORDER[status] <= ORDER[self.current]:
            return
        self._list.append(Phase(status, self._clock(), WORDS[status]))
        if keep:
            self.keep()
        if not quietly:
            self._on_news()

    def progress(self, status: str, text: str) -> None:
        """Say how far a phase has come, or what came of it, if it is still going on.

        It is no news, and a restart forgets it: what is said is found out again.
        """
        if self.current == status:
            self._list[-1] = replace(self._list[-1], message=f"{WORDS[status]}: {text}")

    def keep(self) -> None:
        with suppress(OSError):  # on a full disk they are told as long as this process lives
            write_whole(self._path, json.dumps([astuple(phase) for phase in self._list]).encode())

    def messages(self) -> list[pb.Phase]:
        return [to_message(phase, pb.Phase) for phase in self._list]


def _read(path: Path) -> list[Phase]:
    try:
        return [Phase(*fields) for fields in json.loads(path.read_bytes())]
    except (FileNotFoundError, ValueError, TypeError):  # the last: the machine died as it was written
        return []
