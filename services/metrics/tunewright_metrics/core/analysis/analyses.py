"""All analyses of a job that are asked for, each definition by itself; what has too little to rest on is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np

from tunewright.core.analysis import Analyses, Analysis, Importance, Method, PartialDependence, Refusal
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Definition
from tunewright.core.states import TrainingState
from tunewright.surrogate.encoding import Array, Axis
from tunewright_metrics.core.advice.advise import advise
from tunewright_metrics.core.advice.narrowing import narrowed
from tunewright_metrics.core.analysis.dependence import partial_dependences
from tunewright_metrics.core.analysis.functions import Functions, functions_of
from tunewright_metrics.core.analysis.pedanova import ped_anova
from tunewright_metrics.core.analysis.progress import best_so_far, distribution
from tunewright_metrics.core.analysis.sample import Sample, TooLittle, check_enough, has_objective, sample_of
from tunewright_metrics.core.analysis.sobol import bounded, sobol_indices
from tunewright_metrics.core.history import History

MODELLED = (Analysis.IMPORTANCE, Analysis.PARTIAL_DEPENDENCE)


def analyse(history: History, wanted: Collection[Analysis], definition_name: str = "") -> Analyses:
    """Return what is wanted, of one definition or of all. Raises InvalidSpec: there is no such definition."""
    chosen = _chosen(history, definition_name)
    told = _progress(history, wanted, chosen)
    for definition in chosen:
        if any(analysis in wanted for analysis in MODELLED):
            told = _with_modelled(told, history, definition, wanted)
    return _with_advice(told, history, chosen) if Analysis.ADVICE in wanted else told


def _chosen(history: History, name: str) -> tuple[Definition, ...]:
    definitions = history.spec.definitions
    if not name:
        return definitions
    chosen = tuple(definition for definition in definitions if definition.name == name)
    if not chosen:
        known = ", ".join(definition.name for definition in definitions if definition.name)
        raise InvalidSpec("definition_name", f"{name!r} is none of the job's", f"Known: {known or 'none'}")
    return chosen


def _progress(history: History, wanted: Collection[Analysis], chosen: tuple[Definition, ...]) -> Analyses:
    tried = history.tried if chosen == history.spec.definitions else history.of(chosen[0])
    direction = history.spec.objective_of(chosen[0].name).direction
    valued = [item for item in tried if has_objective(item)]
    told = Analyses(
        trainings=len(valued),
        stopped=sum(item.state is TrainingState.STOPPED for item in valued),
        left_out=len(tried) - len(valued),
    )
    if not valued:
        ended = (
            f"{len(tried)} trainings have ended, none of them with an objective" if tried else "no training has ended"
        )
        refused = (Analysis.BEST_SO_FAR, Analysis.DISTRIBUTION)
        return replace(told, refused=tuple(Refusal(one, ended) for one in refused if one in wanted))
    if Analysis.BEST_SO_FAR in wanted:
        told = replace(told, best_so_far=best_so_far(tried, direction))
    if Analysis.DISTRIBUTION in wanted:
        told = replace(told, distribution=distribution(tried, direction))
    return told


def _with_modelled(told: Analyses, history: History, definition: Definition, wanted: Collection[Analysis]) -> Analyses:
    """Add importance and partial dependence of one definition."""
    name = history.label(definition)
    modelled = [analysis for analysis in MODELLED if analysis in wanted]

    def refused(told: Analyses, analyses: Iterable[Analysis], reason: str) -> Analyses:
        return replace(told, refused=(*told.refused, *(Refusal(one, reason, name) for one in analyses)))

    sample = sample_of(history, definition)
    try:
        check_enough(sample)
    except TooLittle as reason:
        return refused(told, modelled, str(reason))
    if Analysis.IMPORTANCE in wanted:
        try:
            told = replace(told, importances=told.importances + _set_apart(sample, name))
        except TooLittle as reason:
            told = refused(told, [Analysis.IMPORTANCE], f"PED-ANOVA: {reason}")
    try:
        functions = functions_of(sample)
    except TooLittle as reason:
        return refused(told, modelled, f"{reason}, so there are no Sobol indices and no partial dependence")
    if Analysis.IMPORTANCE in wanted:
        told = replace(told, importances=told.importances + _caused(functions, name))
    if Analysis.PARTIAL_DEPENDENCE in wanted:
        told = replace(told, dependences=told.dependences + _dependences(functions, name))
    return told


def _with_advice(told: Analyses, history: History, chosen: tuple[Definition, ...]) -> Analyses:
    """Add advice, and the ranges that it comes to."""
    advised = advise(history, chosen)
    refused = tuple(Refusal(Analysis.ADVICE, item.reason, item.definition_name) for item in advised.untold)
    return replace(
        told,
        advice=advised.advice,
        narrowed=narrowed(history, advised.advice, chosen),
        refused=told.refused + refused,
    )


def _set_apart(sample: Sample, definition_name: str) -> tuple[Importance, ...]:
    share, low, high = ped_anova(sample.encoding, *sample.averaged())
    return _importances(sample.encoding.axes, Method.PED_ANOVA, np.stack([share, low, high]), definition_name)


def _caused(functions: Functions, definition_name: str) -> tuple[Importance, ...]:
    axes = functions.encoding.axes
    first, total = sobol_indices(functions, len(axes))
    alone = bounded(first)
    alone /= max(1.0, float(alone[0].sum()))  # estimates of shares that add up to 1 may add up to a little more
    return (
        *_importances(axes, Method.SOBOL, alone, definition_name),
        *_importances(axes, Method.SOBOL_TOTAL, bounded(total), definition_name),
    )


def _importances(axes: tuple[Axis, ...], method: Method, shares: Array, name: str) -> tuple[Importance, ...]:
    return tuple(
        Importance(axis.name, method, share, low, high, name)
        for axis, (share, low, high) in zip(axes, shares.T.tolist(), strict=True)
    )


def _dependences(functions: Functions, definition_name: str) -> tuple[PartialDependence, ...]:
    return tuple(
        PartialDependence(axis.name, at, tuple(mean.tolist()), tuple(deviation.tolist()), definition_name)
        for axis, (at, mean, deviation) in zip(functions.encoding.axes, partial_dependences(functions), strict=True)
    )
