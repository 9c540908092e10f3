"""Wiring of the gateway."""

from __future__ import annotations

import grpc

from tunewright.core.arns import NOBODYS, Account
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub
from tunewright_gateway.core.tokens import page_key
from tunewright_gateway.edge.admission import Admission, Terms
from tunewright_gateway.edge.door import Door
from tunewright_gateway.operations.call import Backend


def make_door(scheduler: grpc.aio.Channel, terms: Terms, account: Account = NOBODYS) -> Door:
    """Return the door to the scheduler at the other end of the channel."""
    backend = Backend(TuningServiceStub(scheduler), account, page_key(terms.keys))
    return Door(backend, Admission(terms))
