"""Trainings that no trainer runs: a program of the user's own claims them, one by one, and says how they went.

A definition asks for it by its image. Its trainings wait in a pool of their tuning job, which no trainer serves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Definition

CLAIMED: Final = "claim://"
"""The image of a definition whose trainings are claimed."""
POOL: Final = "claimed/"
NO_TRAINER: Final = "is for a trainer to carry out, and trainings that are claimed have none"
OBJECTIVE_PARAMETER: Final = "_tuning_objective_metric"
"""The static hyperparameter by which a training program sees that it is being tuned, as in AMT."""

Scalar = bool | int | float | str
WORDS: Final = {"true": True, "false": False, "True": True, "False": False}


def is_claimed(definition: Definition) -> bool:
    return definition.image == CLAIMED


def pool_of(definition: Definition, uid: str) -> str:
    """Return the pool in which the definition's trainings of a tuning job wait."""
    return f"{POOL}{uid}" if is_claimed(definition) else definition.pool


def claimed_job(pool: str) -> str | None:
    """Return the uid of the tuning job whose trainings are claimed from a pool; None: it is a pool of trainers."""
    return pool.removeprefix(POOL) if pool.startswith(POOL) else None


def check_claimed(definition: Definition, path: str, *, alone: bool) -> None:
    """Refuse what only a trainer does, where there is none. Raises InvalidSpec."""
    if claimed_job(definition.pool) is not None:
        raise InvalidSpec(f"{path}.pool", f"must not begin with {POOL}", "Choose another name")
    if not is_claimed(definition):
        if definition.image.startswith(CLAIMED):
            raise InvalidSpec(f"{path}.image", f"{definition.image!r} names something", f"Give {CLAIMED} and no more")
        return
    if alone:
        raise InvalidSpec(f"{path}.image", "a training by itself cannot be claimed", "Create a tuning job of one")
    if definition.resources.instance_count > 1:
        raise InvalidSpec(f"{path}.resources.instance_count", NO_TRAINER, "Ask for 1")
    plain = Definition(definition.image)
    for field in TRAINERS:
        if getattr(definition, field) != getattr(plain, field):
            raise InvalidSpec(f"{path}.{field}", NO_TRAINER, "Leave it out: your own program does it")


TRAINERS: Final = (
    "entrypoint",
    "arguments",
    "environment",
    "channels",
    "output_uri",
    "pool",
    "checkpoint_uri",
    "checkpoint_path",
    "spot",
    "network_isolation",
)
"""Fields of a definition that a trainer carries out."""


def typed(hyperparameters: Mapping[str, str], definition: Definition) -> dict[str, Scalar]:
    """Return the hyperparameters of a training as Python values; they travel as texts.

    Of a range they are what the range is of. A choice is of whole numbers, real numbers or truth values if all that can
    be chosen reads so, else of texts; a fixed one by itself likewise.
    """
    space = definition.space
    values: dict[str, Scalar] = {}
    for name, text in hyperparameters.items():
        match space.get(name):
            case Float():
                values[name] = float(text)
            case Int():
                values[name] = int(text)
            case Choice(texts):
                values[name] = _read(text, (text, *texts))  # it may have got more values meanwhile
            case None if name != OBJECTIVE_PARAMETER:
                values[name] = _read(text, (text,))
    return values


def _read(text: str, texts: tuple[str, ...]) -> Scalar:
    if all(item in WORDS for item in texts):
        return WORDS[text]
    for kind in (int, float):
        try:
            read = {item: kind(item) for item in texts}
        except ValueError:
            continue
        return read[text]
    return text
