"""Ours with a parent job of either kind: through the core's ask, since the library knows parents by other names."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.suggester.peers.peer import Setting
from tunewright.core.space import Configuration, Space
from tunewright.core.spec import Strategy, WarmStartType
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Observations, Outcome, Parent
from tunewright_suggester.core.suggest import suggest

Told = tuple[Configuration, float | None]


class WarmStarted:
    def __init__(self, setting: Setting, kind: WarmStartType | None, parents: Sequence[Sequence[Told]]) -> None:
        self._setting, self._kind = setting, kind
        self._parents = tuple(Parent(setting.space, observed(setting.space, told)) for told in parents)
        self._told: list[Told] = []
        self._pending: list[Configuration] = []

    def ask(self) -> Configuration:
        started = len(self._told) + len(self._pending)
        definition = DefinitionAsk(
            self._setting.space,
            observations=observed(self._setting.space, self._told),
            pending=tuple(self._pending),
            parents=self._parents,
        )
        answer = suggest(
            Ask(
                Strategy.BAYESIAN,
                (definition,),
                seed=self._setting.seed,
                number=started,
                started=started,
                budget=max(self._setting.budget - started, 1),
                parallel=self._setting.parallel,
                warm_start=self._kind,
            )
        )
        self._pending.append(answer.suggestions[0].configuration)
        return self._pending[-1]

    def tell(self, configuration: Configuration, value: float | None) -> None:
        self._pending.remove(configuration)
        self._told.append((configuration, value))

    def close(self) -> None:
        """Holds nothing but memory."""

    @property
    def told(self) -> Sequence[Told]:
        return self._told


def observed(space: Space, told: Sequence[Told]) -> Observations:
    return Observations(
        {name: tuple(configuration[name] for configuration, _ in told) for name in space},
        tuple(Outcome.FAILED if value is None else Outcome.COMPLETED for _, value in told),
        tuple(math.nan if value is None else value for _, value in told),
        (0,) * len(told),
        tuple(range(1, len(told) + 1)),
    )
