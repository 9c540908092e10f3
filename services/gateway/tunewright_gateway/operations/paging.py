"""Pages of a listing: what AWS's members ask for, and NextToken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from tunewright.platform.codec import instant_to_timestamp
from tunewright_gateway.core.instants import instant_of
from tunewright_gateway.core.tokens import Listing
from tunewright_gateway.operations.call import Call, Tree

PAGE: Final = 10
"""MaxResults, where a request does not say."""

BOUNDS: Final = {
    "CreationTimeAfter": "created_after",
    "CreationTimeBefore": "created_before",
    "LastModifiedTimeAfter": "modified_after",
    "LastModifiedTimeBefore": "modified_before",
}
Ask = Callable[[int, str], Awaitable[tuple[list[Any], str]]]
"""Takes how many are wanted at most and a token of the scheduler's; returns them, and the token that goes on."""


def size_of(body: Mapping[str, Any]) -> int:
    return body.get("MaxResults") or PAGE


def bounds(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scheduler's filters by time."""
    given = ((field, body.get(member)) for member, field in BOUNDS.items())
    return {field: instant_to_timestamp(instant_of(value)) for field, value in given if value is not None}


async def page(call: Call, operation: str, ask: Ask) -> tuple[list[Any], Tree]:
    """Return a page's items, and NextToken as a response has it: absent on the last page.

    The scheduler may answer with few, or none, before a listing's end, where it has filtered many. AWS's clients take
    an empty page for the end, so it is asked until the page is full.
    """
    listing = Listing(call.backend.page_key, operation, call.body)
    token = listing.place(call.body["NextToken"]) if call.body.get("NextToken") else ""
    size = size_of(call.body)
    items: list[Any] = []
    while True:
        more, token = await ask(size - len(items), token)
        items += more
        if not token:
            return items, {}
        if len(items) >= size:
            return items, {"NextToken": listing.token(token)}
