"""Identity: uids, and the names that users see."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Final

JOB_NAME: Final = re.compile(r"(?=.{1,32}\Z)[a-zA-Z0-9](-*[a-zA-Z0-9])*")
DEFINITION_NAME: Final = re.compile(r"(?=.{1,64}\Z)[a-zA-Z0-9](-*[a-zA-Z0-9])*")
DEFINITION_LETTERS: Final = "a letter or digit, then up to 63 letters, digits or hyphens; no hyphen at the end"
LETTERS: Final = "a letter or digit, then up to 31 letters, digits or hyphens; no hyphen at the end"
TRAINING_NAME: Final = re.compile(r"(?=.{1,63}\Z)[a-zA-Z0-9](-*[a-zA-Z0-9])*")
"""Of a training by itself."""
TRAINING_LETTERS: Final = "a letter or digit, then up to 62 letters, digits or hyphens; no hyphen at the end"
MADE_NAME: Final = re.compile(r".{1,32}-([0-9]{3,6})-[0-9a-fA-F]{8}")
"""What `training_name` returns looks like."""


def training_id(uid: str, number: int) -> str:
    """Return the key of training `number` (from 1) of the tuning job `uid`; sorts in order of creation."""
    return f"{uid}/{number:06d}"


def training_name(job_name: str, uid: str, number: int) -> str:
    """Return AMT's name of a training job: `<job>-NNN-<8 hex>`."""
    digest = hashlib.blake2b(f"{uid}/{number}".encode(), digest_size=4).hexdigest()
    return f"{job_name}-{number:03d}-{digest}"


def job_name_of(training_name: str) -> str:
    """Return the name of the tuning job that a training job's name was made from."""
    return training_name.rsplit("-", 2)[0]


def number_in(training_name: str) -> int | None:
    """Return the number in a name that may have been made for a training of a tuning job; None: it was not."""
    made = MADE_NAME.fullmatch(training_name)
    return int(made[1]) if made else None


def split_training_id(key: str) -> tuple[str, int]:
    """Return (uid, number). Raises ValueError."""
    uid, _, number = key.rpartition("/")
    return uid, int(number)


def host_name(instance: int) -> str:
    """Return AMT's name of an instance of a training, counted from 0."""
    return f"algo-{instance + 1}"


def made_job_name(stem: str, at: datetime) -> str:
    """Make a tuning job's name from its program's, with the time, within AMT's 32 characters."""
    plain = re.sub(r"[^a-zA-Z0-9]+", "-", stem).strip("-")[:18].strip("-") or "job"
    return f"{plain}-{at:%y%m%d-%H%M%S}"
