"""A service as a process of its own: from its variables to an orderly end.

    alive (HTTP) → what it stands on is there → serves (gRPC) → "ready …" → … → signal → drains → ends

What it stands on may come later than it does: it waits, alive but not ready. A setting or a schema that is wrong ends
it at once, with one line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import structlog
from starlette.types import ASGIApp

from tunewright.core.errors import Unavailable
from tunewright.platform import http, lifecycle, settings, telemetry
from tunewright.platform.expiry import tell_shown
from tunewright.platform.http import Check
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.loopback import is_loopback
from tunewright.platform.rpc.server import Register, RpcServer
from tunewright.platform.settings import CallerSettings, KafkaSettings, ServerSettings, ServiceSettings

WAIT_S: Final = 1.0
GRACE_S: Final = 1.0
"""What calls under way may take to end; long polls are cut off and go to another replica."""

S = TypeVar("S", bound=ServiceSettings)
log = structlog.get_logger()


async def nothing() -> None:
    """Drain nothing."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A service whose parts have found each other."""

    parts: Sequence[Awaitable[None]] = ()
    """Long-lived; the first that ends ends the process."""
    grpc: Mapping[str, Register] = field(default_factory=dict)
    """By the full name of the gRPC service."""
    http: ASGIApp | None = None
    """What HTTP serves under all paths but those of health and metrics."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    drain: Callable[[], Awaitable[None]] = nothing
    """Called at the first signal, while everything still runs; a second signal cuts it short."""


@dataclass(frozen=True, slots=True)
class Service(Generic[S]):
    """What `tunewright serve NAME` runs."""

    name: str
    settings: type[S]
    wired: Callable[[S], AbstractAsyncContextManager[Wired]]
    """May raise Unavailable while what it stands on is away; it is entered again then."""

    def run(self) -> None:
        """Serve until a signal. Raises InvalidSpec: a setting or a schema is wrong."""
        given = settings.from_environment(self.settings)
        telemetry.configure(level=given.log_level)
        telemetry.trace(f"tunewright-{self.name}")
        settings.warn_of_unknown(self.settings)
        asyncio.run(self._serve(given))

    async def _serve(self, given: S) -> None:
        asked, at_once = asyncio.Event(), asyncio.Event()
        lifecycle.stop_on_signals(asked, at_once)
        checks: dict[str, Check] = {self.name: _not_yet}
        if isinstance(given, ServerSettings) and (tls := given.tls()) is not None:
            tls.check()  # before it waits for anybody
        _tell_shown(given)
        async with AsyncExitStack() as stack:
            more: ASGIApp | None = None
            web = await stack.enter_async_context(_web(given, checks, lambda: more))
            wired = await lifecycle.unless(asked, self._patiently(given, stack))
            if wired is None:
                return
            served = f"http={web}"
            if isinstance(given, ServerSettings):
                served = f"grpc={await stack.enter_async_context(_serving(given, wired))} {served}"
            del checks[self.name]
            checks.update(wired.checks)
            more = wired.http
            print(f"ready {served}", flush=True)  # noqa: T201 - what whoever started us waits for
            log.info("ready", service=self.name, at=served)
            await lifecycle.run_together([*wired.parts, _drained(wired, checks, asked)], at_once)

    async def _patiently(self, given: S, stack: AsyncExitStack) -> Wired:
        """Wire it, waiting for what it stands on."""
        while True:
            try:
                return await stack.enter_async_context(self.wired(given))
            except Unavailable as error:
                log.warning("waits", service=self.name, why=str(error))
                await asyncio.sleep(WAIT_S)


def _tell_shown(given: ServiceSettings) -> None:
    """Tell when the certificates expire that other services and the brokers are shown."""
    if isinstance(given, CallerSettings) and given.tls_client_certificate is not None:
        tell_shown("caller", given.tls_client_certificate)
    if isinstance(given, KafkaSettings) and given.kafka_certificate is not None:
        tell_shown("kafka", given.kafka_certificate)


async def _not_yet() -> None:
    raise Unavailable("the service", "it is starting or draining")


async def _drained(wired: Wired, checks: dict[str, Check], asked: asyncio.Event) -> None:
    """Return once it was asked to end and has drained; from the asking on it is not ready any more."""
    await asked.wait()
    checks["draining"] = _not_yet
    log.info("drains")
    await wired.drain()


@asynccontextmanager
async def _serving(given: ServerSettings, wired: Wired) -> AsyncIterator[str]:
    host, port = settings.address("grpc", given.grpc)
    server = RpcServer(host, port, Gate(given.known().authenticate, given.calls_per_second), given.tls())
    await server.start(wired.grpc)
    try:
        yield f"{host}:{server.port}"
    finally:
        await server.stop(GRACE_S)


@asynccontextmanager
async def _web(
    given: ServiceSettings, checks: Mapping[str, Check], more: Callable[[], ASGIApp | None]
) -> AsyncIterator[str]:
    host, port = settings.address("http", given.http)
    names = http.LOOPBACK_NAMES if is_loopback(host) else http.ANY_NAME
    served = http.serving(http.application(checks, names, more), host, port, given.http_tls())
    async with http.watching(checks), served as port:
        yield f"{host}:{port}"
