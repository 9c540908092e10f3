"""What an operation is given: the request, and whom to ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tunewright.core.access import Principal
from tunewright.core.arns import Account
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub
from tunewright_gateway.operations.known import KnownJobs

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Backend:
    """The services behind the door. For one principal: each call says for whom it is made."""

    tuning: TuningServiceStub
    account: Account
    page_key: bytes
    """Signs NextToken: the same in every replica, another one for another owner."""
    known: KnownJobs = field(default_factory=KnownJobs, repr=False)


BackendOf = Callable[[Principal], Backend]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in and that keeps to botocore's model."""

    body: Tree
    backend: Backend
    invocation: str
    """The client's own id of it, the same when it tries again; empty: it gave none."""


Operation = Callable[[Call], Awaitable[Tree | bytes]]
"""Returns the response's members, or these in JSON. Raises Refusal, and errors of ours."""
