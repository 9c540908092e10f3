"""A job and what it stands on, at one moment: what a diagnosis looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright_scheduler.core.collectors import Collectors
from tunewright_scheduler.core.controls import Controls
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.pools import Pool
from tunewright_scheduler.core.session import LeaseTerms, Session
from tunewright_scheduler.core.training import Training

NO_CONTROLS: Final = Controls()
NO_COLLECTORS: Final = Collectors()


@dataclass(frozen=True, slots=True)
class Situation:
    """One job and what it stands on."""

    now: float
    job: TuningJob
    spec: TuningJobSpec
    terms: LeaseTerms
    controls: Controls = NO_CONTROLS
    trainings: tuple[Training, ...] = ()
    """In flight; of very many, some."""
    holders: tuple[Session, ...] = ()
    """Sessions that hold them."""
    pools: tuple[Pool, ...] = ()
    """Where trainings of it wait to be claimed."""
    owner_runs: int = 0
    """Trainings under a lease of all its owner's jobs; counted only under a quota."""
    untold_since: float | None = None
    """When the oldest event was written that has not been published."""
    collectors: Collectors = NO_COLLECTORS

    @property
    def ready(self) -> list[Training]:
        """Those that are there to be claimed; a paused job's are not."""
        return [training for training in self.trainings if training.claimable]

    @property
    def running(self) -> list[Training]:
        return [training for training in self.trainings if training.state is TrainingState.RUNNING]

    @property
    def exited(self) -> list[Training]:
        return [training for training in self.trainings if training.state is TrainingState.EXITED]
