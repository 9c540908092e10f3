"""What the dashboard's calls become, and what becomes of their answers."""

from __future__ import annotations

import asyncio
import json

import grpc
import pytest
import structlog
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from tests.unit.gateway.web.asking import GET, HOST, SERVICE, STREAM, UNARY, WATCH, Visit, ask, enveloped
from tests.unit.gateway.web.upstream import TOKEN, WRONG, Upstream
from tunewright.platform.http import LOOPBACK_NAMES
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.edge.body import LARGEST
from tunewright_gateway.web.bridge import Bridge
from tunewright_gateway.web.failures import of_call
from tunewright_gateway.web.methods import Method, methods
from tunewright_gateway.web.open_streams import MOST


def get(job: str) -> bytes:
    return pb.GetTuningJobRequest(job=job).SerializeToString()


def watch(job: str) -> bytes:
    return enveloped(pb.WatchTuningJobRequest(job=job).SerializeToString())


def reason(message: bytes) -> str:
    return str(pb.WatchTuningJobResponse.FromString(message).job.reason)


# Passed on


async def test_a_message_is_asked_and_answered_as_grpc_would(bridge: Bridge):
    visit = await ask(bridge, GET, get("mine"))
    assert (visit.status, visit.headers["content-type"]) == (200, UNARY)
    assert int(visit.headers["content-length"]) == len(visit.body)
    assert pb.GetTuningJobResponse.FromString(visit.body).job.reason == "mine"


async def test_an_empty_message_is_one(bridge: Bridge):
    assert (await ask(bridge, GET, b"")).status == 200


async def test_of_the_headers_the_token_is_passed_on_and_nothing_else(bridge: Bridge, upstream: Upstream):
    await ask(bridge, GET, get("mine"), cookie="a=b", x_forwarded_for="1.2.3.4", grpc_timeout="1S")
    assert upstream.metadata["authorization"] == f"Bearer {TOKEN}"
    assert set(upstream.metadata) == {"authorization", "user-agent"}


@pytest.mark.parametrize("token", [None, "", "Bearer other", "Bearer r\xefght"])
@pytest.mark.parametrize("path", [GET, WATCH])
async def test_without_a_token_the_service_refuses_and_says_what_to_give(bridge: Bridge, path: str, token: str | None):
    visit = await ask(bridge, path, watch("mine") if path == WATCH else get("mine"), authorization=token)
    assert visit.status == (401 if path == GET else 200)
    assert visit.error["code"] == "unauthenticated"
    assert "credentials file" in visit.error["message"]


async def test_a_failure_brings_its_details(bridge: Bridge):
    visit = await ask(bridge, GET, get("wrong"))
    assert (visit.status, visit.error["code"], visit.error["message"]) == (400, "invalid_argument", str(WRONG))
    info = visit.detail(0, ErrorInfo)
    assert (info.reason, info.domain) == ("INVALID_SPEC", "tunewright.dev")
    assert info.metadata["remedy"] == "Give one"
    (violation,) = visit.detail(1, BadRequest).field_violations
    assert violation.field == "limits.max_parallel"


async def test_a_stream_is_envelopes_and_the_last_one_says_that_it_was_all(bridge: Bridge):
    visit = await ask(bridge, WATCH, watch("mine"))
    assert (visit.status, visit.headers["content-type"]) == (200, STREAM)
    *messages, last = visit.envelopes
    assert [(flags, reason(message)) for flags, message in messages] == [(0, f"mine {number}") for number in range(3)]
    assert (last[0], json.loads(last[1])) == (2, {})


async def test_a_stream_that_breaks_keeps_what_came_and_ends_with_why(bridge: Bridge):
    visit = await ask(bridge, WATCH, watch("breaks"))
    assert (visit.status, reason(visit.envelopes[0][1]), len(visit.envelopes)) == (200, "breaks 0", 2)
    assert visit.error["code"] == "unavailable"
    assert visit.detail(0, ErrorInfo).reason == "UNAVAILABLE"


async def test_a_stream_that_is_refused_tells_it_as_its_end(bridge: Bridge):
    visit = await ask(bridge, WATCH, watch("wrong"))
    assert (visit.status, visit.error["code"], len(visit.envelopes)) == (200, "invalid_argument", 1)
    assert visit.detail(1, BadRequest).field_violations[0].field == "limits.max_parallel"


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_code_of_grpc_has_one_of_connect(code: grpc.StatusCode):
    failure = of_call(grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), "why"))
    assert failure.code.replace("canceled", "cancelled") == code.name.lower()
    assert 400 <= failure.status < 600
    assert failure.tree == {"code": failure.code, "message": "why"}


async def test_a_service_that_is_away_is_unavailable():
    async with grpc.aio.insecure_channel("127.0.0.1:1") as nobody:
        visit = await ask(Bridge(methods(nobody, nobody), LOOPBACK_NAMES), GET, get("mine"))
    assert (visit.status, visit.error["code"]) == (503, "unavailable")


