"""AMT's body without what is refused here: enough of a job that is over, for nothing of it is run again."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from tunewright.core.amt.patch import without_nulls
from tunewright.core.amt.treatment import refused_members

Tree = dict[str, Any]
DEFINITIONS: Final = ("TrainingJobDefinition", "TrainingJobDefinitions")


def without_refused(body: Tree) -> tuple[Tree, list[str]]:
    """Return a copy of the body without the members that are refused, and the paths of these.

    A channel whose data come from elsewhere than a bucket goes with its source. The algorithm of a definition stays: it
    is what the job is of.
    """
    tree: Tree = deepcopy(without_nulls(body))
    left_out = [path for path, _ in refused_members(tree) if not path.endswith(".AlgorithmName")]
    for path in left_out:
        _remove(tree, path)
    for name in DEFINITIONS:
        found = tree.get(name, [])
        for definition in found if isinstance(found, list) else [found]:
            channels = definition.get("InputDataConfig")
            if channels:
                definition["InputDataConfig"] = [item for item in channels if item["DataSource"].get("S3DataSource")]
    return tree, left_out


def _remove(tree: Any, path: str) -> None:
    *places, last = path.replace("[", ".").replace("]", "").split(".")
    for place in places:
        tree = tree[int(place)] if isinstance(tree, list) else tree[place]
    del tree[last]
