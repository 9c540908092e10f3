"""Bayesian optimisation: default point, a small design, then the largest log expected improvement under a GP.

Several suggestions of one ask are made one after the other, each pending for the next. Definitions take turns, with a
model each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from tunewright.core.draws import random_configuration
from tunewright.core.errors import SpaceExhausted
from tunewright.core.space import size
from tunewright.core.spec import Direction
from tunewright_suggester.core.acquisition import LogExpectedImprovement
from tunewright_suggester.core.ask import Answer, Ask, DefinitionAsk, Outlook, Provenance, Source, Suggestion
from tunewright_suggester.core.design import POINTS, default_coordinates, initial_design
from tunewright_suggester.core.effort import effort_of
from tunewright_suggester.core.encoding import Array
from tunewright_suggester.core.gp import Posterior
from tunewright_suggester.core.knowledge import Knowledge, knowledge_of
from tunewright_suggester.core.model import Model, fit_model
from tunewright_suggester.core.outlook import outlook_of
from tunewright_suggester.core.search import Search
from tunewright_suggester.core.streams import Stream, generator
from tunewright_suggester.core.transfer import Witness, informed, recommended_by, witnesses

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
    for index in range(ask.started, ask.started + ask.count):
        turn = index % len(proposers)
        for proposer in proposers[turn:] + proposers[:turn]:
            step = proposer.propose()
            if step is not None:
                yield step
                break


class Proposer:
    """Proposes configurations of one definition within one ask; each is pending for the next."""

    def __init__(self, ask: Ask, definition: DefinitionAsk) -> None:
        self._ask, self._definition = ask, definition
        self._effort = effort_of(ask.effort)
        self._knowledge = knowledge_of(definition, ask.direction, ask.warm_start)
        self._proposed = 0
        self._model: Model | None = None
        self._witnesses: tuple[Witness, ...] | None = None

    def propose(self) -> Step | None:
        """Return the next configuration that is neither observed nor pending, None where there is none."""
        total = size(self._definition.space)
        if total is not None and len(self._knowledge.known) >= total:
            return None
        step = self._from_design() or self._from_model() or self._from_draws()
        if step is not None:
            self._knowledge = self._knowledge.with_pending(step.u)
            self._proposed += 1
        return step

    def _from_design(self) -> Step | None:
        for drawn, source in self._design():
            # As it will come back: a real number need not survive the way to its configuration and back to the bit.
            u = self._knowledge.encoding.point(self._knowledge.encoding.configuration(drawn))
            if u.tobytes() not in self._knowledge.known:
                return self._step(u, Provenance(source))
        return None

    def _design(self) -> Iterator[tuple[Array, Source]]:
        """Yield what is tried before the model is asked: the default, what parents recommend, and a few that spread.

        Evidence of parents makes it shorter, and the default is then only tried if it is the user's own; hearsay that
        agrees with what has been observed ends it.
        """
        knowledge, given = self._knowledge, self._definition.default_point
        if given and knowledge.trainings == knowledge.told:
            yield default_coordinates(knowledge.encoding, given), Source.DEFAULT
        if knowledge.trainings > POINTS or self._believes_parents():
            return
        yield from ((u, Source.PARENT) for u in recommended_by(self._parents(), knowledge))
        design = initial_design(knowledge.encoding, given, self._ask.seed)
        if given or not knowledge.told:
            yield design[0], Source.DEFAULT
        yield from ((u, Source.INITIAL) for u in design[1:])

    def _from_draws(self) -> Step | None:
        """Take the first draw that is not known; a space of n configurations has one among its first n draws."""
        draw = self._ask.started + self._proposed
        for attempt in range(len(self._knowledge.known) + 1):
            try:
                configuration = random_configuration(self._definition.space, self._ask.seed, draw + attempt)
            except SpaceExhausted:
                draw = -attempt
                configuration = random_configuration(self._definition.space, self._ask.seed, 0)
            u = self._knowledge.encoding.point(configuration)
            if u.tobytes() not in self._knowledge.known:
                return self._step(u, Provenance(Source.RANDOM))
        return None

    def _from_model(self) -> Step | None:
        knowledge = self._knowledge
        if len(knowledge.y) < FEWEST_TO_FIT:
            return None
        model = self._fitted()
        posterior = model.with_fantasies(knowledge.encoding.features(knowledge.P), self._normals())
        acquisition = LogExpectedImprovement(posterior, incumbent(posterior, knowledge))
        search = Search(knowledge.encoding, acquisition, self._effort, knowledge.known)
        found = search.run(self._anchors(posterior), self._random(Stream.CANDIDATES))
        if found is None:
            return None
        provenance = self._provenance(model, acquisition, found.u, found.value)
        outlook = outlook_of(model, acquisition, knowledge, found.u, self._ask.budget)
        return self._step(found.u, provenance, model, outlook)

    def _fitted(self) -> Model:
        if self._model is None:
            parents = self._parents()
            model = fit_model(self._knowledge, self._effort)
            self._model = informed(model, self._knowledge.y, parents) if parents else model
        return self._model

    def _believes_parents(self) -> bool:
        enough = len(self._knowledge.y) >= FEWEST_TO_FIT
        return enough and bool(self._parents()) and self._fitted().data.relation is not None

    def _parents(self) -> tuple[Witness, ...]:
        if self._witnesses is None:
            self._witnesses = witnesses(self._knowledge, self._effort)
        return self._witnesses

    def _normals(self) -> Array:
        return self._random(Stream.FANTASIES).standard_normal((len(self._knowledge.P), self._effort.fantasies))

    def _anchors(self, posterior: Posterior) -> Array:
        U = self._knowledge.U[self._knowledge.inside]
        if not len(U):
            return U
        mean, _ = posterior.predict(self._knowledge.encoding.features(U))
        return U[np.argsort(mean.mean(1), kind="stable")[:ANCHORS]]

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
    mean, _ = posterior.predict(knowledge.encoding.features(knowledge.places))
    best: Array = mean.min(0)
    return best