# Time


async def test_the_time_that_the_page_gives_is_the_services(bridge: Bridge, upstream: Upstream):
    await ask(bridge, GET, get("mine"), connect_timeout_ms="40000")
    assert upstream.remaining_s is not None
    assert 30 < upstream.remaining_s <= 40
    await ask(bridge, GET, get("mine"))
    assert upstream.remaining_s is None


@pytest.mark.parametrize("path", [GET, WATCH])
async def test_what_takes_longer_has_failed_and_is_cancelled(bridge: Bridge, upstream: Upstream, path: str):
    visit = await ask(bridge, path, watch("waits") if path == WATCH else get("waits"), connect_timeout_ms="100")
    assert (visit.status, visit.error["code"]) == (504 if path == GET else 200, "deadline_exceeded")
    if upstream.begun.is_set():  # else the time was over before it began
        await upstream.cancelled.wait()


@pytest.mark.parametrize("given", ["-1", "1.5", "soon", "12345678901", "²"])
async def test_a_time_that_is_none_is_refused(bridge: Bridge, given: str):
    visit = await ask(bridge, GET, get("mine"), connect_timeout_ms=given)
    assert (visit.status, visit.error["code"]) == (400, "invalid_argument")
    assert "Connect-Timeout-Ms" in visit.error["message"]


@pytest.mark.parametrize("path", [GET, WATCH])
async def test_who_goes_away_cancels_the_call(bridge: Bridge, upstream: Upstream, path: str):
    visit = Visit(path, watch("waits") if path == WATCH else get("waits"))
    with structlog.testing.capture_logs() as logs:
        asked = asyncio.create_task(bridge(visit.scope, visit.receive, visit.send))
        await upstream.begun.wait()
        if path == WATCH:
            await visit.heard(1)
        visit.hang_up()
        await asked
        await upstream.cancelled.wait()
    assert not visit.ended
    assert [(line["event"], line["code"]) for line in logs] == [("passed", "canceled")]


async def test_a_server_that_ends_cancels_the_call(bridge: Bridge, upstream: Upstream):
    visit = Visit(WATCH, watch("waits"))
    asked = asyncio.create_task(bridge(visit.scope, visit.receive, visit.send))
    await visit.heard(1)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await upstream.cancelled.wait()


async def test_one_token_opens_so_many_streams_and_no_more_until_one_is_closed(bridge: Bridge):
    visits = [Visit(WATCH, watch("waits")) for _ in range(MOST)]
    open_ones = [asyncio.create_task(bridge(visit.scope, visit.receive, visit.send)) for visit in visits]
    await asyncio.gather(*(visit.heard(1) for visit in visits))
    refused = await ask(bridge, WATCH, watch("mine"))
    assert (refused.status, refused.error["code"]) == (200, "resource_exhausted")
    assert f"{MOST} streams are open under this token" in refused.error["message"]
    assert (await ask(bridge, GET, get("mine"))).status == 200
    assert (await ask(bridge, WATCH, watch("mine"), authorization="Bearer other")).error["code"] == "unauthenticated"
    visits[0].hang_up()
    await open_ones[0]
    assert len((await ask(bridge, WATCH, watch("mine"))).envelopes) == 4
    for visit in visits:
        visit.hang_up()
    await asyncio.gather(*open_ones)


# Refused


async def test_what_is_served_to_people_is_passed_on_and_what_trainers_speak_is_not():
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        served = methods(channel, channel)
    services = {path.split("/")[1].removeprefix("tunewright.v1.") for path in served}
    assert services == {"TuningService", "MetricsService", "OperationsService", "ExplanationService"}
    streams = {path.rpartition("/")[2] for path, method in served.items() if method.streams}
    assert {"WatchTuningJob", "FollowOutput", "ReplayTuningJob"} <= streams
    assert not {name for name in streams if name.startswith(("Get", "List", "Create"))}


@pytest.mark.parametrize(
    "path",
    [
        "/rpc/tunewright.v1.WorkerService/Claim",
        "/rpc/tunewright.v1.SuggestionService/Suggest",
        "/rpc/grpc.health.v1.Health/Check",
        f"{SERVICE}/Nothing",
        f"{SERVICE}/",
        f"{GET}/",
        "/rpc/",
        "/rpc/rpc/tunewright.v1.TuningService/GetTuningJob",
    ],
)
async def test_other_calls_are_not_passed_on(bridge: Bridge, path: str):
    visit = await ask(bridge, path)
    assert (visit.status, visit.error["code"]) == (501, "unimplemented")


