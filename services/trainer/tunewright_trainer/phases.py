"""What an attempt is doing and from when on, in AMT's words: its SecondaryStatusTransitions.

They are kept in the attempt's folder, so that a trainer that starts again tells the same. An attempt never goes back to
an earlier phase, whatever a restarted trainer does again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Final

from tunewright.platform.codec import instant_to_timestamp
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.folder import write_whole

STARTING: Final = "Starting"
DOWNLOADING: Final = "Downloading"
PENDING: Final = "Pending"
TRAINING: Final = "Training"
STOPPING: Final = "Stopping"
INTERRUPTED: Final = "Interrupted"
UPLOADING: Final = "Uploading"

MESSAGES: Final = {
    STARTING: "Preparing the instances for training",
    DOWNLOADING: "Downloading input data",
    PENDING: "Waiting to be started",
    TRAINING: "Training image download completed. Training in progress.",
    STOPPING: "Stopping the training job",
    INTERRUPTED: "Interrupted: its trainer is going away, and another one goes on",
    UPLOADING: "Uploading generated training model",
}
ORDER: Final = {STARTING: 0, DOWNLOADING: 1, PENDING: 2, TRAINING: 3, STOPPING: 4, INTERRUPTED: 4, UPLOADING: 5}
ENDING: Final = frozenset({STOPPING, INTERRUPTED, UPLOADING})
PROGRESS_PERIOD_S: Final = 5.0
"""How often it may be said how far one has come."""


@dataclass(frozen=True, slots=True)
class Phase:
    status: str
    started_at: float
    """Unix seconds."""
    message: str


class Phases:
    """Those of one attempt, in the file `path`. `clock` tells Unix seconds, `on_news` is called at each new phase."""

    def __init__(self, path: Path, clock: Callable[[], float], on_news: Callable[[], None]) -> None:
        self._path, self._clock, self._on_news = path, clock, on_news
        self._list = _read(path)
        if not self._list:
            self._list = [Phase(STARTING, clock(), MESSAGES[STARTING])]
            self.keep()

    @property
    def current(self) -> str:
        return self._list[-1].status

    @property
    def ending(self) -> bool:
        """Whether the program has ended, or has been told to."""
        return self.current in ENDING

    def enter(self, status: str, *, quietly: bool = False, keep: bool = True) -> None:
        """Begin a phase, unless the attempt is in it or beyond. `quietly`: somebody will tell of it soon anyway.

        Without `keep` a restart knows nothing of it until `keep` is called: of a stop, before it is sure to come.
        """
        if ORDER[status] <= ORDER[self.current]:
            return
        self._list.append(Phase(status, self._clock(), MESSAGES[status]))
        if keep:
            self.keep()
        if not quietly:
            self._on_news()

    def progress(self, status: str, text: str) -> None:
        """Say how far a phase has come, if it is still going on. It is no news, and a restart forgets it."""
        if self.current == status:
            self._list[-1] = replace(self._list[-1], message=f"{MESSAGES[status]}: {text}")

    def keep(self) -> None:
        with suppress(OSError):  # on a full disk they are told as long as this process lives
            write_whole(self._path, json.dumps([astuple(phase) for phase in self._list]).encode())

    def messages(self) -> list[pb.Phase]:
        return [
            pb.Phase(status=phase.status, started_at=instant_to_timestamp(phase.started_at), message=phase.message)
            for phase in self._list
        ]


def _read(path: Path) -> list[Phase]:
    try:
        return [Phase(*fields) for fields in json.loads(path.read_bytes())]
    except (FileNotFoundError, ValueError, TypeError):  # the last: the machine died as it was written
        return []
