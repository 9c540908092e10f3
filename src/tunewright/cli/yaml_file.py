"""YAML and JSON from the disk as a plain tree, with the line of every member for error messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tunewright.core.errors import InvalidSpec

FLOAT: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")


class _Loader(yaml.SafeLoader):
    """YAML with 1e-3 as a number, which YAML 1.1 takes for a text."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+.0123456789"))


def read_tree(path: Path) -> tuple[Any, dict[str, int]]:
    """Return the file as a tree, and the line of each path in it. Raises InvalidSpec."""
    try:
        text = path.read_text()
    except OSError as error:
        raise InvalidSpec(str(path), f"cannot be read: {error.strerror}", "Give a script or a job file") from None
    except UnicodeDecodeError:
        raise InvalidSpec(str(path), "is not text", "Give a job file in YAML or JSON") from None
    try:
        node = yaml.compose(text, _Loader)
        if node is None:
            raise InvalidSpec(str(path), "is empty", "See the README for a job file")
        lines = _lines_of(node, path.name)
        return yaml.load(text, _Loader), lines  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = path.name if mark is None else f"{path.name} line {mark.line + 1}"
        raise InvalidSpec("", f"is not YAML or JSON: {error.problem}", "Mend it", place) from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise InvalidSpec("", f"is not YAML or JSON: {str(error).splitlines()[0]}", "Mend it", path.name) from None


def _lines_of(root: yaml.Node, file: str) -> dict[str, int]:
    """Return the line of each path. What stands at several paths, through an alias, is followed once."""
    lines = {"": root.start_mark.line + 1}
    followed: set[int] = set()
    nodes = [(root, "")]
    while nodes:
        node, path = nodes.pop()
        if id(node) in followed:
            continue
        followed.add(id(node))
        for here, place, member in _members(node, path):
            if here in lines:
                raise InvalidSpec(here, "stands twice", "Keep one", f"{file} line {place.start_mark.line + 1}")
            lines[here] = place.start_mark.line + 1
            nodes.append((member, here))
    return lines


def _members(node: yaml.Node, path: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Yield path, the node that has its line, and the node of its value."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield f"{path}.{key.value}" if path else str(key.value), key, value
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{path}[{index}]", item, item
