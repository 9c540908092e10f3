"""A job and what it stands on, at one moment: what a diagnosis looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright_scheduler.core.collectors import Collectors
from tunewright_scheduler.core.controls import Controls
from tunewright_scheduler.core.fitting import NOTHING, Demand
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
    taking: Mapping[str, Demand] = field(default_factory=dict)
    """What the trainings of a definition take of a host, by its name."""
    owner_runs: int = 0
    """Trainings under a lease of all its owner's jobs; counted only under a quota."""
    untold_since: float | None = None
    """When the oldest event was written that has not been published."""
    collectors: Collectors = NO_COLLECTORS

    def holder(self, training: Training) -> Session | None:
        """Return the session that holds a training; None: it is gone, or nobody has it."""
        return next((session for session in self.holders if session.trainer_id == training.holder), None)

    @property
    def ready(self) -> list[Training]:
        """Those that are there to be claimed; a paused job's are not."""
        return [training for training in self.trainings if training.claimable]

    def demand(self, training: Training) -> Demand:
        """Return what a training takes of a host."""
        return self.taking.get(training.definition_name, NOTHING)

    def demands(self, pool: str) -> list[Demand]:
        """Return what those take that are there to be claimed in a pool, each once."""
        return list(dict.fromkeys(self.demand(training) for training in self.ready if training.pool == pool))

    @property
    def running(self) -> list[Training]:
        return [training for training in self.trainings if training.state is TrainingState.RUNNING]

    @property
    def exited(self) -> list[Training]:
        return [training for training in self.trainings if training.state is TrainingState.EXITED]
