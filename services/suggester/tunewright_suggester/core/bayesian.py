"""Bayesian optimisation: default point, a small design, then the largest log expected improvement under a GP.

Several suggestions of one ask are made one after the other, each pending for the next. Definitions take turns, with a
model each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from tunewright.core.errors import SpaceExhausted
from tunewright.core.space import size
from tunewright.core.spec import Direction
from tunewright_suggester.core.acquisition import LogExpectedImprovement
from tunewright_suggester.core.ask import Answer, Ask, DefinitionAsk, Outlook, Provenance, Source, Suggestion
from tunewright_suggester.core.design import POINTS, initial_design
from tunewright_suggester.core.drawing import fresh_draw, turns
from tunewright_suggester.core.effort import effort_of
from tunewright_suggester.core.encoding import Array
from tunewright_suggester.core.gp import Posterior
from tunewright_suggester.core.knowledge import Knowledge, knowledge_of
from tunewright_suggester.core.model import Model, fit_model
from tunewright_suggester.core.outlook import outlook_of
from tunewright_suggester.core.search import Search
from tunewright_suggester.core.streams import Stream, generator

FEWEST_TO_FIT: Final = 3
ANCHORS: Final = 5
"""Best observations around which candidates are sought."""


@dataclass(frozen=True, slots=True)
class Step:
    """One suggestion, with what led to it."""

    suggestion: Suggestion
    u: Array
    knowledge: Knowledge
    model: Model | None = None
    outlook: Outlook | None = None


def suggest_bayesian(ask: Ask) -> Answer:
    """Answer an ask. Raises: InvalidSpec: no such effort tier."""
    taken = list(steps(ask))
    outlook = next((step.outlook for step in taken if step.outlook is not None), None)
    return Answer(tuple(step.suggestion for step in taken), outlook, exhausted=len(taken) < ask.count)


def steps(ask: Ask) -> Iterator[Step]:
    """Yield the suggestions of an ask in order; fewer than its count where the spaces are exhausted."""
    proposers = [Proposer(ask, definition) for definition in ask.definitions]
    for _, order in turns(ask):
        for place in order:
            step = proposers[place].propose()
            if step is not None:
                yield step
                break


class Proposer:
    """Proposes configurations of one definition within one ask; each is pending for the next."""

    def __init__(self, ask: Ask, definition: DefinitionAsk) -> None:
        self._ask, self._definition = ask, definition
        self._effort = effort_of(ask.effort)
        self._knowledge = knowledge_of(definition, ask.direction)
        self._proposed = 0
        self._model: Model | None = None

    def propose(self) -> Step | None:
        """Return the next configuration that is neither observed nor pending, None where there is none."""
        return self._first_of(self._from_design, self._from_model, self._from_draws)

    def propose_by_model(self) -> Step | None:
        """As propose, without the initial design."""
        return self._first_of(self._from_model, self._from_draws)

    def propose_by_chance(self) -> Step | None:
        """As propose, by a random draw."""
        return self._first_of(self._from_draws)

    def _first_of(self, *ways: Callable[[], Step | None]) -> Step | None:
        total = size(self._definition.space)
        if total is not None and len(self._knowledge.known) >= total:
            return None
        step = next((step for way in ways if (step := way()) is not None), None)
        if step is not None:
            self._knowledge = self._knowledge.with_pending(step.u)
            self._proposed += 1
        return step

    def _from_design(self) -> Step | None:
        knowledge = self._knowledge
        if knowledge.trainings > POINTS:
            return None
        design = initial_design(knowledge.encoding, self._definition.default_point, self._ask.seed)
        for place, drawn in enumerate(design):
            # As it will come back: a real number need not survive the way to its configuration and back to the bit.
            u = knowledge.encoding.point(knowledge.encoding.configuration(drawn))
            if u.tobytes() not in knowledge.known:
                return self._step(u, Provenance(Source.INITIAL if place else Source.DEFAULT))
        return None

    def _from_draws(self) -> Step | None:
        encoding, known = self._knowledge.encoding, self._knowledge.known
        try:
            configuration = fresh_draw(
                self._definition.space,
                self._ask.seed,
                self._ask.started + self._proposed,
                lambda drawn: encoding.point(drawn).tobytes() in known,
                len(known),
            )
        except SpaceExhausted:
            return None
        return self._step(encoding.point(configuration), Provenance(Source.RANDOM))

    def _from_model(self) -> Step | None:
        knowledge = self._knowledge
        if len(knowledge.y) < FEWEST_TO_FIT:
            return None
        if self._model is None:
            self._model = fit_model(knowledge, self._effort)
        posterior = self._model.with_fantasies(knowledge.encoding.features(knowledge.P), self._normals())
        acquisition = LogExpectedImprovement(posterior, incumbent(posterior, knowledge))
        search = Search(knowledge.encoding, acquisition, self._effort, knowledge.known)
        found = search.run(self._anchors(posterior), self._random(Stream.CANDIDATES))
        if found is None:
            return None
        provenance = self._provenance(self._model, acquisition, found.u, found.value)
        outlook = outlook_of(self._model, acquisition, knowledge, found.u, self._ask.budget)
        return self._step(found.u, provenance, self._model, outlook)

    def _normals(self) -> Array:
        return self._random(Stream.FANTASIES).standard_normal((len(self._knowledge.P), self._effort.fantasies))

    def _anchors(self, posterior: Posterior) -> Array:
        mean, _ = posterior.predict(self._knowledge.encoding.features(self._knowledge.U))
        return self._knowledge.U[np.argsort(mean.mean(1), kind="stable")[:ANCHORS]]

    def _provenance(self, model: Model, acquisition: LogExpectedImprovement, u: Array, value: float) -> Provenance:
        means, deviations = acquisition.posterior.predict(self._knowledge.encoding.features(u[None, :]))
        mean, deviation = float(means.mean()), float(deviations[0])
        source = Source.EXPLOIT if mean < acquisition.best.mean() else Source.EXPLORE
        sign = -1.0 if self._ask.direction is Direction.MAXIMIZE else 1.0
        return Provenance(source, sign * model.objective_of(mean), model.deviation_of(mean, deviation), value)

    def _step(
        self, u: Array, provenance: Provenance, model: Model | None = None, outlook: Outlook | None = None
    ) -> Step:
        configuration = self._knowledge.encoding.configuration(u)
        suggestion = Suggestion(configuration, provenance, self._definition.name)
        return Step(suggestion, self._knowledge.encoding.point(configuration), self._knowledge, model, outlook)

    def _random(self, stream: Stream) -> np.random.Generator:
        return generator(self._ask.seed, self._ask.number, stream, self._proposed)


def incumbent(posterior: Posterior, knowledge: Knowledge) -> Array:
    """Return the smallest posterior mean (q,) over what was observed and is pending: noise does not fool it."""
    places = np.vstack([knowledge.U, knowledge.P])
    mean, _ = posterior.predict(knowledge.encoding.features(places))
    best: Array = mean.min(0)
    return best
