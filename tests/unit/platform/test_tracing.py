from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from tests.unit.platform import greeter
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.events.v1 import output_pb2
from tunewright.platform import telemetry, tracing
from tunewright.platform.bus.consumer import Received, handling
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Delivered
from tunewright.platform.http import application, serving
from tunewright.v1 import tuning_service_pb2 as pb

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "given", ["", "x", GIVEN.upper(), GIVEN + "-", GIVEN[:-1], "ff" + GIVEN[2:], GIVEN.replace(TRACE, "0" * 32)]
)
def test_a_header_that_is_malformed_is_none(given: str):
    assert tracing.read(given) == ""
    assert tracing.read(given.encode()) == ""


def test_a_new_trace_is_well_formed():
    assert tracing.read(tracing.new())
    assert tracing.new() != tracing.new()


async def test_a_call_carries_on_the_trace_of_its_caller_and_begins_one_where_there_is_none():
    seen: list[str] = []

    async def answer(request: pb.GetTuningJobRequest) -> pb.GetTuningJobResponse:
        seen.append(tracing.current())
        return await greeter.echo(request)

    async with _stub(answer) as stub:
        with tracing.within(GIVEN):
            await stub.GetTuningJob(pb.GetTuningJobRequest(job="a"))
        await stub.GetTuningJob(pb.GetTuningJobRequest(job="a"))
    assert seen[0] == GIVEN
    assert tracing.read(seen[1])
    assert seen[1][3:35] != TRACE


async def test_calls_are_counted_by_how_they_end_and_the_log_names_their_job():
    async def answer(request: pb.GetTuningJobRequest) -> pb.GetTuningJobResponse:
        named.append(structlog.contextvars.get_contextvars())
        if request.job == "none":
            raise NotFound("tuning job", request.job)
        return await greeter.echo(request)

    named: list[dict[str, str]] = []
    before = {code: _calls(code) for code in ("OK", "NOT_FOUND")}
    async with _stub(answer) as stub:
        await stub.GetTuningJob(pb.GetTuningJobRequest(job="mine"))
        with pytest.raises(Exception, match="none"):
            await stub.GetTuningJob(pb.GetTuningJobRequest(job="none"))
    assert {code: _calls(code) - count for code, count in before.items()} == {"OK": 1, "NOT_FOUND": 1}
    assert named == [{"job": "mine"}, {"job": "none"}]
    assert structlog.contextvars.get_contextvars() == {}


async def test_a_caller_without_a_token_is_counted_too():
    before = _calls("UNAUTHENTICATED")
    async with _stub(greeter.echo, token="wrong") as stub:
        with pytest.raises(Exception, match="token"):
            await stub.GetTuningJob(pb.GetTuningJobRequest(job="mine"))
    assert _calls("UNAUTHENTICATED") == before + 1


def test_what_is_told_while_a_message_is_handled_carries_on_its_trace():
    message = output_pb2.TrainingEnded(uid="u", number=3, attempt=1)
    with tracing.within(GIVEN):
        record = to_record("training.output", "u", message, source="s", id="m")
    assert tracing.current() == ""
    with handling(Received(message, Delivered(record, 0, 0))):
        assert structlog.contextvars.get_contextvars() == {"message_id": "m", "job": "u", "training": "u/000003"}
        assert to_record("training.results", "u", message, source="s").headers["traceparent"] == GIVEN.encode()
    assert tracing.current() == ""


def test_a_line_of_the_log_has_the_trace_id(capsys):
    telemetry.configure()
    with tracing.within(GIVEN):
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")
    inside, outside = map(json.loads, capsys.readouterr().err.splitlines())
    structlog.reset_defaults()
    assert (inside["trace_id"], "trace_id" in outside) == (TRACE, False)


def test_nothing_of_opentelemetry_is_imported_unless_spans_are_wanted():
    look = "import sys, tunewright.platform.service; print([name for name in sys.modules if 'opentelemetry' in name])"
    assert subprocess.check_output([sys.executable, "-c", look], text=True).strip() == "[]"


def test_who_wants_spans_without_the_extra_is_told_what_to_install(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "opentelemetry.sdk", raising=False)
    with pytest.raises(InvalidSpec, match=r"OTEL_EXPORTER_OTLP_ENDPOINT.*tunewright\[otel\]"):
        telemetry.trace("tunewright-test")


def test_a_loop_that_stands_still_is_not_alive():
    loop, ports, still, go_on = asyncio.new_event_loop(), [], threading.Event(), threading.Event()
    over, serves = asyncio.Event(), threading.Event()

    async def serve() -> None:
        async with serving(application({}), "127.0.0.1", 0) as port:
            ports.append(port)
            serves.set()
            await over.wait()

    def stand_still() -> None:
        still.set()
        go_on.wait()

    def alive(timeout_s: float) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/healthz", timeout=timeout_s):
                return True
        except OSError:
            return False

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert serves.wait(30)
        assert alive(30)
        loop.call_soon_threadsafe(stand_still)
        assert still.wait(30)
        assert not alive(0.5)
        go_on.set()
        assert alive(30)
    finally:
        go_on.set()
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@asynccontextmanager
async def _stub(answer: greeter.Answer, token: str = "right") -> AsyncIterator[Any]:  # noqa: S107 - as in greeter
    async with greeter.served(answer) as endpoint, greeter.stub_of(endpoint, token) as stub:
        yield stub


def _calls(code: str) -> float:
    labels = {"method": f"{greeter.SERVICE}/GetTuningJob", "code": code}
    return REGISTRY.get_sample_value("tunewright_grpc_calls_total", labels) or 0.0
