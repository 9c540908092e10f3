"""A specification as the shortest job file that reads back to it.

First every member is written that a job file has. What reads back otherwise, a job file cannot say, and the first such
field is named. Then each member is left out, or said more shortly, wherever the file still reads the same; so what is a
default is known to the reader alone. What a check computes, such as the ranges of autotune, counts as read.

A file says where its program lies and what runs it, so that it means the same wherever it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

from tunewright.core import amt
from tunewright.core.check import check_new
from tunewright.core.durations import duration_text
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile.definition import Place
from tunewright.core.jobfile.reading import from_jobfile
from tunewright.core.members import text_of_scalar
from tunewright.core.program_variables import PYTHON_VARIABLE, WORKDIR_VARIABLE
from tunewright.core.space import Choice, Configuration, Range
from tunewright.core.spec import (
    Definition,
    EarlyStoppingRule,
    HyperbandConfig,
    MetricDefinition,
    Objective,
    ObjectiveReading,
    Parameter,
    Reevaluation,
    TuningJobSpec,
    WarmStart,
    WarmStartType,
)

ELSEWHERE: Final = Place(folder="/\0", python="\0", name="\0")
"""Where nobody stands: what is left to the reader's place does not read the same."""
LONGEST_NUMBER: Final = 32
"""Characters; what is longer is some text of digits."""
Tree = dict[str, Any]


class JobFile(NamedTuple):
    tree: Tree
    not_short: str = ""
    """The field for which it is AMT's body; empty: it is the short form."""


def to_jobfile(spec: TuningJobSpec) -> JobFile:
    """Write the shortest job file, AMT's body for what only that can say. Raises InvalidSpec for what neither can."""
    tree = {name: value for name, value in _members(spec) if value is not None}
    field = _unsaid(tree, spec)
    if not field:
        return JobFile(_shortest(tree, spec))
    given = {name: range_ for name, range_ in tree["params"].items() if name not in spec.auto_parameters}
    tree |= {"params": given}
    if spec.autotune and not _unsaid(tree, spec):  # it has chosen the ranges, and a hint says more than they
        return JobFile(_shortest(tree, spec))
    body = amt.told(spec)
    if _reads_as_amt(body, spec):
        return JobFile(body, field)
    raise InvalidSpec(field, "cannot be said in a job file", "Send the specification itself")


def _unsaid(tree: Tree, spec: TuningJobSpec) -> str:
    """Return the first field that a job file does not say, empty: it says all."""
    try:
        read = from_jobfile(tree, ELSEWHERE)
    except InvalidSpec as error:
        return error.field
    difference = _difference(read, spec, "")
    return "" if difference and _checked(read) == spec else difference


def _checked(spec: TuningJobSpec) -> TuningJobSpec | None:
    try:
        return check_new(spec)
    except InvalidSpec:
        return None


def _reads_as_amt(body: Tree, spec: TuningJobSpec) -> bool:
    try:
        return amt.looks_like_amt(body) and _as_spelled(amt.from_amt(body), spec) == spec
    except InvalidSpec:
        return False


def _as_spelled(read: TuningJobSpec, spec: TuningJobSpec) -> TuningJobSpec:
    """Return what was read, without what AMT's body always says, also where the specification leaves it open."""
    definitions = tuple(
        replace(item, parameters=tuple(map(_spelled, item.parameters, meant.parameters)))
        if len(item.parameters) == len(meant.parameters)
        else item
        for item, meant in zip(read.definitions, spec.definitions, strict=False)
    )
    rule = read.early_stopping
    if spec.early_stopping.type is None:
        rule = replace(rule, type=None)
    return replace(read, definitions=definitions, early_stopping=rule)


def _spelled(read: Parameter, meant: Parameter) -> Parameter:
    return replace(read, low_text=meant.low_text and read.low_text, high_text=meant.high_text and read.high_text)


def _shortest(tree: Tree, spec: TuningJobSpec) -> Tree:
    for name in list(tree):
        for shorter in _shorter(name, tree, spec):
            if not _unsaid(shorter, spec):
                tree = shorter
                break
    return tree


def _shorter(name: str, tree: Tree, spec: TuningJobSpec) -> Iterator[Tree]:
    """Yield the file with less of a member, shortest first."""
    yield {key: value for key, value in tree.items() if key != name}
    if name == "metrics":
        names = [metric.name for metric in spec.definitions[0].metric_definitions]
        for listed in ([item for item in names if item != spec.objective.metric_name], names):
            yield tree | {name: listed}
        yield tree | {name: {key: regex for key, regex in tree[name].items() if key != spec.objective.metric_name}}


def _difference(one: Any, other: Any, path: str) -> str:
    """Return the path of the first field in which two values differ, empty if they are equal."""
    if one == other:
        return ""
    if is_dataclass(one) and type(one) is type(other):
        pairs = [(f"{path}.{item.name}", getattr(one, item.name), getattr(other, item.name)) for item in fields(one)]
    elif isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        pairs = [(f"{path}[{index}]", *pair) for index, pair in enumerate(zip(one, other, strict=True))]
    elif isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
        pairs = [(f"{path}.{key}", one[key], other[key]) for key in one]
    else:
        return path.removeprefix(".")
    return next((found for here, had, has in pairs if (found := _difference(had, has, here))), path.removeprefix("."))


