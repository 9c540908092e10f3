"""For operators: run a service, and look at what an installation stands on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tunewright.cli.forms import Form
from tunewright.cli.output import show
from tunewright.core.errors import TunewrightError, Unavailable
from tunewright.platform import backends, credentials, parts, settings
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.settings import CallerSettings, KafkaSettings, MongoSettings, variable

LARGEST_SKEW_S: Final = 1.0
"""Between this machine's clock and the store's; leases are judged by the store's alone, times in output are ours."""
ANSWER_WITHIN_S: Final = 5.0


def serve(name: str, *, only_list: bool) -> None:
    service = parts.load(f"serve-{name}")
    if not only_list:
        service.run()
        return
    listed = list(settings.described(service.settings))
    width = max(len(name) for name, *_ in listed)
    for variable_name, default, tells in listed:
        print(f"{variable_name:<{width}} {tells}" + (f" [{default}]" if default else ""))


def make_credentials(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = credentials.create_or_load(file, grpc="", http="")
    print(f"{file}: access key {made.aws_access_key_id}")


@dataclass(frozen=True, kw_only=True)
class Checked(CallerSettings, KafkaSettings, MongoSettings):
    """What all services share, and whom some of them call."""

    scheduler: str = settings.setting("", tells="HOST:PORT of the scheduler.")
    suggester: str = settings.setting("", tells="HOST:PORT of the suggester.")


Look = Callable[[], Awaitable[list[str]]]
"""Returns what is wrong."""


def check(form: Form = Form.TABLE, *, create: bool, environ: Mapping[str, str] = os.environ) -> int:
    """Print what is wrong, a line each; return the exit code."""
    given = settings.from_environment(Checked, environ)
    return asyncio.run(_check(given, form, create=create))


async def _check(given: Checked, form: Form, *, create: bool) -> int:
    looked = []
    async for name, problems in _looks(given, create=create):
        looked.append({"name": name, "ok": not problems, "problems": problems})
        if form is Form.TABLE:  # at once: each look may take a while
            word = "ok" if not problems else "WRONG"
            print(f"{name:<24} {word}", *(f"  {problem}" for problem in problems), sep="\n")
    show(form, looked, ("name", "ok", "problems"), lambda: None)
    return 0 if all(item["ok"] for item in looked) else 1


async def _looks(given: Checked, *, create: bool) -> AsyncIterator[tuple[str, list[str]]]:
    looks: dict[str, Look] = {
        "credentials": partial(_credentials, given),
        "topics (Kafka)": partial(backends.kafka_problems, given, create=create),
        "indexes (MongoDB)": partial(backends.mongo_problems, given, create=create),
        "clock": partial(_clock, given),
    }
    for name in ("scheduler", "suggester"):
        if getattr(given, name):
            looks[name] = partial(_peer, given, name)
    for name, look in looks.items():
        try:
            yield name, await look()
        except TunewrightError as error:
            yield name, [str(error)]


async def _credentials(given: Checked) -> list[str]:
    given.keys()
    return []


async def _clock(given: Checked) -> list[str]:
    return skew_problems(await backends.mongo_skew_s(given))


def skew_problems(skew_s: float) -> list[str]:
    """Say what is wrong with a clock that is so far ahead of the store's."""
    if abs(skew_s) <= LARGEST_SKEW_S:
        return []
    way = "ahead of" if skew_s > 0 else "behind"
    return [f"this machine's clock is {abs(skew_s):.1f} s {way} MongoDB's. Keep both in time with NTP"]


async def _peer(given: Checked, name: str) -> list[str]:
    endpoint, token = getattr(given, name), given.keys().tunewright_token
    async with open_channel(endpoint, token, given.caller_tls(), field=variable(name)) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=ANSWER_WITHIN_S)
        except grpc.aio.AioRpcError as error:
            raise Unavailable(f"the {name} at {endpoint}", error.details() or error.code().name) from None
    return []
