"""Bayesian optimisation: default point, a small design, then the largest log expected improvement under a GP.

Several suggestions of one ask are made one after the other, each pending for the next. Definitions have a model each;
whose turn it is, is decided in sharing.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import log_ndtr, logsumexp

from tunewright.core.errors import SpaceExhausted
from tunewright.core.space import size
from tunewright.core.spec import Direction
from tunewright.surrogate.encoding import Array
from tunewright.surrogate.gp import Posterior
from tunewright.surrogate.model import Model
from tunewright_suggester.core.acquisition import LogExpectedImprovement
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Outlook, Provenance, Source, Suggestion
from tunewright_suggester.core.design import POINTS, default_coordinates, initial_design
from tunewright_suggester.core.drawing import fresh_draw
from tunewright_suggester.core.effort import effort_of
from tunewright_suggester.core.knowledge import Knowledge, knowledge_of
from tunewright_suggester.core.model import FEWEST_TO_FIT, fit_model
from tunewright_suggester.core.outlook import outlook_of
from tunewright_suggester.core.recommendation import best_own
from tunewright_suggester.core.search import Search
from tunewright_suggester.core.streams import Stream, generator
from tunewright_suggester.core.transfer import FEWEST_TO_LEARN_FROM, Witness, informed, recommended_by, witnesses

ANCHORS: Final = 5
"""Best observations around which candidates are sought."""


@dataclass(frozen=True, slots=True)
class Step:
    """One suggestion, with what led to it."""

    suggestion: Suggestion
    u: Array
    knowledge: Knowledge
    model: Model | None = None
    acquisition: LogExpectedImprovement | None = None
    outlook: Outlook | None = None


class Proposer:
    """Proposes configurations of one definition within one ask; each is pending for the next."""

    def __init__(self, ask: Ask, definition: DefinitionAsk) -> None:
        self._ask, self._definition = ask, definition
        self._effort = effort_of(ask.effort)
        self._knowledge = knowledge_of(definition, ask.direction, ask.warm_start)
        self._proposed = 0
        self._model: Model | None = None
        self._witnesses: tuple[Witness, ...] | None = None
        self._candidate: Step | None = None

    @property
    def parameters(self) -> int:
        """How many are free."""
        return len(self._knowledge.encoding.axes)

    @property
    def trainings(self) -> int:
        """How many were observed, are pending, or were taken."""
        return self._knowledge.trainings

    def candidate(self) -> Step | None:
        """Return the next configuration that is neither observed nor pending, None where there is none."""
        if self._candidate is None:
            self._candidate = self._first_of(self._from_design, self._from_model, self._from_draws)
        return self._candidate

    def propose(self) -> Step | None:
        """Return the candidate and count it as pending."""
        return self._counted(self.candidate())

    def propose_by_model(self) -> Step | None:
        """As propose, without the initial design."""
        return self._counted(self._first_of(self._from_model, self._from_draws))

    def propose_by_chance(self) -> Step | None:
        """As propose, by a random draw."""
        return self._counted(self._first_of(self._from_draws))

    def _first_of(self, *ways: Callable[[], Step | None]) -> Step | None:
        total = size(self._definition.space)
        if total is not None and len(self._knowledge.known) >= total:
            return None
        return next((step for way in ways if (step := way()) is not None), None)

    def _counted(self, step: Step | None) -> Step | None:
        if step is not None:
            self._knowledge = self._knowledge.with_pending(step.u)
            self._proposed += 1
            self._candidate = None
        return step

    def best(self) -> float | None:
        """Return the loss that the model expects of the best configuration so far; None: there is no model yet."""
        step = self.candidate()
        if step is None or step.model is None or step.acquisition is None:
            return None
        return step.model.objective_of(float(step.acquisition.best.mean()))

    def recommended(self) -> tuple[float, int] | None:
        """Return the best posterior mean of the job's own trainings, as a loss, and that training's number.

        None: no model has been fitted for this ask.
        """
        if self._model is None:
            return None
        best = best_own(self._model, self._knowledge, self._effort)
        return None if best is None else (best[1], self._knowledge.numbers[best[0]])

    def log_chance(self, loss: float) -> float:
        """Return the logarithm of the candidate's probability of beating a loss. There must be a model."""
        step = self.candidate()
        if step is None or step.model is None or step.acquisition is None:
            raise ValueError("there is no model to say")
        means, deviations = step.acquisition.posterior.predict(step.knowledge.encoding.features(step.u[None, :]))
        z = (step.model.bend.apply(np.array([loss])) - means[0]) / deviations[0]
        return float(logsumexp(log_ndtr(z)) - np.log(len(z)))

    def _from_design(self) -> Step | None:
        for drawn, source in self._design():
            # Known is what comes back: a real number need not survive the way to its configuration and back to the bit.
            step = self._step(drawn, Provenance(source))
            if step.u.tobytes() not in self._knowledge.known:
                return step
        return None

    def _design(self) -> Iterator[tuple[Array, Source]]:
        """Yield what is tried before the model is asked: the default, a few that spread, and what parents recommend.

        Two come before the parents': where trainings run one by one, their ranks tell a parent that misleads before it
        has cost anything. Evidence of parents makes the design shorter, and the default is then only tried if it is the
        user's own; hearsay that agrees with what has been observed ends it.
        """
        knowledge, given = self._knowledge, self._definition.default_point
        if given and knowledge.trainings == knowledge.told:
            yield default_coordinates(knowledge.encoding, given), Source.DEFAULT
        if knowledge.trainings > POINTS or self._believes_parents():
            return
        design = initial_design(knowledge.encoding, given, self._ask.seed)
        if given or not knowledge.told:
            yield design[0], Source.DEFAULT
        yield design[1], Source.INITIAL
        yield from ((u, Source.PARENT) for u in recommended_by(self._parents(), knowledge))
        yield from ((u, Source.INITIAL) for u in design[2:])

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
        model = self._fitted()
        seen = knowledge.kept(self._effort.active_set)
        posterior = model.with_fantasies(knowledge.encoding.features(knowledge.P), self._normals())
        acquisition = LogExpectedImprovement(posterior, incumbent(posterior, seen))
        search = Search(knowledge.encoding, acquisition, self._effort, knowledge.known)
        found = search.run(anchors(posterior, seen), self._random(Stream.CANDIDATES))
        if found is None:
            return None
        provenance = self._provenance(model, acquisition, found.u, found.value)
        outlook = None
        if not self._proposed:  # of several suggestions, the first one's is asked for
            outlook = outlook_of(self._ask, model, posterior, knowledge, found.u, self._random(Stream.OUTLOOK))
        return replace(self._step(found.u, provenance), model=model, acquisition=acquisition, outlook=outlook)

    def _fitted(self) -> Model:
        if self._model is None:
            parents = self._judged_parents()
            model = fit_model(self._knowledge, self._effort)
            self._model = informed(model, self._knowledge.y, parents) if parents else model
        return self._model

    def _believes_parents(self) -> bool:
        return bool(self._judged_parents()) and self._fitted().data.relation is not None

    def _judged_parents(self) -> tuple[Witness, ...]:
        """Return the parents once enough has been observed to tell what they are worth."""
        return self._parents() if len(self._knowledge.y) >= FEWEST_TO_LEARN_FROM else ()

    def _parents(self) -> tuple[Witness, ...]:
        if self._witnesses is None:
            self._witnesses = witnesses(self._knowledge, self._effort)
        return self._witnesses

    def _normals(self) -> Array:
        return self._random(Stream.FANTASIES).standard_normal((len(self._knowledge.P), self._effort.fantasies))

    def _provenance(self, model: Model, acquisition: LogExpectedImprovement, u: Array, value: float) -> Provenance:
        means, deviations = acquisition.posterior.predict(self._knowledge.encoding.features(u[None, :]))
        mean, deviation = float(means.mean()), float(deviations[0])
        source = Source.EXPLOIT if mean < acquisition.best.mean() else Source.EXPLORE
        sign = -1.0 if self._ask.direction is Direction.MAXIMIZE else 1.0
        return Provenance(source, sign * model.objective_of(mean), model.deviation_of(mean, deviation), value)

    def _step(self, u: Array, provenance: Provenance) -> Step:
        configuration = self._knowledge.encoding.configuration(u)
        suggestion = Suggestion(configuration, provenance, self._definition.name)
        return Step(suggestion, self._knowledge.encoding.point(configuration), self._knowledge)

    def _random(self, stream: Stream) -> np.random.Generator:
        return generator(self._ask.seed, self._ask.number, stream, self._proposed)


def incumbent(posterior: Posterior, knowledge: Knowledge) -> Array:
    """Return the smallest posterior mean (q,) over what was observed and is pending: noise does not fool it."""
    best: Array = posterior.mean(knowledge.encoding.features(knowledge.places)).min(0)
    return best


def anchors(posterior: Posterior, knowledge: Knowledge) -> Array:
    """Return the observed coordinates (k, g) of the smallest posterior means, around which candidates are sought."""
    U = knowledge.U[knowledge.inside]
    if not len(U):
        return U
    mean = posterior.mean(knowledge.encoding.features(U))
    return U[np.argsort(mean.mean(1), kind="stable")[:ANCHORS]]
