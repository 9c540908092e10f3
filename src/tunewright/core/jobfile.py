"""The short job file, and the command line's script form: what people write by hand.

    name: digits                              # optional; one is made from the script's name
    script: train.py                          # or image: file:///folder
    maximize: val_acc                         # or minimize:
    params: {lr: "log(1e-4, 1e-1)", batch: [32, 64, 128], epochs: 10..50}
    metrics: [f1]                             # more to read: found by name; or {f1: 'F1 is ([0-9.]+)'}
    reading: last                             # which value is the objective: or best, or mean of last 5
    trials: 30
    parallel: 4
    channels: {train: data/train, test: "s3://bucket/test"}   # fetched for each training; SM_CHANNEL_TRAIN names it
    output: models                            # where model.tar.gz goes: a folder, or s3://bucket/prefix
    instance: ml.g5.xlarge                    # what each instance takes of a host; local, the default, reserves nothing
    instances: 2                              # of a training, all on one host
    share_gpus: true                          # its GPUs may be those of others that say the same
    spot: true                                # goes on elsewhere if its host is taken away; max_wait: 2d at most
    checkpoints: checkpoints                  # kept there while it runs, and brought back: a folder, or s3://…
    early_stopping: auto                      # stop what is worse than the median; off by default, or
                                              # {percentile: 40, patience: 10, threshold: 0.3}
    autotune: {lr: 0.01, batch: 32}           # example values, in place of params and trials
    warm_start: digits-1                      # an ended job to learn from, or up to five; transfer: true if it
                                              # was about other data or another program

A mapping of values becomes the specification; nothing is read from the disk here, so paths come in absolute.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members, checked, text_of_scalar
from tunewright.core.ranges_text import FORMS, default_regex, parse_range
from tunewright.core.space import Choice, Configuration, Float, Int, Range, Space, Value
from tunewright.core.spec import (
    Channel,
    Completion,
    Definition,
    Direction,
    EarlyStopping,
    EarlyStoppingRule,
    EnqueuedConfiguration,
    HyperbandConfig,
    Limits,
    MetricDefinition,
    Objective,
    ObjectiveReading,
    Parameter,
    Reevaluation,
    Resources,
    StoppingCondition,
    Strategy,
    TuningJobSpec,
    WarmStart,
    WarmStartType,
)

PYTHON_VARIABLE: Final = "TUNEWRIGHT_PYTHON"
"""Environment of a script: which interpreter runs it."""
WORKDIR_VARIABLE: Final = "TUNEWRIGHT_WORKDIR"
"""Environment of a script: where it runs."""
DEFAULT_TRIALS: Final = 30
UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
STRATEGIES: Final = {spelled: item for item in Strategy for spelled in (item.value, item.value.lower())}
READING: Final = re.compile(r"(?P<one>last|best)|mean of last (?P<count>\d{1,9})")
EARLY_STOPPING: Final[Mapping[str, EarlyStopping | None]] = {
    spelled: item for item in EarlyStopping for spelled in (item.value, item.value.lower())
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the job file stands, and what runs its script."""

    folder: str
    """Absolute; relative paths of the file start here, and so do its trainings."""
    python: str
    name: str
    """Used where the file gives no name."""


def from_jobfile(tree: Any, place: Place) -> TuningJobSpec:
    """Read a short job file. Raises InvalidSpec with the path of the member."""
    with Members(tree) as top:
        objective = _objective(top)
        definition = _definition(top, place, objective)
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


MEMBERS: Final = {
    "limits.max_parallel": "parallel",
    "limits.max_trainings": "trials",
    "limits.max_runtime_s": "max_runtime",
    "limits.max_cost": "max_cost",
    "prices_per_second": "prices",
    "reevaluation": "reevaluate",
    "reevaluation.seed_parameter": "reevaluate.seed",
    "completion.target": "target",
    "completion.max_not_improving": "not_improving",
    "completion.on_convergence": "on_convergence",
    "early_stopping.type": "early_stopping",
    "random_seed": "seed",
    "objective.reading": "reading",
    "objective.last_k": "reading",
    "warm_start.parents": "warm_start",
    "auto_parameters": "autotune",
    "enqueued": "try_first",
    "definitions[0].parameters": "params",
    "definitions[0].static_hyperparameters": "fixed",
    "definitions[0].metric_definitions": "metrics",
    "definitions[0].environment": "environment",
    f"definitions[0].environment.{PYTHON_VARIABLE}": "python",
    f"definitions[0].environment.{WORKDIR_VARIABLE}": "workdir",
    "definitions[0].channels": "channels",
    "definitions[0].output_uri": "output",
    "definitions[0].stopping.max_runtime_s": "max_training_runtime",
    "definitions[0].stopping.max_wait_s": "max_wait",
    "definitions[0].max_retries": "retries",
    "definitions[0].resources.instance_type": "instance",
    "definitions[0].resources.instance_count": "instances",
    "definitions[0].resources.gpus_shared": "share_gpus",
    "definitions[0].checkpoint_uri": "checkpoints",
    "definitions[0].spot": "spot",
    "definitions[0].network_isolation": "network_isolation",
}
"""Where the job file holds what a specification holds, if under another name."""


