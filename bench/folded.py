"""A tuning job folded in this process by the cores of scheduler and suggester: no services, no store, no clock.

Trainings run one after the other; time counts those that have ended.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

from tunewright.core.space import Configuration, Space
from tunewright.core.spec import Definition, Direction, Limits, Objective, Strategy, TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright_scheduler.core.asking import Answered
from tunewright_scheduler.core.decide import Message, ProcessEnded, Tick, TrainingEnded, decide
from tunewright_scheduler.core.effects import PutAsk, StartTraining
from tunewright_scheduler.core.job import Ask, Ending, Outlook, Provenance, Suggestion, TuningJob
from tunewright_suggester.core import ask as asked
from tunewright_suggester.core.suggest import suggest


class Folded:
    """A job that minimises, up to `budget` trainings."""

    def __init__(self, space: Space, strategy: Strategy, seed: int, budget: int) -> None:
        limits = Limits(max_parallel=1, max_trainings=budget)
        self.spec = TuningJobSpec(
            "folded", (Definition("none"),), Objective("loss", Direction.MINIMIZE), limits, strategy
        )
        self.job = TuningJob("folded", "folded", "bench", created_at=0.0, modified_at=0.0, seed=seed)
        self._space = space
        self._tried: list[Configuration] = []
        self._values: list[float] = []
        self._waiting: deque[tuple[int, Configuration]] = deque()

    @property
    def converged_after(self) -> int | None:
        """Return how many trainings had ended when the job converged; None: it has not."""
        return None if self.job.converged_at is None else round(self.job.converged_at)

    def trainings(self) -> Iterator[tuple[int, Configuration]]:
        """Yield number and configuration of each training; say how it ended before asking for the next."""
        self._fold(Tick())
        while self._waiting:
            number, configuration = self._waiting.popleft()
            self._tried.append(configuration)
            yield number, configuration

    def ended(self, number: int, value: float | None) -> None:
        """Say how a training has ended; None: it failed."""
        self._values.append(math.nan if value is None else value)
        state = TrainingState.FAILED if value is None else TrainingState.COMPLETED
        self._fold(ProcessEnded(number))
        self._fold(TrainingEnded(Ending(number, state, retryable=False, objective=value, reason="")))

    def _fold(self, message: Message) -> None:
        now = float(self.job.observations + isinstance(message, TrainingEnded))
        decision = decide(self.job, self.spec, message, now)
        self.job = decision.job
        for effect in decision.effects:
            match effect:
                case StartTraining(number, suggestion):
                    self._waiting.append((number, suggestion.configuration))
                case PutAsk(ask):
                    self._fold(self._answer(ask))
                case _:
                    pass

    def _answer(self, ask: Ask) -> Answered:
        answer = suggest(self._asked(ask))
        suggestions = tuple(
            Suggestion(item.configuration, Provenance(item.provenance.source)) for item in answer.suggestions
        )
        outlook = None if answer.outlook is None else Outlook(answer.outlook.probability, answer.outlook.gain)
        return Answered(ask.number, suggestions, exhausted=answer.exhausted, outlook=outlook)

    def _asked(self, ask: Ask) -> asked.Ask:
        told = len(self._values)
        observations = asked.Observations(
            columns={name: tuple(configuration[name] for configuration in self._tried[:told]) for name in self._space},
            outcomes=tuple(
                asked.Outcome.FAILED if math.isnan(value) else asked.Outcome.COMPLETED for value in self._values
            ),
            values=tuple(self._values),
            steps=(0,) * told,
            numbers=tuple(range(1, told + 1)),
        )
        return asked.Ask(
            strategy=self.spec.strategy,
            definitions=(asked.DefinitionAsk(self._space, observations=observations),),
            seed=self.job.seed,
            number=ask.number,
            count=ask.count,
            started=ask.started,
            budget=ask.budget,
        )
