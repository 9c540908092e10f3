"""`tunewright check`: say whether a job file is right, and what its metrics would read."""

from __future__ import annotations

from pathlib import Path

from tunewright.cli.hints import instead_of
from tunewright.cli.written import from_file
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.parts import load


def check_file(path: Path, log: Path | None) -> None:
    """Print what the job would be. Raises InvalidSpec for the first thing that is wrong, with its line."""
    spec = from_file(path, "job").spec
    lines = None if log is None else _lines(log)
    limit = spec.limits.max_trainings
    print(
        f"{path} is right: {spec.strategy.value}, {limit or 'unlimited'} trainings, {spec.limits.max_parallel} at once"
    )
    for definition in spec.definitions:
        if definition.name:
            print(f" {definition.name}:")
        for parameter in definition.parameters:
            print(f"  {parameter.name}: {parameter.range}")
    if lines is not None:
        _try_metrics(spec, lines)


def _lines(log: Path) -> list[str]:
    try:
        return log.read_text(errors="replace").splitlines()
    except OSError as error:
        raise InvalidSpec(
            str(log), f"cannot be read: {error.strerror}", "Give a file with a training's output"
        ) from None


def _try_metrics(spec: TuningJobSpec, lines: list[str]) -> None:
    metrics = dict.fromkeys(metric for item in spec.definitions for metric in item.metric_definitions)
    for report in load("reading")(tuple(metrics), lines):
        if report.first is None:
            print(f"  {report.metric}: matches none of {len(lines)} lines. {instead_of(report.metric, lines)}")
            continue
        first, last = (f"{end.text} (line {end.line + 1})" for end in (report.first, report.last))
        ends = f"first {first}, last {last}"
        faults = "".join(f", {count} {kind}" for kind, count in report.faults.items())
        print(f"  {report.metric}: {report.matches} values, {ends}{faults}")
