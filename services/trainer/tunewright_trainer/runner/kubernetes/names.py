"""What an attempt's objects are called in the cluster: always the same, so that what is made twice is found again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tunewright_trainer.core.attempt import Attempt, Launch

DOMAIN: Final = "tunewright.dev"
TRAINER: Final = f"{DOMAIN}/trainer"
ATTEMPT: Final = f"{DOMAIN}/attempt"
INSTANCE: Final = f"{DOMAIN}/instance"
NETWORK: Final = f"{DOMAIN}/network"
"""`open`; `none`: the NetworkPolicy that is shipped cuts it off; `peers`: it reaches its training's other instances."""
TRAINING_ID: Final = f"{DOMAIN}/training-id"
NUMBER: Final = f"{DOMAIN}/attempt-number"
FINALIZER: Final = f"{DOMAIN}/end-is-known"
"""Keeps a pod that was deleted until its exit code is written down."""
READABLE_CHARS: Final = 30
"""Of the training's name, in a Job's: with what follows it stays below the 63 of DNS."""
LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Place:
    """One instance of an attempt."""

    digest: str
    host: str


def digest_of(attempt: Attempt) -> str:
    """Return a word of 16 hexadecimal digits: ids may be longer than names, and differ in case alone."""
    return hashlib.sha256(str(attempt).encode()).hexdigest()[:16]


def label_value(text: str) -> str:
    """Return a text, or what stands for it where labels may not hold it."""
    return text if LABEL_VALUE.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()[:32]


def job_name(launch: Launch, instance: int) -> str:
    readable = launch.training_name.lower()[:READABLE_CHARS].strip("-")
    return f"{readable}-{digest_of(launch.attempt)}-{instance + 1}"


def network_name(attempt: Attempt) -> str:
    """Of the Service and of the NetworkPolicy that several instances share; it begins with a letter, as it must."""
    return f"tunewright-{digest_of(attempt)}"


def labels(launch: Launch, trainer_id: str, instance: int | None = None) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "tunewright-training",
        "app.kubernetes.io/managed-by": "tunewright-trainer",
        TRAINER: label_value(trainer_id),
        ATTEMPT: digest_of(launch.attempt),
        **({} if instance is None else {INSTANCE: launch.hosts[instance], NETWORK: network_of(launch)}),
    }


def network_of(launch: Launch) -> str:
    if not launch.definition.network_isolation:
        return "open"
    return "none" if launch.instances == 1 else "peers"


def annotated(launch: Launch) -> dict[str, str]:
    return {
        f"{DOMAIN}/training-name": launch.training_name,
        TRAINING_ID: launch.attempt.training_id,
        NUMBER: str(launch.attempt.attempt),
    }


def attempt_of(metadata: Mapping[str, object]) -> Attempt | None:
    """Return whose an object is; None: somebody has taken its annotations away."""
    notes = metadata.get("annotations")
    if not isinstance(notes, dict) or TRAINING_ID not in notes or not str(notes.get(NUMBER, "")).isdigit():
        return None
    return Attempt(notes[TRAINING_ID], int(notes[NUMBER]))


def place_of(metadata: Mapping[str, object]) -> Place | None:
    marks = metadata.get("labels")
    if not isinstance(marks, dict) or ATTEMPT not in marks or INSTANCE not in marks:
        return None
    return Place(marks[ATTEMPT], marks[INSTANCE])