def _members(spec: TuningJobSpec) -> Iterator[tuple[str, Any]]:
    """Yield all that a job file may say, in the order in which people write it; None: nothing."""
    definition = spec.definitions[0] if spec.definitions else Definition("")
    yield "name", spec.name
    yield from _program(definition)
    yield spec.objective.direction.value.lower(), spec.objective.metric_name
    yield "reading", _reading(spec.objective)
    yield "metrics", _metrics(definition.metric_definitions)
    yield "params", {item.name: _range(item.range) for item in definition.parameters}
    yield "fixed", {name: _scalar(text) for name, text in definition.static_hyperparameters.items()}
    yield "autotune", {name: _scalar(text) for name, text in spec.auto_parameters.items()} if spec.autotune else None
    yield "strategy", spec.strategy.value.lower()
    yield "hyperband", _hyperband(spec.hyperband)
    yield from _ends(spec)
    yield "seed", spec.random_seed
    yield "early_stopping", _early_stopping(spec.early_stopping)
    yield "reevaluate", _reevaluation(spec.reevaluation)
    yield from _warm_start(spec.warm_start)
    yield "try_first", [_configuration(item.configuration) for item in spec.enqueued]
    yield from _running(definition)
    yield "priority", spec.priority
    yield "prices", dict(spec.prices_per_second)
    yield "tags", {name: _scalar(text) for name, text in spec.tags.items()}


def _program(definition: Definition) -> Iterator[tuple[str, Any]]:
    environment = dict(definition.environment)
    python, workdir = environment.pop(PYTHON_VARIABLE, None), environment.pop(WORKDIR_VARIABLE, None)
    if python is None:
        yield "image", definition.image
    else:
        yield "script", definition.image.removeprefix("file://")
        yield "python", python
        yield "workdir", workdir
    yield "environment", {name: _scalar(text) for name, text in environment.items()}


def _ends(spec: TuningJobSpec) -> Iterator[tuple[str, Any]]:
    limits, completion = spec.limits, spec.completion
    yield "trials", limits.max_trainings
    yield "parallel", limits.max_parallel
    yield "max_runtime", _duration(limits.max_runtime_s)
    yield "max_cost", limits.max_cost
    yield "target", completion.target
    yield "not_improving", completion.max_not_improving
    yield "on_convergence", completion.on_convergence


def _running(definition: Definition) -> Iterator[tuple[str, Any]]:
    resources, stopping = definition.resources, definition.stopping
    yield "channels", {item.name: _path(item.uri) for item in definition.channels}
    yield "output", _path(definition.output_uri)
    yield "checkpoints", _path(definition.checkpoint_uri)
    yield "instance", resources.instance_type
    yield "instances", resources.instance_count
    yield "share_gpus", resources.gpus_shared
    yield "spot", definition.spot
    yield "max_training_runtime", _duration(stopping.max_runtime_s)
    yield "max_wait", _duration(stopping.max_wait_s)
    yield "retries", definition.max_retries
    yield "pool", definition.pool
    yield "network_isolation", definition.network_isolation


def _duration(seconds: int | None) -> int | str | None:
    return None if seconds is None else duration_text(seconds)


def _reading(objective: Objective) -> str:
    if objective.reading is ObjectiveReading.MEAN_OF_LAST:
        return f"mean of last {objective.last_k}"
    return objective.reading.value.lower()


def _metrics(metrics: tuple[MetricDefinition, ...]) -> Any:
    return {item.name: item.regex or None for item in metrics}


def _range(range_: Range) -> Any:
    return [_scalar(text) for text in range_.values] if isinstance(range_, Choice) else str(range_)


def _configuration(configuration: Configuration) -> Any:
    return {name: _scalar(value) if isinstance(value, str) else value for name, value in configuration.items()}


def _scalar(text: str) -> Any:
    """Return the scalar that is read as this text and needs no quotes, if there is one."""
    for kind in (int, float) if len(text) <= LONGEST_NUMBER else ():
        try:
            scalar = kind(text)
        except ValueError:
            continue
        if text_of_scalar(scalar, "") == text:
            return scalar
    return {"true": True, "false": False}.get(text, text)


def _hyperband(config: HyperbandConfig | None) -> Any:
    return None if config is None else _given(min_resource=config.min_resource, max_resource=config.max_resource)


def _early_stopping(rule: EarlyStoppingRule) -> Any:
    named = None if rule.type is None else rule.type.value.lower()
    more = _given(percentile=rule.percentile, patience=rule.patience, threshold=rule.threshold)
    return _given(type=named) | more if more else named


def _reevaluation(wanted: Reevaluation | None) -> Any:
    return (
        None if wanted is None else _given(top=wanted.top, repeats=wanted.repeats, seed=wanted.seed_parameter or None)
    )


def _warm_start(start: WarmStart | None) -> Iterator[tuple[str, Any]]:
    if start is not None:
        yield "warm_start", start.parents[0] if len(start.parents) == 1 else list(start.parents)
        yield "transfer", start.type is WarmStartType.TRANSFER_LEARNING


def _path(uri: str) -> str:
    """Return the path that a URI was made of, or the URI."""
    path = unquote(uri.removeprefix("file://"))
    return path if uri == f"file://{quote(path)}" and path.startswith("/") else uri


def _given(**members: Any) -> Tree:
    return {name: value for name, value in members.items() if value is not None}
