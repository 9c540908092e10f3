"""What a browser asks for, read from a request: refused before it costs anything, and nothing of it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tunewright_gateway.core.refusals import Refusal
from tunewright_gateway.edge.admission import DENIED, FORBIDDEN, require_our_name
from tunewright_gateway.edge.head import Head
from tunewright_gateway.web.failures import Failure
from tunewright_gateway.web.methods import Method
from tunewright_gateway.web.replies import MESSAGE, STREAM

VERSION: Final = "1"
PLAIN: Final = ("", "identity")
"""Content codings that are none."""
LONGEST_TIMEOUT: Final = 10
"""Digits, as the protocol has it."""
FROM_ELSEWHERE: Final = ("cross-site", "same-site")
"""What a browser says of a request that the page of another server made; the other port of a host is same-site."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What goes with a message to the service."""

    timeout_s: float | None
    metadata: tuple[tuple[str, str], ...]


def require_our_page(head: Head, names: tuple[str, ...]) -> None:
    """Raise Refusal for what the page of another server sends, or one that names itself after us (DNS rebinding).

    Of an Origin, host and port are compared: where a proxy ends TLS, the scheme is not what we see.
    """
    origin = head.values.get("origin")
    ours = origin is None or origin.lower().partition("://")[2] == head.get("host").lower()
    if not ours or head.get("sec-fetch-site") in FROM_ELSEWHERE:
        raise Refusal(DENIED, "Pages of other servers are not answered here.", FORBIDDEN)
    require_our_name(head, names)


def require_form(head: Head, method: Method) -> None:
    """Raise Failure for what is not Connect's form of a call to this method."""
    if head.method != "POST":
        raise Failure("unimplemented", "Calls are made by POST.", status=405)
    kind = STREAM if method.streams else MESSAGE
    if head.get("content-type").lower() != kind:
        raise Failure("invalid_argument", f"{method.path} is called with Content-Type: {kind}.", status=415)


def terms_of(head: Head, method: Method) -> Terms:
    """Return on which terms it is called. Raises Failure."""
    if head.get("connect-protocol-version") != VERSION:
        raise Failure("invalid_argument", f"The header Connect-Protocol-Version must be {VERSION}.")
    coding = head.get("connect-content-encoding" if method.streams else "content-encoding")
    if coding not in PLAIN:
        raise Failure("unimplemented", f"The content coding {coding!r} is not read here, only identity.")
    return Terms(_timeout_s(head.get("connect-timeout-ms")), _metadata(head))


def _timeout_s(given: str) -> float | None:
    if not given:
        return None
    if not (given.isdecimal() and given.isascii() and len(given) <= LONGEST_TIMEOUT):
        raise Failure("invalid_argument", f"The header Connect-Timeout-Ms is {given!r}, not a number of milliseconds.")
    return int(given) / 1000


def _metadata(head: Head) -> tuple[tuple[str, str], ...]:
    """Return who asks; what cannot be a token is left out, and the service says that there is none."""
    token = head.get("authorization")
    return (("authorization", token),) if token and token.isascii() and token.isprintable() else ()
