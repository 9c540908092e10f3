"""Tags: short texts under short names that users put on jobs. They describe; nothing is decided by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tunewright.core.errors import InvalidSpec, QuotaExceeded

MOST_TAGS: Final = 50
LONGEST_KEY: Final = 128
LONGEST_VALUE: Final = 256
"""All three are AMT's."""
RESERVED: Final = "aws:"
"""Keys that begin so, in whatever case, users of AWS cannot set."""


def check_tags(tags: Mapping[str, str], field: str) -> None:
    """Raises InvalidSpec, with the field's path; QuotaExceeded: there are too many."""
    for key, value in tags.items():
        if key.lower().startswith(RESERVED):
            raise InvalidSpec(field, f"{key!r} begins with {RESERVED}, which is AWS's own", "Choose another key")
        if not 1 <= len(key) <= LONGEST_KEY:
            why = f"a key has {len(key)} characters, from 1 to {LONGEST_KEY} can be"
            raise InvalidSpec(field, f"{why}: {key!r}", "Choose another")
        if len(value) > LONGEST_VALUE:
            why = f"has {len(value)} characters, at most {LONGEST_VALUE} can be"
            raise InvalidSpec(f"{field}.{key}", why, "Shorten it")
    if len(tags) > MOST_TAGS:
        raise QuotaExceeded("the number of tags of a resource", len(tags), MOST_TAGS)


def retagged(tags: Mapping[str, str], given: Mapping[str, str], removed: Iterable[str]) -> dict[str, str]:
    """Return the tags without those removed and with those given. Raises InvalidSpec, QuotaExceeded."""
    gone = set(removed)
    if both := sorted(gone & given.keys()):
        raise InvalidSpec("remove", f"{both[0]!r} is both set and removed", "Do one of the two")
    check_tags(given, "set")
    left = {key: value for key, value in tags.items() if key not in gone} | dict(given)
    check_tags(left, "set")
    return left
