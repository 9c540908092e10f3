"""A job file as a specification: how it is tuned, and until when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tunewright.core.durations import parse_duration
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile.definition import Place, definition_of
from tunewright.core.members import Members, checked, text_of_scalar
from tunewright.core.space import Choice, Configuration, Float, Int, Range, Space, Value
from tunewright.core.spec import (
    Completion,
    Direction,
    EarlyStopping,
    EarlyStoppingRule,
    EnqueuedConfiguration,
    HyperbandConfig,
    Limits,
    Objective,
    ObjectiveReading,
    Reevaluation,
    Strategy,
    TuningJobSpec,
    WarmStart,
    WarmStartType,
)

DEFAULT_TRIALS: Final = 30
STRATEGIES: Final = {spelled: item for item in Strategy for spelled in (item.value, item.value.lower())}
READING: Final = re.compile(r"(?P<one>last|best)|mean of last (?P<count>\d{1,9})")
EARLY_STOPPING: Final[Mapping[str, EarlyStopping | None]] = {
    spelled: item for item in EarlyStopping for spelled in (item.value, item.value.lower())
}


def from_jobfile(tree: Any, place: Place) -> TuningJobSpec:
    """Read a short job file. Raises InvalidSpec with the path of the member."""
    with Members(tree) as top:
        objective = _objective(top)
        definition = definition_of(top, place, objective)
        return TuningJobSpec(
            name=top.take("name", str, place.name),
            definitions=(definition,),
            objective=objective,
            limits=_limits(top),
            strategy=top.choice("strategy", STRATEGIES, Strategy.BAYESIAN),
            completion=Completion(
                target=top.maybe("target", float),
                max_not_improving=top.maybe("not_improving", int),
                on_convergence=top.maybe("on_convergence", bool),
            ),
            hyperband=_hyperband(top),
            early_stopping=_early_stopping(top),
            random_seed=top.maybe("seed", int),
            enqueued=tuple(
                EnqueuedConfiguration(_configuration(checked(item, dict, path), definition.space, path))
                for path, item in top.items("try_first")
            ),
            warm_start=_warm_start(top),
            autotune=top.has("autotune"),
            auto_parameters=top.texts("autotune"),
            priority=top.take("priority", int, 0),
            prices_per_second=_prices(top),
            reevaluation=_reevaluation(top),
            tags=top.texts("tags"),
        )


def _objective(top: Members) -> Objective:
    given = {direction: top.maybe(direction.value.lower(), str) for direction in Direction}
    named = [(direction, metric) for direction, metric in given.items() if metric]
    if len(named) != 1:
        why = "are both given" if named else "are both missing"
        raise InvalidSpec("maximize", f"it and minimize {why}", "Give one of the two, with the metric's name")
    return Objective(named[0][1], named[0][0], *_reading(top.take("reading", str, "last")))


def _reading(text: str) -> tuple[ObjectiveReading, int]:
    """Read which of its values is the objective, and how many are averaged."""
    match = READING.fullmatch(text.strip())
    if match is None:
        raise InvalidSpec("reading", f"{text!r} is none of last, best, mean of last N", "For example mean of last 5")
    if match["count"]:
        return ObjectiveReading.MEAN_OF_LAST, int(match["count"])
    return ObjectiveReading(match["one"].capitalize()), 1


def _limits(top: Members) -> Limits:
    runtime = top.maybe("max_runtime", object)
    trials = top.maybe("trials", int)
    counted = top.choice("strategy", STRATEGIES, Strategy.BAYESIAN) is Strategy.GRID or top.has("autotune")
    return Limits(
        max_parallel=top.take("parallel", int, 1),
        max_trainings=trials if trials is not None or counted or runtime is not None else DEFAULT_TRIALS,
        max_runtime_s=None if runtime is None else parse_duration(runtime, "max_runtime"),
        max_cost=top.maybe("max_cost", float),
    )


def _prices(top: Members) -> dict[str, float]:
    return {kind: _price(price, f"prices.{kind}") for kind, price in top.take("prices", dict, {}).items()}


def _price(value: Any, path: str) -> float:
    """Read a price; options are texts, and so is 1e-4 in YAML."""
    try:
        return checked(float(value) if isinstance(value, str) else value, float, path)
    except ValueError:
        raise InvalidSpec(path, f"{value!r} is not a price", "Give a number, such as 0.0001") from None


def _hyperband(top: Members) -> HyperbandConfig | None:
    if not top.has("hyperband"):
        return None
    with top.maps("hyperband") as given:
        return HyperbandConfig(given.maybe("min_resource", int), given.maybe("max_resource", int))


def _early_stopping(top: Members) -> EarlyStoppingRule:
    """Read auto or off, or what adds to it: {percentile: 40, patience: 10, threshold: 0.3, type: auto}."""
    if not top.is_mapping("early_stopping"):
        return EarlyStoppingRule(top.choice("early_stopping", EARLY_STOPPING, None))
    with top.maps("early_stopping") as rule:
        return EarlyStoppingRule(
            rule.choice("type", EARLY_STOPPING, None),
            percentile=rule.maybe("percentile", float),
            patience=rule.maybe("patience", int),
            threshold=rule.maybe("threshold", float),
        )


def _reevaluation(top: Members) -> Reevaluation | None:
    if not top.has("reevaluate"):
        return None
    with top.maps("reevaluate") as given:
        return Reevaluation(given.take("top", int), given.take("repeats", int), given.take("seed", str, ""))


def _warm_start(top: Members) -> WarmStart | None:
    """Read one ended job or several to learn from; `transfer` says that they were about something else."""
    transfer = top.take("transfer", bool, default=False)
    given = top.maybe("warm_start", object)
    if given is None:
        if transfer:
            raise InvalidSpec("transfer", "is given without warm_start", "Name the jobs to learn from")
        return None
    names = given if isinstance(given, list) else [given]
    parents = tuple(checked(name, str, f"warm_start[{index}]") for index, name in enumerate(names))
    kind = WarmStartType.TRANSFER_LEARNING if transfer else WarmStartType.IDENTICAL_DATA_AND_ALGORITHM
    return WarmStart(parents, kind)


def _configuration(tree: Mapping[str, Any], space: Space, path: str) -> Configuration:
    """Read a configuration: what is chosen is a text, as in its list of values, and a real number may be whole."""
    return {name: _value(value, space.get(name), f"{path}.{name}") for name, value in tree.items()}


def _value(value: Any, range_: Range | None, path: str) -> Value:
    match range_:
        case Choice():
            return text_of_scalar(value, path)
        case Float():
            return checked(value, float, path)
        case Int():
            return checked(value, int, path)
        case None:
            return text_of_scalar(value, path)
