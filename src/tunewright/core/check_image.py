"""Judges the name of a container's image by the grammar of references, which every engine and registry keeps to.

    reference   [HOST[:PORT]/] name [/ name]… [:tag] [@algorithm:digest]      of names and hosts 255 characters at most

What it names need not be there: that is found out where it is pulled.
"""

from __future__ import annotations

import re
from typing import Final

from tunewright.core.errors import InvalidSpec

LONGEST_NAME: Final = 255
LONGEST: Final = 600
"""With a tag and the longest digest that there is."""

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?"
_WORD: Final = r"[a-z0-9]+(?:(?:__|[._]|-+)[a-z0-9]+)*"
_TAG: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST: Final = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[A-Fa-f0-9]{32,}"
REFERENCE: Final = re.compile(rf"((?:{_HOST}/)?{_WORD}(?:/{_WORD})*)(?::{_TAG})?(?:@{_DIGEST})?")


def check_image(image: str, field: str) -> None:
    """Raises InvalidSpec under `field`: no engine takes it."""
    if not is_reference(image):
        raise InvalidSpec(field, f"{image[:LONGEST]!r} is no name of an image", _remedy(image))


def is_reference(image: str) -> bool:
    found = REFERENCE.fullmatch(image) if len(image) <= LONGEST else None
    return found is not None and len(found[1]) <= LONGEST_NAME


def _remedy(image: str) -> str:
    _, scheme, rest = image.partition("://")
    bare = rest if scheme else image
    for nearest in (bare, bare.lower()):
        if is_reference(nearest):
            return f"Did you mean {nearest}? A program of the trainer's host is file:///…"
    return "Give [HOST/]name[:tag] as an engine pulls it, in lower case; a program of the trainer's host is file:///…"
