"""Autotune: what a user leaves open is chosen from an example value of each hyperparameter, the hint.

    hint                              range
    real number v > 0                 [v / 100, 100 v], logarithmic
    whole number v ≥ 1, no point      the same in integers, at least 1
    of a share (dropout, momentum,    clipped to (0, 1); momentum and beta reverse-logarithmic: 1 − x is then what
      beta, subsample), v in [0, 1]     is varied a hundredfold either way
    real number 0                     [0, 1], linear
    real number v < 0                 [−2 |v|, 2 |v|], linear
    anything else                     none, it stays static: texts, truth values, whole numbers below 1 (as a rule
                                      switches, such as n_jobs=-1), and names that mean no hyperparameter (seed)

The hint is the first evaluation. Of more names than can be tuned the first ones are. What the user has given, ranges,
limits, retries, criteria, stays as it is; so a specification that has been through here comes out of it unchanged.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import MAX_EXACT_INT, MAX_TUNABLE, Float, Int, Range, ScalingType, Value
from tunewright.core.spec import Definition, EnqueuedConfiguration, Parameter, Strategy, TuningJobSpec

SPREAD: Final = 100
"""A range reaches so many times the hint either way: where the right value is, a hint tells within two decades."""
NEAR_ONE: Final = 0.999
NEAR_ZERO: Final = 0.001
TRAININGS_PER_PARAMETER: Final = 10
"""Loeppky, Sacks and Welch 2009, "Choosing the sample size of a computer experiment": 10 d runs."""
FEWEST_TRAININGS: Final = 20
RETRIES: Final = 3

WHOLE: Final = re.compile(r"[-+]?\d+")
REAL: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
SHARE: Final = re.compile(
    r"dropout|drop_?rate|momentum|subsample|colsample|(^|[^a-z])beta[_-]?\d*($|[^a-z])", re.IGNORECASE
)
"""Names whose values lie between 0 and 1."""
NEAR_ITS_END: Final = re.compile(r"momentum|(^|[^a-z])beta", re.IGNORECASE)
"""Those of them that matter most near 1: averages over 1 / (1 − x) steps."""
NO_HYPERPARAMETER: Final = re.compile(
    r"(^|_)(seed|random_state|verbose|verbosity|n_jobs|num_workers|workers)$", re.IGNORECASE
)


def with_choices(spec: TuningJobSpec) -> TuningJobSpec:
    """Return the specification with all that autotune chooses filled in. Raises InvalidSpec."""
    if not spec.autotune:
        if spec.auto_parameters:
            raise InvalidSpec("auto_parameters", "are given, but autotune is off", "Switch it on, or give ranges")
        return spec
    if len(spec.definitions) != 1:
        why = f"chooses for one definition, this job has {len(spec.definitions)}"
        raise InvalidSpec("autotune", why, "Give one definition, or all ranges")
    definition = _with_ranges(spec)
    if not definition.parameters:
        hints = ", ".join(f"{name}={hint}" for name, hint in spec.auto_parameters.items()) or "no hints"
        raise InvalidSpec("auto_parameters", f"nothing can be tuned: {hints}", "Give a number as a hint, or a range")
    limits, completion = spec.limits, spec.completion
    if limits.max_trainings is None:
        wanted = max(FEWEST_TRAININGS, TRAININGS_PER_PARAMETER * len(definition.parameters))
        limits = replace(limits, max_trainings=wanted)
    if completion.on_convergence is None:
        completion = replace(completion, on_convergence=True)
    # That early stopping is Auto, check_stopping says: it also knows where it may not be.
    definition = replace(definition, max_retries=definition.max_retries or RETRIES)
    enqueued = spec.enqueued or _first_of_random(spec.strategy, definition)
    return replace(spec, definitions=(definition,), limits=limits, completion=completion, enqueued=enqueued)


def range_for(name: str, hint: str) -> tuple[Range, Value] | None:
    """Return what to tune a hyperparameter over, and the hint as its value; None: it is none to tune."""
    text = hint.strip()
    if not REAL.fullmatch(text) or NO_HYPERPARAMETER.search(name) or not _spreads(float(text)):
        return None
    if SHARE.search(name) and 0 <= float(text) <= 1:
        return _share(name, float(text)), float(text)
    if WHOLE.fullmatch(text):
        whole = int(text)
        if not 1 <= whole <= MAX_EXACT_INT:
            return None
        high = min(whole * SPREAD, MAX_EXACT_INT)
        return Int(max(1, round(whole / SPREAD)), high, ScalingType.LOGARITHMIC), whole
    return _real(float(text)), float(text)


def _spreads(value: float) -> bool:
    """Whether a range around a value can be said in float64."""
    return value == 0 or SPREAD * sys.float_info.min <= abs(value) <= sys.float_info.max / SPREAD


def _share(name: str, value: float) -> Float:
    if NEAR_ITS_END.search(name) and value < 1:
        rest = 1 - value
        low, high = max(1 - SPREAD * rest, NEAR_ZERO), 1 - rest / SPREAD
        return Float(min(low, value), max(high, value), ScalingType.REVERSE_LOGARITHMIC)
    if value == 0:
        return Float(0.0, NEAR_ONE, ScalingType.LINEAR)
    return Float(value / SPREAD, max(value, min(SPREAD * value, NEAR_ONE)), ScalingType.LOGARITHMIC)


def _real(value: float) -> Float:
    if value == 0:
        return Float(0.0, 1.0, ScalingType.LINEAR)
    if value < 0:
        return Float(2 * value, -2 * value, ScalingType.LINEAR)
    return Float(value / SPREAD, SPREAD * value, ScalingType.LOGARITHMIC)


def _first_of_random(strategy: Strategy, definition: Definition) -> tuple[EnqueuedConfiguration, ...]:
    """Return the hints as a configuration for Random, which heeds no default; a model is told of it with every ask."""
    hints = {item.name: item.hint for item in definition.parameters if item.hint is not None}
    whole = len(hints) == len(definition.parameters)
    return (EnqueuedConfiguration(hints, definition.name),) if strategy is Strategy.RANDOM and whole else ()


def _with_ranges(spec: TuningJobSpec) -> Definition:
    """Return the definition with a range for each hint that can be tuned, and the others among its static ones."""
    (definition,) = spec.definitions
    parameters = [_hinted(parameter, spec) for parameter in definition.parameters]
    static = dict(definition.static_hyperparameters)
    given = {*definition.space, *static}
    for name, hint in spec.auto_parameters.items():
        if name in given:
            continue
        chosen = range_for(name, hint) if len(parameters) < MAX_TUNABLE else None
        if chosen is None:
            static[name] = hint
        else:
            parameters.append(Parameter(name, chosen[0], hint=chosen[1]))
    return replace(definition, parameters=tuple(parameters), static_hyperparameters=static)


def _hinted(parameter: Parameter, spec: TuningJobSpec) -> Parameter:
    """Return a parameter whose range was given, or chosen before, with its hint as the value to try first."""
    hint = spec.auto_parameters.get(parameter.name)
    if hint is None or parameter.hint is not None:
        return parameter
    value: Value = hint
    match parameter.range:
        case Float() if REAL.fullmatch(hint.strip()):
            value = float(hint)
        case Int() if WHOLE.fullmatch(hint.strip()):
            value = int(hint)
    return replace(parameter, hint=value) if parameter.range.contains(value) else parameter
