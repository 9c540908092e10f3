"""Job files from the disk: YAML or JSON as a plain tree, with the line of every member for error messages."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from tunewright.core.amt import from_amt, looks_like_amt
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile import Place, from_jobfile
from tunewright.core.spec import TuningJobSpec

FLOAT: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")


class _Loader(yaml.SafeLoader):
    """YAML with 1e-3 as a number, which YAML 1.1 takes for a text."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+.0123456789"))


def read_spec(path: Path, default_name: str) -> TuningJobSpec:
    """Read a job file, ours or AMT's. Raises InvalidSpec with field and line."""
    tree, lines = read_tree(path)
    try:
        if looks_like_amt(tree):
            return from_amt(tree)
        return from_jobfile(tree, Place(str(path.parent.absolute()), sys.executable, default_name))
    except InvalidSpec as error:
        raise located(error, lines) from None


def located(error: InvalidSpec, lines: dict[str, int]) -> InvalidSpec:
    """Return the error with the line of its field, or of the nearest thing around it that the file has."""
    field = error.field
    while field and field not in lines:
        field = field.rpartition(".")[0] if "." in field else ""
    return InvalidSpec(error.field, error.why, error.remedy, line=lines.get(field))


def read_tree(path: Path) -> tuple[Any, dict[str, int]]:
    """Return the file as a tree, and the line of each path in it. Raises InvalidSpec."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSpec(str(path), f"cannot be read: {error}", "Give a job file") from None
    try:
        node = yaml.compose(text, _Loader)
        if node is None:
            raise InvalidSpec(str(path), "is empty", "See the README for a job file")
        lines: dict[str, int] = {}
        _note_lines(node, "", lines)
        return yaml.load(text, _Loader), lines  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InvalidSpec(str(path), f"is not YAML or JSON: {error.problem}", "Mend it", line=line) from None


def _note_lines(node: yaml.Node, path: str, lines: dict[str, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            here = f"{path}.{key.value}" if path else str(key.value)
            if key.value in seen:
                raise InvalidSpec(here, "stands twice", "Keep one", line=key.start_mark.line + 1)
            seen.add(key.value)
            lines[here] = key.start_mark.line + 1
            _note_lines(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(item, f"{path}[{index}]", lines)
