"""The two that are compared: Bayesian that lets every training run to its end, and Hyperband that stops most early."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Final

from bench.suggester.curves.problem import CurveProblem
from bench.suggester.peers.ours import Ours
from bench.suggester.peers.peer import Setting
from tunewright.core.space import Configuration
from tunewright.core.spec import HyperbandConfig, Strategy
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Suggestion
from tunewright_suggester.core.suggest import suggest

REDUCTION: Final = 3
"""Hyperband's η."""


class Unstopped:
    """Our Bayesian strategy; no training is stopped."""

    def __init__(self, problem: CurveProblem, seed: int, workers: int, trainings: int) -> None:
        self._optimizer = Ours(Setting(problem.space, seed, trainings, workers))
        self._asked: list[Configuration] = []

    def suggest(self) -> Configuration:
        self._asked.append(self._optimizer.ask())
        return self._asked[-1]

    def judge(self, training: int, step: int, value: float) -> bool:  # noqa: ARG002 - never stops one
        return True

    def ended(self, training: int, steps: int, value: float) -> None:  # noqa: ARG002 - all run equally long
        self._optimizer.tell(self._asked[training], value)


class Hyperband:
    """Our Hyperband strategy, judged at the rungs that come with each suggestion."""

    def __init__(self, problem: CurveProblem, seed: int, workers: int) -> None:
        definition = DefinitionAsk(problem.space)
        config = HyperbandConfig(1, problem.epochs)
        self._ask = Ask(Strategy.HYPERBAND, (definition,), seed=seed, parallel=workers, hyperband=config)
        self._suggested: list[Suggestion] = []
        self._seen: dict[tuple[int, int], list[float]] = defaultdict(list)

    def suggest(self) -> Configuration:
        number = len(self._suggested)
        answer = suggest(replace(self._ask, number=number, started=number))
        self._suggested += answer.suggestions
        return answer.suggestions[0].configuration

    def judge(self, training: int, step: int, value: float) -> bool:
        """Let the best third of those of its bracket that have come to the rung go on (stop-only ASHA)."""
        suggestion = self._suggested[training]
        if step not in suggestion.rungs:
            return True
        seen = self._seen[suggestion.bracket, step]
        seen.append(value)
        if len(seen) < REDUCTION:
            return True
        return value <= sorted(seen)[len(seen) // REDUCTION - 1]

    def ended(self, training: int, steps: int, value: float) -> None:
        """Draws are made whatever came of those before."""
