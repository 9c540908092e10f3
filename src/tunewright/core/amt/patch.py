"""How AMT's request differs from the body that its specification is written as, so that it can be told as it was given.

A patch is a tree of the members that differ. A leaf is a pair, what was written and what was given, null for absent;
an inner node maps members, or the indexes of a list, to what lies below. A leaf holds while what it was made against
still stands: where the specification has changed since (a limit was raised, autotune has chosen a range), that shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tunewright.core.errors import InvalidSpec

Tree = dict[str, Any]
FIELD: Final = "amt_patch"
LONGEST: Final = 256 * 1024
"""Characters of a patch: it is kept in, and sent with, every record of a specification."""


def difference(written: Mapping[str, Any], given: Mapping[str, Any]) -> Tree:
    """Return the patch that makes `given` of `written`, empty if they are equal. A member that is None is absent."""
    nodes = {name: _node(written.get(name), given.get(name)) for name in written.keys() | given.keys()}
    return {name: node for name, node in nodes.items() if node}


def _node(written: Any, given: Any) -> Tree | list[Any]:
    if isinstance(written, dict) and isinstance(given, dict):
        return difference(written, given)
    if isinstance(written, list) and isinstance(given, list) and len(written) == len(given):
        return difference(_indexed(written), _indexed(given)) if None not in given else [written, given]
    same = written == given and isinstance(written, bool) == isinstance(given, bool)
    return {} if same else [written, given]


def _indexed(items: list[Any]) -> Tree:
    return {str(index): item for index, item in enumerate(items)}


def patched(written: Tree, patch: Mapping[str, Any]) -> Tree:
    """Return a body with the patch applied wherever what it was made against still stands."""
    changed = written | {name: _applied(written.get(name), node) for name, node in patch.items()}
    return {name: value for name, value in changed.items() if value is not None}


def _applied(written: Any, node: Any) -> Any:
    match node:
        case [was, given]:
            return given if written == was else written
        case dict() if isinstance(written, dict):
            return patched(written, node)
        case dict() if isinstance(written, list):
            return [_applied(item, node.get(str(index))) for index, item in enumerate(written)]
        case _:
            return written


def without_nulls(tree: Any) -> Any:
    """Return a body without the members that are null: to AWS they are absent."""
    match tree:
        case dict():
            return {name: without_nulls(value) for name, value in tree.items() if value is not None}
        case list():
            return [without_nulls(item) for item in tree]
        case _:
            return tree


def patch_text(patch: Tree) -> str:
    """Return a patch as JSON, empty for none. Raises InvalidSpec: it is too long to be kept."""
    text = json.dumps(patch, sort_keys=True, separators=(",", ":")) if patch else ""
    _check_length(text, "")
    return text


def read_patch(text: str) -> Tree:
    """Read what `patch_text` has written. Raises InvalidSpec."""
    if not text:
        return {}
    _check_length(text, FIELD)
    try:
        patch = json.loads(text)
    except (ValueError, RecursionError):
        patch = None
    if not isinstance(patch, dict):
        raise InvalidSpec(FIELD, "is no JSON object", "Leave it out")
    return patch


def _check_length(text: str, field: str) -> None:
    if len(text) > LONGEST:
        why = f"what is only kept to be told again has {len(text)} characters, at most {LONGEST} can be"
        raise InvalidSpec(field, why, "Leave out members that mean nothing here")
