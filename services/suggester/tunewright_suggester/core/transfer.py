"""What is learnt from hearsay: parents' observations beside the child's, each parent with a discrepancy of its own.

What parent j saw at x is taken for the child's objective after a rising straight line, plus a discrepancy: a process
with the kernel of the child's, δ_j times as large (the intrinsic model of coregionalisation, Bonilla, Chai and Williams
2008, "Multi-task Gaussian process prediction", section 2, with a correlation of (1 + δ_j)^-½). So scales may differ, a
parent whose surface is a little off still tells its shape, and what the child sees itself always weighs more.

δ_j is the one of the largest leave-one-out density of the child's own observations. A parent that ranks them the wrong
way round, or with which they are hardly likelier than without, is not heard: the model is then bit for bit the one
without parents. What parents found best is tried after two trainings of the child, if these do not refute it; tried
first, a negated parent held Hartmann's function up for five evaluations, in each of three runs.

Measured and dropped: the parents' posterior means as prior mean of the child's process, which forgets how sure they are
and learnt less from the same ones; and falling lines. A negated parent has tuned towards the child's worst: beyond five
observations of the child, in four parameters and more, it made no run's observations likelier by what it should cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tunewright.surrogate.bend import Bend
from tunewright.surrogate.encoding import Array
from tunewright.surrogate.gp import Data, Posterior, fit
from tunewright.surrogate.model import Model
from tunewright.surrogate.triangular import diagonal, inverse
from tunewright_suggester.core.effort import Effort
from tunewright_suggester.core.knowledge import Knowledge
from tunewright_suggester.core.model import fit_model

FEWEST_TO_LEARN_FROM: Final = 3
"""Observations, of a parent and of the child."""
ROOM: Final = 90
"""Observations of a model with parents, at most: the child's own, as they come in, take the parents' place."""
MOST_HEARD: Final = 3
"""Parents in a model, those that make the child's observations likeliest."""
EVALUATIONS: Final = 40
"""Of the likelihoods of the parents' own models, shared among them; model.py spends half of a share, as the other half
is for a fit after the choice of the bend, which parents go without: five would cost more than the child's own model."""
REFINING_EVALUATIONS: Final = 6
"""Of the likelihood of all observations together, from the best parent's hyperparameters."""
DISCREPANCIES: Final = (0.03, 0.3, 3.0)
PRICE: Final = 2.0
"""By how much a parent must raise the log density: its line has two parameters fitted to what is foretold (Akaike 1974,
"A new look at the statistical model identification")."""
RECOMMENDED: Final = 2
"""Asks of the initial design that follow the parents, at most; and never more than there are parents."""
APART: Final = 0.2
"""Distance between them, in features."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A parent, with the model of what it saw."""

    U: Array
    """(k, g): coordinates of those of its observations that lie in the child's space."""
    X: Array
    """(m, p): features of its observations."""
    y: Array
    """(m,): losses, on its own scale."""
    model: Model
    posterior: Posterior

    def foretold(self, X: Array) -> Array:
        """Return the losses (n,) that it expects at features X (n, p), on its own scale."""
        mean, _ = self.posterior.predict(X)
        return np.array([self.model.objective_of(target) for target in mean[:, 0].tolist()])


