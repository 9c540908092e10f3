"""What a training is doing and from when on, in AMT's words: its SecondaryStatusTransitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STARTING: Final = "Starting"
DOWNLOADING: Final = "Downloading"
PENDING: Final = "Pending"
"""Something keeps its program from being started: no node, no image, an engine that is away."""
TRAINING: Final = "Training"
STOPPING: Final = "Stopping"
INTERRUPTED: Final = "Interrupted"
"""It was taken from its host, or is about to be, and another attempt goes on."""
UPLOADING: Final = "Uploading"
ENDING: Final = frozenset({STOPPING, INTERRUPTED, UPLOADING})
"""Its program has been told to stop, or has ended."""

MESSAGES: Final = {
    STARTING: "Preparing the instances for training",
    DOWNLOADING: "Downloading input data",
    PENDING: "Not started yet",
    TRAINING: "Training image download completed. Training in progress.",
    STOPPING: "Stopping the training job",
    UPLOADING: "Uploading generated training model",
}
"""What AMT says of each, where nobody says more."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Lasts until the next one begins, or the training ends. Fields as in v1.Phase and v1.Transition."""

    status: str
    """AMT's SecondaryStatus."""
    started_at: float
    """Unix seconds."""
    message: str = ""
    """For a person: how far it has come, what became of it, why."""
