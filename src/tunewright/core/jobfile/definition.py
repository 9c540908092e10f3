"""What is trained: the program, its data, what it prints, and the ranges of what is tuned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tunewright.core.durations import parse_duration
from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members, checked, text_of_scalar
from tunewright.core.program_variables import PYTHON_VARIABLE, WORKDIR_VARIABLE
from tunewright.core.ranges_text import FORMS, default_regex, parse_range
from tunewright.core.space import Choice, Range
from tunewright.core.spec import (
    Channel,
    Definition,
    MetricDefinition,
    Objective,
    Parameter,
    Resources,
    StoppingCondition,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the job file stands, and what runs its script."""

    folder: str | None
    """Absolute; relative paths of the file start here, and so do its trainings. None: it stands nowhere, as a text that
    was sent; then its paths are absolute, and a script starts where it lies."""
    python: str
    name: str
    """Used where the file gives no name."""


def definition_of(top: Members, place: Place, objective: Objective) -> Definition:
    image, environment = _program(top, place)
    return Definition(
        image=image,
        parameters=tuple(_parameter(name, value) for name, value in top.take("params", dict, {}).items()),
        static_hyperparameters=top.texts("fixed"),
        metric_definitions=_metrics(top, objective),
        environment=environment | top.texts("environment"),
        channels=tuple(
            Channel(name, _data_uri(checked(uri, str, f"channels.{name}"), place, f"channels.{name}"))
            for name, uri in top.take("channels", dict, {}).items()
        ),
        output_uri=_data_uri(top.take("output", str, ""), place, "output"),
        pool=top.take("pool", str, "default"),
        max_retries=top.take("retries", int, 0),
        resources=Resources(
            instance_type=top.take("instance", str, Resources().instance_type),
            instance_count=top.take("instances", int, Resources().instance_count),
            gpus_shared=top.take("share_gpus", bool, default=False),
        ),
        stopping=_stopping(top),
        checkpoint_uri=_data_uri(top.take("checkpoints", str, ""), place, "checkpoints"),
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
    python, workdir = top.take("python", str, place.python), top.maybe("workdir", str)
    if (script is None) == (image is None):
        raise InvalidSpec("script", "give exactly one of it and image", "script: train.py")
    if script is None:
        return image or "", {}
    program = _absolute(script, place, "script")
    starts = place.folder or program.rpartition("/")[0] or "/"
    return f"file://{program}", {
        # a bare name is looked up by who runs it
        PYTHON_VARIABLE: _absolute(python, place, "python") if "/" in python else python,
        WORKDIR_VARIABLE: starts if workdir is None else _absolute(workdir, place, "workdir"),
    }


def _data_uri(where: str, place: Place, member: str) -> str:
    """Return a URI as it is, and the path of a file or a folder as one."""
    return where if not where or "://" in where else f"file://{quote(_absolute(where, place, member))}"


def _absolute(path: str, place: Place, member: str) -> str:
    if path.startswith("/"):
        return path
    if place.folder is None:
        why = f"{path!r} is relative to a folder that only you know"
        raise InvalidSpec(member, why, "Give an absolute path of the machine that trains, or a URI or an image")
    return f"{place.folder.rstrip('/')}/{path}"


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
