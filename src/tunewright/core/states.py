"""The states of a tuning job and of a training job, and the moves between them.

Names in the API are AMT's (`shown`); inside there is one enum each. A move that the table does not list raises
IllegalTransition and changes nothing.

Tuning job:

    RUNNING ──criterion met──▶ COMPLETING ──all ended──▶ COMPLETED
      ▲│├───────stop─────────▶ STOPPING ────all ended──▶ STOPPED
      ││├───────5 failed─────▶ FAILING ─────all ended──▶ FAILED
      ││└───handler's fault──▶ BLOCKED ──unpark──▶ where it was
      │└────────pause────────▶ PAUSED, from which all this may happen too
      └─────────resume────────────┘

Training job:

    READY ──claimed──▶ RUNNING ──exited──▶ EXITED ──summary or deadline──▶ COMPLETED | FAILED | STOPPED
      ▲                  │
      └──── lease lost ──┘    stopped, settled by hand: from each of the three to its end
                                    (LOST is a count of attempts, not a state: the training is READY again, or FAILED)
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tunewright.core.errors import IllegalTransition


class JobState(StrEnum):
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETING = "COMPLETING"
    STOPPING = "STOPPING"
    FAILING = "FAILING"
    BLOCKED = "BLOCKED"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    FAILED = "FAILED"

    @property
    def final(self) -> bool:
        return self in FINAL_JOB_STATES

    @property
    def shown(self) -> str:
        """AMT's HyperParameterTuningJobStatus."""
        return JOB_STATE_SHOWN[self]


class TrainingState(StrEnum):
    READY = "READY"
    RUNNING = "RUNNING"
    EXITED = "EXITED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"

    @property
    def final(self) -> bool:
        return self in FINAL_TRAINING_STATES

    @property
    def shown(self) -> str:
        """AMT's TrainingJobStatus."""
        return self.value.capitalize() if self.final else "InProgress"


STATUSES: Final = ("Completed", "Failed", "InProgress", "Stopped", "Stopping")
"""AMT's, of tuning jobs and of training jobs, in the order of their texts."""


class ObjectiveState(StrEnum):
    """AMT's ObjectiveStatus of a training."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class EndCause(StrEnum):
    """Why a training's process ended, as the trainer saw it."""

    EXITED = "EXITED"
    STOPPED = "STOPPED"
    MAX_RUNTIME_EXCEEDED = "MAX_RUNTIME_EXCEEDED"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    START_FAILED = "START_FAILED"
    SPOOL_FULL = "SPOOL_FULL"
    PREEMPTED = "PREEMPTED"
    LOST = "LOST"
    INPUT_UNUSABLE = "INPUT_UNUSABLE"
    """The data of a channel are missing, may not be read, or cannot be files."""
    OUTPUT_LOST = "OUTPUT_LOST"
    """The program did well, and its model could not be packed."""


NOT_THE_ALGORITHMS: Final = frozenset({EndCause.START_FAILED, EndCause.OUTPUT_LOST, EndCause.PREEMPTED, EndCause.LOST})
"""Ends for which the algorithm cannot be blamed. A training that fails by one counts as RetryableError, else as
NonRetryableError.

    ended by                     whose fault, and what follows
    EXITED with a code not 0     the algorithm's: FAILED
    OUT_OF_MEMORY                the algorithm's: FAILED
    SPOOL_FULL                   the algorithm's, it prints more than an attempt may: FAILED
    INPUT_UNUSABLE               the user's, who named the data: FAILED
    START_FAILED                 nothing of the algorithm has run: again, as often as max_retries says
    OUTPUT_LOST                  the host's, whose disk is full, say: likewise
    PREEMPTED                    the host's: again, as often as max_retries says; without it, as often as a lost one.
                                 Handed back before anything was begun, for want of room: again, and not counted
    LOST                         the host's or ours: again, whatever max_retries says, until the third loss
    STOPPED,
    MAX_RUNTIME_EXCEEDED         nobody's: STOPPED
"""

CLOSING_JOB_STATES: Final = frozenset({JobState.COMPLETING, JobState.STOPPING, JobState.FAILING})
"""Nothing more is started; what runs is being stopped and summarised."""
FINAL_JOB_STATES: Final = frozenset({JobState.COMPLETED, JobState.STOPPED, JobState.FAILED})
FINAL_TRAINING_STATES: Final = frozenset({TrainingState.COMPLETED, TrainingState.FAILED, TrainingState.STOPPED})

JOB_STATE_SHOWN: Final = {
    JobState.RUNNING: "InProgress",
    JobState.PAUSED: "InProgress",
    JobState.COMPLETING: "InProgress",
    JobState.STOPPING: "Stopping",
    JobState.FAILING: "InProgress",
    JobState.BLOCKED: "InProgress",
    JobState.COMPLETED: "Completed",
    JobState.STOPPED: "Stopped",
    JobState.FAILED: "Failed",
}

JOB_MOVES: Final[dict[JobState, frozenset[JobState]]] = {
    JobState.RUNNING: frozenset({JobState.PAUSED, *CLOSING_JOB_STATES, JobState.BLOCKED}),
    JobState.PAUSED: frozenset({JobState.RUNNING, *CLOSING_JOB_STATES, JobState.BLOCKED}),
    JobState.COMPLETING: frozenset({JobState.COMPLETED, JobState.STOPPING, JobState.BLOCKED}),
    JobState.STOPPING: frozenset({JobState.STOPPED, JobState.BLOCKED}),
    JobState.FAILING: frozenset({JobState.FAILED, JobState.STOPPING, JobState.BLOCKED}),
    JobState.BLOCKED: frozenset({JobState.RUNNING, JobState.PAUSED, *CLOSING_JOB_STATES}),
    JobState.COMPLETED: frozenset(),
    JobState.STOPPED: frozenset(),
    JobState.FAILED: frozenset(),
}

TRAINING_MOVES: Final[dict[TrainingState, frozenset[TrainingState]]] = {
    TrainingState.READY: frozenset({TrainingState.RUNNING, *FINAL_TRAINING_STATES}),
    TrainingState.RUNNING: frozenset({TrainingState.EXITED, TrainingState.READY, *FINAL_TRAINING_STATES}),
    TrainingState.EXITED: FINAL_TRAINING_STATES,
    TrainingState.COMPLETED: frozenset(),
    TrainingState.FAILED: frozenset(),
    TrainingState.STOPPED: frozenset(),
}


def move_job(name: str, state: JobState, to: JobState) -> JobState:
    """Return `to`. Raises IllegalTransition if the table does not allow the move."""
    if to not in JOB_MOVES[state]:
        raise IllegalTransition(f"tuning job {name}", state.shown, f"become {to.value}")
    return to


def move_training(name: str, state: TrainingState, to: TrainingState) -> TrainingState:
    """Return `to`. Raises IllegalTransition if the table does not allow the move."""
    if to not in TRAINING_MOVES[state]:
        raise IllegalTransition(f"training job {name}", state.value, f"become {to.value}")
    return to
