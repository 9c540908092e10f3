"""The services behind the door, for each who asks: they see for whom, and judge what he may (docs/adr/0041)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tunewright.core.access import INSTALLATION, Principal
from tunewright.core.arns import Account
from tunewright.platform.rpc import FOR, SCOPES
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub
from tunewright_gateway.core.tokens import page_key
from tunewright_gateway.operations.call import Backend

KEPT: Final = 256
"""Owners, each with the jobs that it has asked for last."""


class Backends:
    """`secret` is the installation's: what is signed with it, every replica of the gateway reads."""

    def __init__(self, scheduler: Any, account: Account, secret: str) -> None:
        self._scheduler, self._account, self._secret = scheduler, account, secret
        self._kept: OrderedDict[tuple[str, frozenset[str]], Backend] = OrderedDict()

    def of(self, principal: Principal) -> Backend:
        key = principal.owner, principal.scopes
        if key not in self._kept:
            channel = self._scheduler if principal == INSTALLATION else SpokenFor(self._scheduler, principal)
            stub = TuningServiceStub(channel)
            self._kept[key] = Backend(stub, self._account, page_key(self._secret, principal.owner))
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]


@dataclass(frozen=True, slots=True)
class SpokenFor:
    """A channel whose calls name the principal for whom they are made; those of streams are not made here."""

    channel: Any
    principal: Principal

    def unary_unary(self, *serializers: Any, **options: Any) -> Any:
        scopes = " ".join(sorted(self.principal.scopes))
        metadata = ((FOR, self.principal.owner), (SCOPES, scopes))
        return partial(self.channel.unary_unary(*serializers, **options), metadata=metadata)

    def unary_stream(self, *_: object, **__: object) -> None:
        """Nothing here streams."""

    stream_unary = stream_stream = unary_stream
