"""The gateway as a process of its own; any number of them, behind one address or several."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub

from tunewright.platform.http import CHECK_WITHIN_S, LOOPBACK_NAMES, Check
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.service import Service, Wired
from tunewright.platform.settings import (
    AccessSettings,
    AccountSettings,
    CallerSettings,
    HttpSettings,
    setting,
    variable,
)
from tunewright_gateway.edge.admission import Terms
from tunewright_gateway.edge.language import load
from tunewright_gateway.main import make_door, make_front


@dataclass(frozen=True, kw_only=True)
class GatewaySettings(CallerSettings, AccountSettings, AccessSettings, HttpSettings):
    scheduler: str = setting(tells="HOST:PORT of the scheduler; one name for all replicas, or addresses with commas.")
    metrics: str = setting("", tells="The same of metrics; without it the dashboard has no curves, output or analyses.")


@asynccontextmanager
async def wired(settings: GatewaySettings) -> AsyncIterator[Wired]:
    account, own = settings.whose(), settings.keys()
    terms = Terms(settings.known().key_pair, (*LOOPBACK_NAMES, *(name.lower() for name in settings.http_names)))
    await asyncio.to_thread(load)
    async with AsyncExitStack() as stack:

        async def channel(name: str, endpoint: str, token: str | None) -> grpc.aio.Channel:
            return await stack.enter_async_context(
                open_channel(endpoint, token, settings.caller_tls(), field=variable(name))
            )

        scheduler = await channel("scheduler", settings.scheduler, own.tunewright_token)
        passing = await channel("scheduler", settings.scheduler, None)
        metrics = await channel("metrics", settings.metrics, None) if settings.metrics else None
        yield Wired(
            http=make_front(
                make_door(scheduler, terms, own.aws_secret_access_key, account), terms.names, passing, metrics
            ),
            checks={"scheduler": _answers(scheduler)},
        )


def _answers(channel: grpc.aio.Channel) -> Check:
    """Return a check that a scheduler can be reached. It raises Unavailable."""
    health = HealthStub(channel)

    async def check() -> None:
        try:
            await health.Check(HealthCheckRequest(service="tunewright.v1.TuningService"), timeout=CHECK_WITHIN_S)
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from None

    return check


SERVICE: Final = Service("gateway", GatewaySettings, wired)
