"""Tags, a list of pairs with AMT, as a mapping, and back."""

from __future__ import annotations

from collections.abc import Mapping

from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members

TAGS = "Tags"


def tags_of(members: Members) -> dict[str, str]:
    """Read the member Tags. Raises InvalidSpec."""
    tags: dict[str, str] = {}
    for item in members.each(TAGS):
        with item:
            key = item.take("Key", str)
            if key in tags:
                raise InvalidSpec(item.at("Key"), f"{key!r} is given twice", "Give each key one value")
            tags[key] = item.take("Value", str)
    return tags


def tags_tree(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
