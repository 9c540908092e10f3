"""YAML and JSON as plain trees, with the line of every member for error messages; and trees as YAML.

Texts may come from anybody, so nothing in them costs more than their size: they are limited in size and depth, what
aliases repeat counts each time, and tags, which make objects, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from tunewright.core.errors import InvalidSpec

FLOAT: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
LONGEST: Final = 256 * 1024
"""Bytes of a text, in UTF-8."""
LONGEST_SCALAR: Final = 4096
LONGEST_NAME: Final = 512
"""As long as AMT lets the name of an environment variable be, the longest that a job file has."""
LONGEST_NUMBER: Final = 64
"""Digits beyond it would be worked on for longer the more there are."""
DEEPEST: Final = 32
MOST_NODES: Final = 100_000
"""Aliases counted as what they stand for."""
MOST_IN_PATHS: Final = 8 * 1024 * 1024
"""Characters of all paths together, in each of which stand the names of all that is around it."""
LINE_ENDS: Final = re.compile(r"[\r\n\x85\u2028\u2029\ufeff]")
TEXT: Final = "tag:yaml.org,2002:str"
NUMBERS: Final = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
KEYS: Final = frozenset({TEXT, "tag:yaml.org,2002:merge"})

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(Loader):  # type: ignore[misc]  # one of two: the faster, if PyYAML was built with it
    """YAML with 1e-3 as a number, which YAML 1.1 takes for a text."""


class _Dumper(yaml.SafeDumper):
    """Quotes what the loader would not read as a text."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """What YAML takes for a line end is escaped, which only double quotes do."""
        style = '"' if LINE_ENDS.search(data) else None
        return self.represent_scalar(TEXT, data, style)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - two equal lists are two lists
        return True


_Dumper.add_representer(str, _Dumper.represent_str)
for _one in (_Loader, _Dumper):
    _one.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+.0123456789"))


class Misread(InvalidSpec):
    """A text that is no YAML, or more than is read. `line` counts from 1; None: it is about no line."""

    def __init__(self, field: str, why: str, remedy: str, line: int | None = None) -> None:
        super().__init__(field, why, remedy)
        self.line = line


def read_tree(text: str) -> tuple[Any, dict[str, int]]:
    """Return a text as a tree, and the line of each path in it. Raises Misread."""
    if len(text.encode(errors="replace")) > LONGEST:
        raise Misread("", f"is longer than {LONGEST // 1024} KiB", "Leave out what is no job file")
    try:
        _check_events(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise Misread("", "is empty", "See docs/jobs.md for a job file")
            _measured(node, {})
            lines = _lines_of(node)  # before merges are written out, into the nodes themselves
            return loader.construct_document(node), lines
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = _line(error.problem_mark)  # which may be one behind the last
        at = None if line is None else min(line, len(text.splitlines()) or 1)
        raise Misread("", f"is not YAML or JSON: {error.problem}", "Mend it", at) from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
        raise Misread("", f"is not YAML or JSON: {str(error).splitlines()[0]}", "Mend it") from None


def write_tree(tree: Any) -> str:
    """Return a tree as YAML that reads back to it: what holds only scalars stands on one line."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)


def _line(mark: Any) -> int | None:
    return None if mark is None else int(mark.line) + 1


def _check_events(text: str) -> None:
    """Look at the text as it flows by, before anything that calls itself does. Raises Misread."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        line = _line(event.start_mark)
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag not in {None, "!", TEXT}:
            raise Misread("", f"has a tag, {event.tag}, and these are not read", "Write the value alone", line)
        match event:
            case yaml.CollectionStartEvent():
                depth += 1
                if depth > DEEPEST:
                    raise Misread("", f"is nested deeper than {DEEPEST}", "No job file is", line)
            case yaml.CollectionEndEvent():
                depth -= 1
            case yaml.ScalarEvent() if len(event.value) > LONGEST_SCALAR:
                raise Misread("", f"has a text longer than {LONGEST_SCALAR} characters", "Shorten it", line)


def _measured(node: yaml.Node, known: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """Return how many nodes there are, and how deep, aliases counted as what they stand for. Raises Misread."""
    if id(node) in known:
        measured = known[id(node)]
        if measured is None:
            raise Misread("", "contains itself", "Write it out", _line(node.start_mark))
        return measured
    known[id(node)] = None
    size, depth = 1, 0
    for below in _below(node):
        more, deep = _measured(below, known)
        size, depth = size + more, max(depth, deep + 1)
    if size > MOST_NODES or depth > DEEPEST:
        raise Misread("", "is too large once its aliases are written out", "Use fewer", _line(node.start_mark))
    known[id(node)] = size, depth
    return size, depth


def _below(node: yaml.Node) -> Iterator[yaml.Node]:
    match node:
        case yaml.MappingNode():
            for key, value in node.value:
                if key.tag not in KEYS or not key.value:
                    raise Misread("", f"{_shown(key)} is no name", "Quote it", _line(key.start_mark))
                if len(key.value) > LONGEST_NAME:
                    why = f"has a name of {len(key.value)} characters, at most {LONGEST_NAME} can be"
                    raise Misread("", why, "Shorten it", _line(key.start_mark))
                yield value
        case yaml.SequenceNode():
            yield from node.value
        case yaml.ScalarNode() if node.tag in NUMBERS and len(node.value) > LONGEST_NUMBER:
            raise Misread("", f"has a number of {len(node.value)} characters", "Quote it", _line(node.start_mark))


def _shown(key: yaml.Node) -> str:
    return repr(key.value) if isinstance(key, yaml.ScalarNode) else "a list or a mapping"


def _lines_of(root: yaml.Node) -> dict[str, int]:
    """Return the line of each path. What stands at several paths, through an alias, is followed once.

    Raises Misread.
    """
    lines = {"": root.start_mark.line + 1}
    followed: set[int] = set()
    nodes, in_paths = [(root, "")], 0
    while nodes:
        node, path = nodes.pop()
        if id(node) in followed:
            continue
        followed.add(id(node))
        names = set[str]()
        for here, place, member in _members(node, path):
            if here in names:
                raise Misread(here, "stands twice", "Keep one", place.start_mark.line + 1)
            in_paths += len(here)
            if in_paths > MOST_IN_PATHS:
                raise Misread("", "has too much below names that are too long", "Shorten them", _line(place.start_mark))
            names.add(here)
            lines.setdefault(here, place.start_mark.line + 1)  # a name with dots may look like another's path
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