def members_of(spec: TuningJobSpec) -> dict[str, str]:
    """Return the member of the job file for each path of the specification that may be found wrong."""
    definition = spec.definitions[0]
    members = MEMBERS | {
        "definitions[0].image": "script" if PYTHON_VARIABLE in definition.environment else "image",
        "objective.metric_name": spec.objective.direction.value.lower(),
        "objective.direction": spec.objective.direction.value.lower(),
    }
    for index, parameter in enumerate(definition.parameters):
        path, member = f"definitions[0].parameters[{index}]", f"params.{parameter.name}"
        members |= {path: member, f"{path}.name": member, f"{path}.range": member}
    for index, metric in enumerate(definition.metric_definitions):
        path, member = f"definitions[0].metric_definitions[{index}]", f"metrics.{metric.name}"
        members |= {path: member, f"{path}.name": member, f"{path}.regex": member}
    for index, channel in enumerate(definition.channels):
        path, member = f"definitions[0].channels[{index}]", f"channels.{channel.name}"
        members |= {f"{path}.name": member, f"{path}.uri": member}
    for index in range(len(spec.warm_start.parents) if spec.warm_start is not None else 0):
        members[f"warm_start.parents[{index}]"] = f"warm_start[{index}]"
    for index in range(len(spec.enqueued)):
        members[f"enqueued[{index}].configuration"] = f"try_first[{index}]"
    return members


def parse_duration(value: Any, field: str) -> int:
    """Read seconds: 90, "90s", "5m", "2h", "1d". Raises InvalidSpec."""
    match = re.fullmatch(r"(\d+)\s*([smhd]?)", str(value).strip())
    if match is None or isinstance(value, bool):
        raise InvalidSpec(field, f"{value!r} is not a duration", "Write 90, 90s, 5m, 2h or 1d")
    return int(match[1]) * UNITS_S[match[2] or "s"]


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


def _definition(top: Members, place: Place, objective: Objective) -> Definition:
    image, environment = _program(top, place)
    return Definition(
        image=image,
        parameters=tuple(_parameter(name, value) for name, value in top.take("params", dict, {}).items()),
        static_hyperparameters=top.texts("fixed"),
        metric_definitions=_metrics(top, objective),
        environment=environment | top.texts("environment"),
        channels=tuple(
            Channel(name, _data_uri(checked(uri, str, f"channels.{name}"), place))
            for name, uri in top.take("channels", dict, {}).items()
        ),
        output_uri=_data_uri(top.take("output", str, ""), place),
        pool=top.take("pool", str, "default"),
        max_retries=top.take("retries", int, 0),
        resources=Resources(
            instance_type=top.take("instance", str, Resources().instance_type),
            instance_count=top.take("instances", int, Resources().instance_count),
            gpus_shared=top.take("share_gpus", bool, default=False),
        ),
        stopping=_stopping(top),
        checkpoint_uri=_data_uri(top.take("checkpoints", str, ""), place),
        spot=top.take("spot", bool, default=False),
        network_isolation=top.take("network_isolation", bool, default=False),
    )


def _stopping(top: Members) -> StoppingCondition:
    run, wait = top.maybe("max_training_runtime", object), top.maybe("max_wait", object)
    return StoppingCondition(
        StoppingCondition().max_runtime_s if run is None else parse_duration(run, "max_training_runtime"),
        None if wait is None else parse_duration(wait, "max_wait"),
    )


def _program(top: Members, place: Place) -> tuple[str, dict[str, str]]:
    script, image = top.maybe("script", str), top.maybe("image", str)
    python, workdir = top.take("python", str, place.python), top.take("workdir", str, place.folder)
    if (script is None) == (image is None):
        raise InvalidSpec("script", "give exactly one of it and image", "script: train.py")
    if script is None:
        return image or "", {}
    interpreter = _absolute(python, place) if "/" in python else python  # a bare name is looked up by who runs it
    return f"file://{_absolute(script, place)}", {
        PYTHON_VARIABLE: interpreter,
        WORKDIR_VARIABLE: _absolute(workdir, place),
    }


def _data_uri(where: str, place: Place) -> str:
    """Return a URI as it is, and the path of a file or a folder as one."""
    return where if not where or "://" in where else f"file://{quote(_absolute(where, place))}"


def _absolute(path: str, place: Place) -> str:
    return path if path.startswith("/") else f"{place.folder.rstrip('/')}/{path}"


def _metrics(top: Members, objective: Objective) -> tuple[MetricDefinition, ...]:
    """Read metrics with their regexes, or a list of those that are found by name.

    In a mapping, one without a regex is found in JSON lines, the metrics file and reports only. The objective, if it is
    not among them, is found by name, as those of a list are.
    """
    given = top.maybe("metrics", object) or {}
    match given:
        case dict():
            metrics = [
                MetricDefinition(name, "" if regex is None else checked(regex, str, f"metrics.{name}"))
                for name, regex in given.items()
            ]
        case list():
            names = [checked(name, str, f"metrics[{index}]") for index, name in enumerate(given)]
            metrics = [MetricDefinition(name, default_regex(name)) for name in names]
        case _:
            why = f"must be a mapping or a list, is {given!r}"
            raise InvalidSpec("metrics", why, "For example metrics: {loss: 'loss is (\\S+)'}")
    if objective.metric_name not in {item.name for item in metrics}:
        metrics.insert(0, MetricDefinition(objective.metric_name, default_regex(objective.metric_name)))
    return tuple(metrics)


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


def _parameter(name: str, value: Any) -> Parameter:
    return Parameter(name, _range(value, f"params.{name}"))


def _range(value: Any, path: str) -> Range:
    match value:
        case str():
            return parse_range(value, path)
        case list():
            texts = tuple(text_of_scalar(item, f"{path}[{index}]") for index, item in enumerate(value))
            try:
                return Choice(texts)
            except InvalidSpec as error:
                raise InvalidSpec(path, error.why, error.remedy) from None
        case _:
            raise InvalidSpec(path, f"{value!r} is not a range", FORMS)