@pytest.mark.parametrize("path", ["ReadOutput", "FollowOutput"])
async def test_without_metrics_its_calls_say_what_the_operator_sets(bridge: Bridge, path: str):
    kind, body = (STREAM, enveloped(b"")) if path == "FollowOutput" else (UNARY, b"")
    visit = await ask(bridge, f"/rpc/tunewright.v1.MetricsService/{path}", body, content_type=kind)
    assert visit.error["code"] == "unimplemented"
    assert "TUNEWRIGHT_METRICS" in visit.error["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://localhost:8080"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": HOST},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": None},
        {"host": "evil.example", "origin": None},
        {"host": "evil.example:8080", "origin": "http://evil.example:8080"},
        {"host": "", "origin": None},
    ],
)
async def test_pages_of_others_are_refused_though_they_have_the_token(
    bridge: Bridge, upstream: Upstream, headers: dict[str, str | None]
):
    visit = await ask(bridge, GET, get("mine"), **headers)
    assert (visit.status, visit.error["code"]) == (403, "permission_denied")
    assert (visit.read, upstream.metadata) == (0, {})


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": None, "sec_fetch_site": None},
        {"sec_fetch_site": "none"},
        {"host": "localhost:8080", "origin": "http://localhost:8080"},
        {"host": "localhost", "origin": "https://localhost"},
        {"host": "[::1]:80", "origin": "http://[::1]:80"},
    ],
)
async def test_our_own_page_and_who_is_no_browser_are_answered(bridge: Bridge, headers: dict[str, str | None]):
    assert (await ask(bridge, GET, get("mine"), **headers)).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "HEAD"])
async def test_only_post_calls_so_that_no_other_origin_is_told_that_it_may(bridge: Bridge, method: str):
    visit = await ask(bridge, GET, method=method)
    assert visit.status == 405
    assert not [name for name in visit.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (GET, "application/json"),
        (GET, STREAM),
        (GET, "text/plain"),
        (GET, "application/x-www-form-urlencoded"),
        (GET, None),
        (WATCH, UNARY),
        (WATCH, "application/connect+json"),
    ],
)
async def test_other_media_types_are_refused_with_the_right_one(bridge: Bridge, path: str, kind: str | None):
    visit = await ask(bridge, path, content_type=kind)
    assert visit.status == 415
    assert (STREAM if path == WATCH else UNARY) in visit.error["message"]


@pytest.mark.parametrize("version", [None, "", "2"])
async def test_another_version_of_the_protocol_is_refused(bridge: Bridge, version: str | None):
    visit = await ask(bridge, GET, get("mine"), connect_protocol_version=version)
    assert (visit.status, visit.error["code"]) == (400, "invalid_argument")


async def test_what_is_compressed_is_refused_with_what_is_read(bridge: Bridge):
    for path, name in ((GET, "content_encoding"), (WATCH, "connect_content_encoding")):
        visit = await ask(bridge, path, watch("mine"), **{name: "gzip"})
        assert visit.error["code"] == "unimplemented"
        assert "identity" in visit.error["message"]


@pytest.mark.parametrize(
    "body", [b"", b"\0", b"\0\0\0\0\5abc", watch("a") + watch("b"), b"\1" + watch("a")[1:], b"\2\0\0\0\2{}"]
)
async def test_a_stream_is_asked_for_with_one_whole_message(bridge: Bridge, body: bytes):
    assert (await ask(bridge, WATCH, body)).error["code"] == "invalid_argument"


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_its_limit_is_refused(bridge: Bridge, announced: bool):
    body = b" " * (LARGEST + 1)
    visit = await ask(bridge, GET, body, content_length=str(len(body)) if announced else None)
    assert (visit.status, visit.error["code"]) == (429, "resource_exhausted")
    assert str(LARGEST) in visit.error["message"]
    assert (visit.read == 0) == announced


async def test_a_token_given_twice_is_refused(bridge: Bridge):
    visit = Visit(GET, get("mine"))
    visit.scope["headers"].append((b"authorization", b"Bearer other"))
    await bridge(visit.scope, visit.receive, visit.send)
    assert (visit.status, visit.error["code"]) == (400, "invalid_argument")


# Told


async def test_a_fault_of_ours_is_told_by_an_id_under_which_the_log_has_it():
    def faulty(*_: object, **__: object) -> None:
        raise RuntimeError("private")

    bridge = Bridge({"/a/B": Method("/a/B", streams=False, call=faulty)}, LOOPBACK_NAMES)
    with structlog.testing.capture_logs() as logs:
        visit = await ask(bridge, "/rpc/a/B")
    assert (visit.status, visit.error["code"]) == (500, "internal")
    assert "private" not in visit.error["message"]
    fault, passed = logs
    assert fault["request_id"] in visit.error["message"]
    assert (passed["method"], passed["code"]) == ("/a/B", "internal")


async def test_the_log_has_a_line_a_call_without_tokens_messages_and_names_that_strangers_make_up(bridge: Bridge):
    with structlog.testing.capture_logs() as logs:
        await ask(bridge, GET, get("a-private-name"))
        await ask(bridge, "/rpc/made.up/Name")
    assert [(line["method"], line["code"]) for line in logs] == [
        ("/tunewright.v1.TuningService/GetTuningJob", "ok"),
        ("other", "unimplemented"),
    ]
    assert "Bearer" not in str(logs)
    assert "a-private-name" not in str(logs)
