"""AMT's CreateTrainingJob body as one training to run by itself, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tunewright.core.amt.body import opened
from tunewright.core.amt.definitions import ARGUMENTS, ENTRYPOINT, HYPERPARAMETERS, definition_of, definition_tree
from tunewright.core.amt.members import OF_DEFINITION, channel_members, metric_members
from tunewright.core.amt.patch import difference, patch_text, patched, read_patch, without_nulls
from tunewright.core.amt.tags import TAGS, tags_of, tags_tree
from tunewright.core.amt.treatment import TRAINING
from tunewright.core.spec import Definition

Tree = dict[str, Any]
NAME: Final = "TrainingJobName"
ALGORITHM: Final = "AlgorithmSpecification"


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """Fields as those of v1.CreateTrainingJobRequest."""

    name: str
    definition: Definition
    tags: Mapping[str, str] = field(default_factory=dict)
    amt_patch: str = ""


def from_training(tree: Any) -> TrainingRequest:
    """Read AMT's request body. Raises InvalidSpec with AMT's own path of the member."""
    with opened(tree, TRAINING) as top:
        request = TrainingRequest(top.take(NAME, str), definition_of(top, alone=True), tags_of(top))
    return replace(request, amt_patch=patch_text(difference(to_training(request), without_nulls(tree))))


def to_training(request: TrainingRequest) -> Tree:
    """Write AMT's request body; members that were not given are absent."""
    tree = {NAME: request.name} | definition_tree(request.definition, alone=True)
    return tree | ({TAGS: tags_tree(request.tags)} if request.tags else {})


def told_training(request: TrainingRequest) -> Tree:
    """Write AMT's request body as it was given."""
    return patched(to_training(request), read_patch(request.amt_patch))


def members_of_training(definition: Definition) -> dict[str, str]:
    """Return the member of AMT's body for each path of a training alone's specification that may be found wrong."""
    own = {
        "static_hyperparameters": HYPERPARAMETERS,
        "entrypoint": f"{ALGORITHM}.{ENTRYPOINT}",
        "arguments": f"{ALGORITHM}.{ARGUMENTS}",
    }
    members = {f"definitions[0].{path}": member for path, member in (OF_DEFINITION | own).items()}
    members |= channel_members("definitions[0]", "InputDataConfig", definition)
    return {"name": NAME, "tags": TAGS} | members | metric_members("definitions[0]", ALGORITHM, definition)
