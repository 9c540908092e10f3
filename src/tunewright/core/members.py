"""Strict reading of plain trees (dicts, lists, scalars from JSON or YAML): nothing is skipped, nothing is guessed.

Every member that a reader takes must have the right type; what nobody took is refused by name when the reader closes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from tunewright.core.errors import InvalidSpec

T = TypeVar("T")
NAMES = {
    str: "a text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
}


def _never(_path: str) -> bool:
    return False


class Members:
    """The members of one mapping, each taken once. Use as a context: leaving it refuses what was not taken.

    What nobody took may stay all the same where `passes` says so of its path, here and in all mappings below.
    """

    def __init__(self, tree: Any, path: str = "", passes: Callable[[str], bool] = _never) -> None:
        if not isinstance(tree, Mapping):
            raise InvalidSpec(path or "the job", f"must be a mapping, is {_kind_of(tree)}", "See the examples")
        self.path = path
        self._passes = passes
        self._tree = tree
        self._known: list[str] = []

    def __enter__(self) -> Members:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._refuse_unknown()

    def at(self, name: str) -> str:
        """Return the path of a member."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        self._known.append(name)
        return self._tree.get(name) is not None

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        """Return a member of the given type, the default if it is absent or null. Raises InvalidSpec."""
        value = self.maybe(name, kind)
        if value is not None:
            return value
        if default is not None:
            return default
        raise InvalidSpec(self.at(name), "is missing", f"Give {NAMES.get(kind, 'it')}")

    def maybe(self, name: str, kind: type[T]) -> T | None:
        """Return a member of the given type, None if it is absent or null. Raises InvalidSpec."""
        self._known.append(name)
        value = self._tree.get(name)
        return None if value is None else checked(value, kind, self.at(name))

    def is_mapping(self, name: str) -> bool:
        return isinstance(self._tree.get(name), Mapping)

    def maps(self, name: str) -> Members:
        """Return the members of a nested mapping, an empty one if it is absent."""
        return Members(self.maybe(name, dict) or {}, self.at(name), self._passes)

    def items(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield (path, element) of a list member, nothing if it is absent."""
        for index, element in enumerate(self.maybe(name, list) or []):
            yield f"{self.at(name)}[{index}]", element

    def each(self, name: str) -> Iterator[Members]:
        """Yield the mappings of a list member."""
        for path, element in self.items(name):
            yield Members(element, path, self._passes)

    def texts(self, name: str) -> dict[str, str]:
        """Return a mapping of texts; numbers are taken as they are written."""
        return {
            key: text_of_scalar(value, f"{self.at(name)}.{key}") for key, value in self.take(name, dict, {}).items()
        }

    def choice(self, name: str, options: Mapping[str, T], default: T) -> T:
        """Return what a text member stands for."""
        off = self._tree.get(name) is False and "off" in options  # what YAML makes of off
        text = "off" if off else self.maybe(name, str)
        self._known.append(name)
        if text is None:
            return default
        if text not in options:
            why = f"{text!r} is not one of {', '.join(options)}"
            raise InvalidSpec(self.at(name), why, _suggestion(text, list(options)))
        return options[text]

    def one_of(self, name: str, options: Mapping[str, T]) -> T:
        """Return what a text member stands for that must be there. Raises InvalidSpec."""
        if not self.has(name):
            raise InvalidSpec(self.at(name), "is missing", f"Give one of {', '.join(options)}")
        return options[self.choice(name, {text: text for text in options}, "")]

    def _refuse_unknown(self) -> None:
        for name in self._tree:
            if name not in self._known and not self._passes(self.at(str(name))):
                remedy = _suggestion(str(name), self._known) or f"Known: {', '.join(dict.fromkeys(self._known))}"
                raise InvalidSpec(self.at(str(name)), "is not known", remedy)


def renamed(path: str, names: Mapping[str, str]) -> str:
    """Return a path under other names: its longest beginning that has one is replaced, the rest stays."""
    ends = [len(path), *(match.start() for match in reversed(list(re.finditer(r"[.\[]", path))))]
    for end in ends:
        if path[:end] in names:
            return names[path[:end]] + path[end:]
    return path


def checked(value: Any, kind: type[T], path: str) -> T:
    """Return the value if it is of the kind; an integer is a number too, a truth value is neither."""
    if kind is float and type(value) is int:
        value = float(value)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise InvalidSpec(path, f"must be {NAMES.get(kind, kind.__name__)}, is {_kind_of(value)}", "")
    return value


def text_of_scalar(value: Any, path: str) -> str:
    """Return a scalar as the text that a hyperparameter is. Raises InvalidSpec for lists and mappings."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(value)
        case float():
            return repr(value)
        case _:
            raise InvalidSpec(path, f"must be a text or a number, is {_kind_of(value)}", "Quote it")


def _kind_of(value: Any) -> str:
    return "nothing" if value is None else f"{NAMES.get(type(value), type(value).__name__)}: {str(value)[:60]!r}"


def _suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.6)
    return f"Did you mean {close[0]}?" if close else ""
