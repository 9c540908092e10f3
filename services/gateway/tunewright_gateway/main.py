"""Wiring of the gateway."""

from __future__ import annotations

import grpc
from starlette.types import ASGIApp

from tunewright.core.arns import NOBODYS, Account
from tunewright_gateway.edge.admission import Admission, Terms
from tunewright_gateway.edge.door import Door
from tunewright_gateway.operations.backends import Backends
from tunewright_gateway.web.bridge import Bridge
from tunewright_gateway.web.front import front
from tunewright_gateway.web.methods import methods
from tunewright_gateway.web.pages import Pages


def make_door(scheduler: grpc.aio.Channel, terms: Terms, secret: str, account: Account = NOBODYS) -> Door:
    """Return the door to the scheduler at the other end of the channel, which has the installation's token."""
    return Door(Backends(scheduler, account, secret).of, Admission(terms))


def make_front(
    door: ASGIApp, names: tuple[str, ...], scheduler: grpc.aio.Channel, metrics: grpc.aio.Channel | None
) -> ASGIApp:
    """Return all that is served beside health and metrics, under these names: door and dashboard.

    The channels have no token of their own: the dashboard's calls come with its user's.
    """
    return front(door, Bridge(methods(scheduler, metrics), names), Pages(names))
