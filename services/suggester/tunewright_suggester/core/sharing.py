"""Which definition gets the next training of a job that tunes several.

Each first gets a share of its own: min(2 (d + 1), N / (3 K)) trainings, with d free parameters, N trainings in all and
K definitions. From then on a training goes to a definition with the probability that what it proposes beats the best of
all (Thompson 1933, "On the likelihood that one unknown probability exceeds another"), so that a hopeless definition is
left without ever being given up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from tunewright.core.draws import uniform
from tunewright_suggester.core.ask import Answer, Ask
from tunewright_suggester.core.bayesian import Proposer, Step

EVEN: Final = -float(np.log(2.0))
"""Logarithm of the chance of a definition of which too little is known to fit a model."""


def suggest_bayesian(ask: Ask) -> Answer:
    """Answer an ask. Raises: InvalidSpec: no such effort tier."""
    proposers = [Proposer(ask, definition) for definition in ask.definitions]
    taken = list(_steps(ask, proposers))
    outlook = next((step.outlook for step in taken if step.outlook is not None), None)
    best = min((best for proposer in proposers if (best := proposer.recommended()) is not None), default=None)
    return Answer(
        tuple(step.suggestion for step in taken),
        outlook,
        exhausted=len(taken) < ask.count,
        recommended=None if best is None else best[1],
    )


def steps(ask: Ask) -> Iterator[Step]:
    """Yield the suggestions of an ask in order; fewer than its count where the spaces are exhausted."""
    yield from _steps(ask, [Proposer(ask, definition) for definition in ask.definitions])


def _steps(ask: Ask, proposers: Sequence[Proposer]) -> Iterator[Step]:
    for index in range(ask.started, ask.started + ask.count):
        step = _next(ask, proposers, index)
        if step is None:
            return
        yield step


def _next(ask: Ask, proposers: Sequence[Proposer], index: int) -> Step | None:
    """Return suggestion `index` of the job, counted from 0, by the definition whose it is; None: all are exhausted."""
    open_ = [proposer for proposer in proposers if proposer.candidate() is not None]
    if not open_:
        return None
    if len(proposers) == 1:
        return open_[0].propose()
    waiting = [proposer for proposer in open_ if proposer.trainings < first_share(ask, proposer.parameters)]
    if waiting:
        return min(waiting, key=lambda proposer: proposer.trainings).propose()
    return open_[_drawn(log_chances(open_), uniform(ask.seed, index, "/definition"))].propose()


def first_share(ask: Ask, parameters: int) -> int:
    """Return how many trainings a definition of so many free parameters gets before it has to compete."""
    wanted = 2 * (parameters + 1)
    if ask.budget is None:
        return wanted
    return min(wanted, (ask.started + ask.budget) // (3 * len(ask.definitions)))


def log_chances(proposers: Sequence[Proposer]) -> list[float]:
    """Return the logarithm of each proposer's probability of beating the best of all, which they share."""
    bests = [best for proposer in proposers if (best := proposer.best()) is not None]
    return [EVEN if proposer.best() is None else proposer.log_chance(min(bests)) for proposer in proposers]


def _drawn(logs: Sequence[float], share: float) -> int:
    """Return the place in which `share` in [0, 1) of the summed chances lies."""
    weights = np.exp(np.array(logs) - max(logs))
    return min(int(np.searchsorted(weights.cumsum(), share * weights.sum(), side="right")), len(logs) - 1)
