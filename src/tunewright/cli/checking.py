"""`tunewright check`: say whether a job file is right, and what its metrics would read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tunewright.cli.forms import Form
from tunewright.cli.hints import instead_of
from tunewright.cli.output import record_of, show
from tunewright.cli.wording import printable
from tunewright.cli.written import from_file
from tunewright.core.errors import InvalidSpec
from tunewright.core.logs import lines_of
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.instance_types import instance_types
from tunewright.platform.parts import load

MOST_NAMES: Final = 12
PARAMETER: Final = ("definition_name", "name", "range")
METRIC: Final = ("metric", "regex", "matches", "first.text", "first.line", "last.text", "last.line", "kinds.*")


def check_file(path: Path, log: Path | None, types_file: Path | None, form: Form) -> None:
    """Print what the job would be. Raises InvalidSpec for the first thing that is wrong, with its line.

    `types_file` is the operator's table of instance types, as the server has it.
    """
    written, types = from_file(path, "job"), instance_types(types_file, "--instance-types")
    spec = written.spec
    with written.in_its_words():
        for index, definition in enumerate(spec.definitions):
            types.check(definition, f"definitions[{index}]")
    lines = None if log is None else _lines(log)
    report = None if lines is None else _read(spec, lines)
    parameters = [
        {"definition_name": definition.name, "name": parameter.name, "range": str(parameter.range)}
        for definition in spec.definitions
        for parameter in definition.parameters
    ]
    log_record = None if report is None else _log_record(report)
    if form is Form.CSV:
        show(form, parameters if log_record is None else log_record["metrics"], PARAMETER if report is None else METRIC)
        return
    told = {"file": str(path), "name": spec.name, "strategy": spec.strategy.value, "limits": record_of(spec.limits)}
    told |= {"parameters": parameters, "log": log_record}
    show(form, told, (), lambda: _draw(path, spec, lines, report))


def _log_record(report: Any) -> dict[str, Any]:
    """Return what was read of a log, its lines counted from 1 as people do."""
    record: dict[str, Any] = record_of(report)
    for metric in record["metrics"]:
        for end in (metric["first"], metric["last"]):
            if end is not None:
                end["line"] += 1
    return record


def _draw(path: Path, spec: TuningJobSpec, lines: Sequence[str] | None, report: Any) -> None:
    limit = spec.limits.max_trainings
    print(
        f"{path} is right: {spec.strategy.value}, {limit or 'unlimited'} trainings, {spec.limits.max_parallel} at once"
    )
    for definition in spec.definitions:
        if definition.name:
            print(f" {definition.name}:")
        for parameter in definition.parameters:
            print(f"  {parameter.name}: {parameter.range}")
    if lines is not None and report is not None:
        _draw_metrics(report, lines)


def _lines(log: Path) -> list[str]:
    try:
        text = log.read_bytes().decode(errors="replace")
    except OSError as error:
        raise InvalidSpec(
            str(log), f"cannot be read: {error.strerror}", "Give a file with a training's output"
        ) from None
    return lines_of(text)


def _read(spec: TuningJobSpec, lines: list[str]) -> Any:
    """Return what each metric would read: the report of the metrics service's own reader."""
    metrics = dict.fromkeys(metric for item in spec.definitions for metric in item.metric_definitions)
    return load("reading")(tuple(metrics), lines)


def _draw_metrics(report: Any, lines: Sequence[str]) -> None:
    for metric in report.metrics:
        if metric.first is None:
            sought = "matches" if metric.regex else "has no regex and is named in"
            timed_out = "".join(f", {count} {kind}" for kind, count in metric.kinds.items())
            print(
                f"  {metric.metric}: {sought} none of {len(lines)} lines{timed_out}. {instead_of(metric.metric, lines)}"
            )
            continue
        first, last = (f"{printable(end.text)} (line {end.line + 1})" for end in (metric.first, metric.last))
        others = "".join(f", {count} {kind}" for kind, count in metric.kinds.items() if kind != "number")
        print(f"  {metric.metric}: {metric.matches} values, first {first}, last {last}{others}")
    if report.unnamed:
        names = [f"{printable(name)}={value!r}" for name, value in report.unnamed.items()]
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        print(f"  Its JSON lines also hold {', '.join(names[:MOST_NAMES])}{more}; name one under metrics to read it.")
