"""Everything that the gateway serves over HTTP beside health and metrics, by path."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tunewright_gateway.web.bridge import BELOW
from tunewright_gateway.web.pages import READING

CALLS: Final = f"{BELOW}/"


def front(door: ASGIApp, bridge: ASGIApp, pages: ASGIApp) -> ASGIApp:
    """Return what leads to the SageMaker door, to the services, or to the dashboard's pages."""

    async def lead(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path == "/" and scope["method"] not in READING:
            await door(scope, receive, send)
        elif path.startswith(CALLS):
            await bridge(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return lead
