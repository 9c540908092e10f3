"""A channel and a server in one, in process: requests and answers are bytes, errors are statuses, answers get lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_status import rpc_status

from tests.callers import anybody
from tunewright.core.errors import TunewrightError, Unavailable
from tunewright.platform.rpc.server import _caller
from tunewright.platform.rpc.status import status_of
from tunewright.v1 import worker_service_pb2

OWNER = "local"
PATIENCE_S = 60.0
"""After this time a call without a deadline of its own is given up: whoever was to answer may have died."""


@dataclass(frozen=True, slots=True)
class WireFaults:
    """Chances per call, 0 … 1."""

    request_lost: float = 0.0
    answer_lost: float = 0.0


class Wire:
    """Register servicers on it as on a server; make stubs of it as of a channel."""

    def __init__(self, seed: int = 0, faults: WireFaults = WireFaults()) -> None:
        self._random, self._faults = random.Random(seed), faults  # noqa: S311 - to replay
        self._methods: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, _handlers: object) -> None:
        pass

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        self._methods |= {f"/{service}/{name}": handler for name, handler in handlers.items()}

    def close(self) -> None:
        """Nobody answers, until servicers are registered again; what is being answered is not heard."""
        self._methods = {}

    def unary_unary(self, path: str, request_serializer: Any, response_deserializer: Any, **_: object) -> Any:
        async def call(request: Any, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - as grpc's
            method: Any = self._methods.get(path)
            try:
                self._lose(self._faults.request_lost if method is not None else 1.0)
                async with asyncio.timeout(timeout or PATIENCE_S):
                    _caller.set(anybody(OWNER))
                    answer = await method.unary_unary(method.request_deserializer(request_serializer(request)), None)
                self._lose(self._faults.answer_lost if self._methods.get(path) is method else 1.0)
            except TimeoutError:
                raise _failed(Unavailable("the peer", "it did not answer in time")) from None
            except TunewrightError as error:
                raise _failed(error) from error
            return response_deserializer(method.response_serializer(answer))

        return call

    def unary_stream(self, *_: object, **__: object) -> None:
        """Nothing here streams."""

    def _lose(self, chance: float) -> None:
        if self._random.random() < chance:
            raise Unavailable("the peer", "by the seed")


class Fork:
    """A channel to several servers: each call goes to one of them, by the seed. A cut one reaches none."""

    def __init__(self, wires: Sequence[Wire], seed: int = 0) -> None:
        self._wires, self._random = wires, random.Random(seed)  # noqa: S311 - to replay
        self.cut = False

    def unary_unary(self, path: str, *serializers: Any, **options: Any) -> Any:
        calls = [wire.unary_unary(path, *serializers, **options) for wire in self._wires]

        async def call(request: Any, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - as grpc's
            answer = None if self.cut else await self._random.choice(calls)(request, timeout)
            if self.cut:
                raise _failed(Unavailable("the peer", "cut off"))
            return answer

        return call

    def unary_stream(self, *_: object, **__: object) -> None:
        """Nothing here streams."""


class Telling:
    """A channel on which a trainer tells what its machine has, whatever it would tell itself."""

    def __init__(self, channel: Any, cpus: int) -> None:
        self._channel, self._capacity = channel, worker_service_pb2.Capacity(cpus=cpus, memory_bytes=2**40)

    def unary_unary(self, path: str, *serializers: Any, **options: Any) -> Any:
        method = self._channel.unary_unary(path, *serializers, **options)

        def call(request: Any, timeout: float | None = None) -> Any:
            request.capacity.CopyFrom(self._capacity)
            return method(request, timeout)

        return call if path.endswith("/OpenSession") else method

    def unary_stream(self, *_: object, **__: object) -> None:
        """Nothing here streams."""


def _failed(error: TunewrightError) -> grpc.aio.AioRpcError:
    status = rpc_status.to_status(status_of(error))
    return grpc.aio.AioRpcError(
        status.code, grpc.aio.Metadata(), grpc.aio.Metadata(*status.trailing_metadata), status.details
    )