def witnesses(knowledge: Knowledge, effort: Effort) -> tuple[Witness, ...]:
    """Fit a model to each parent that saw enough; none where the child has seen enough itself."""
    heard = [parent for parent in knowledge.hearsay if len(parent.y) >= FEWEST_TO_LEARN_FROM]
    limit = (ROOM - len(knowledge.y)) // max(min(len(heard), MOST_HEARD), 1)
    if not heard or limit < FEWEST_TO_LEARN_FROM:
        return ()
    modest = replace(effort, active_set=limit, fit_starts=0, fit_evaluations=EVALUATIONS // len(heard))
    kept = [parent.kept(limit) for parent in heard]
    models = [fit_model(parent, modest) for parent in kept]
    return tuple(
        Witness(parent.U[parent.inside], parent.encoding.features(parent.U), parent.y, model, model.posterior())
        for parent, model in zip(kept, models, strict=True)
    )


def informed(model: Model, y: Array, parents: tuple[Witness, ...]) -> Model:
    """Return the model of losses y (n,) with the parents beside them that make them likelier."""
    best, density = model, _density(model, y)
    heard: list[_Testimony] = []
    found = [one for one in _testimonies(model, y, parents) if one.density > density + PRICE]
    for testimony in sorted(found, key=lambda one: -one.density)[:MOST_HEARD]:
        together = _together(model, y, [*heard, testimony])
        risen = _density(together, y)
        if risen > density + PRICE:
            best, density = together, risen
            heard.append(testimony)
    return replace(best, theta=fit(best.data, [best.theta], REFINING_EVALUATIONS)) if heard else model


@dataclass(frozen=True, slots=True)
class _Testimony:
    """What a parent saw, on the child's scale, and how far it is to be trusted."""

    X: Array
    y: Array
    """(m,): losses."""
    bend: Bend
    """The parent's, moved to the child's scale: it has seen more, as a rule, than the child has."""
    theta: Array
    discrepancy: float = 0.0
    density: float = -np.inf


def _testimonies(model: Model, y: Array, parents: tuple[Witness, ...]) -> list[_Testimony]:
    """Return one per parent that ranks y the right way round, with the discrepancy that makes y likeliest."""
    found = []
    for parent in parents:
        line = rising_line(parent.foretold(model.data.X), y)
        if line is None:
            continue
        start, slope = line
        bend = parent.model.bend
        bend = replace(bend, centre=start + slope * bend.centre, unit=slope * bend.unit)
        heard = _Testimony(parent.X, start + slope * parent.y, bend, parent.model.theta)
        trials = [replace(heard, discrepancy=discrepancy) for discrepancy in DISCREPANCIES]
        judged = [replace(trial, density=_density(_together(model, y, [trial]), y)) for trial in trials]
        found.append(max(judged, key=lambda one: one.density))
    return found


def _together(model: Model, y: Array, heard: Sequence[_Testimony]) -> Model:
    """Return a model of the child's losses and then all that is heard, with bend and hyperparameters of the first."""
    bend = heard[0].bend
    n, rows = len(y), len(y) + sum(len(one.y) for one in heard)
    relation, extra_noise = np.ones((rows, rows)), np.zeros(rows)
    extra_noise[:n] = model.data.extra_noise * (bend.slope(y) / model.bend.slope(y)) ** 2
    end = n
    for one in heard:
        start, end = end, end + len(one.y)
        relation[start:end, start:end] += one.discrepancy
    X = np.vstack([model.data.X, *(one.X for one in heard)])
    targets = bend.apply(np.concatenate([y, *(one.y for one in heard)]))
    return Model(Data(X, targets, model.data.groups, extra_noise, relation), heard[0].theta, bend)


def _density(model: Model, y: Array) -> float:
    """Return the log density of the child's losses y, the model's first, each left out in turn.

    Rasmussen and Williams 2006, eq. 5.10 to 5.12, and the slope of the bend, so that models of different bends compare.
    """
    precision = inverse(model.posterior().L)
    own = diagonal(precision)[: len(y)]
    surprise = (precision @ model.data.y)[: len(y)] ** 2 / own
    return float(0.5 * (np.log(own) - surprise).sum() + np.log(model.bend.slope(y)).sum())


def rising_line(x: Array, y: Array) -> tuple[float, float] | None:
    """Return start and slope of y ≈ start + slope · x as medians over pairs and points (Sen 1968).

    None: the slope is not positive, so that x ranks y no better than chance.
    """
    rows, columns = np.triu_indices(len(x), 1)
    run = x[columns] - x[rows]
    rise = (y[columns] - y[rows])[run != 0]
    if not len(rise):
        return None
    slope = float(np.median(rise / run[run != 0]))
    return (float(np.median(y - slope * x)), slope) if slope > 0 else None


def recommended_by(parents: tuple[Witness, ...], knowledge: Knowledge) -> Array:
    """Return the coordinates (k, g), best first, of what the parents agree on that the child's losses do not refute.

    The parents' own observations inside the child's space, ranked by the average of the parents' means. A parent that
    ranks two losses or more no better than chance has no say.
    """
    X = knowledge.encoding.features(knowledge.U)
    trusted = [one for one in parents if len(X) < 2 or rising_line(one.foretold(X), knowledge.y)]
    U = np.vstack([np.empty((0, len(knowledge.encoding.axes))), *(one.U for one in trusted)])
    if not len(U):
        return U
    X = knowledge.encoding.features(U)
    order = np.argsort(sum(one.posterior.predict(X)[0][:, 0] for one in trusted), kind="stable")
    chosen: list[int] = []
    for place in order.tolist():
        near = any(np.sum((X[place] - X[one]) ** 2) < APART**2 for one in chosen)
        if not near and len(chosen) < min(RECOMMENDED, len(trusted)):
            chosen.append(place)
    return U[chosen]
