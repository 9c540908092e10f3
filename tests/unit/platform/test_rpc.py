from __future__ import annotations

import asyncio
import socket

import grpc
import pytest
import structlog
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from tests.callers import gate
from tests.unit.platform.greeter import FOR_EVER, SERVICE, bare_channel, echo, served, stub_of
from tunewright.core import errors
from tunewright.platform.rpc import MAX_MESSAGE_BYTES
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.rpc.server import RpcServer, caller
from tunewright.platform.rpc.standing import while_standing
from tunewright.platform.rpc.status import status_of
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2_grpc as pb_grpc

EVERY_ERROR = [
    errors.TunewrightError("anything"),
    errors.CallerError("anything"),
    errors.PeerError("anything"),
    errors.InvalidSpec("limits.max_parallel", "is zero", "Give one"),
    errors.NotFound("tuning job", "a"),
    errors.AlreadyExists("tuning job", "a"),
    errors.QuotaExceeded("jobs", 3, 2),
    errors.IllegalTransition("tuning job a", "Completed", "be stopped", "Make another"),
    errors.Unauthenticated("who are you?"),
    errors.PermissionDenied("ada-ci", "jobs", "StopTuningJob"),
    errors.SpaceExhausted(12),
    errors.Conflict("tuning_jobs", "u"),
    errors.Throttled("calls", 0.25),
    errors.Unavailable("the store", "it is away"),
    errors.Fault("internal fault"),
]


def classes_below(root: type) -> set[type]:
    return {root, *(kind for child in root.__subclasses__() for kind in classes_below(child))}


async def failure_of(call) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return failed.value


async def raised(error: Exception) -> grpc.aio.AioRpcError:
    async def answer(_request):
        raise error

    async with served(answer) as endpoint, stub_of(endpoint) as stub:
        return await failure_of(stub.GetTuningJob(pb.GetTuningJobRequest(job="a")))


async def test_who_has_the_token_is_let_in_and_known():
    async def answer(_request):
        return pb.GetTuningJobResponse(job=pb.TuningJob(owner=caller()))

    async with served(answer) as endpoint, stub_of(endpoint) as stub:
        assert (await stub.GetTuningJob(pb.GetTuningJobRequest(job="a"))).job.owner == "somebody"
        watched = [item.job.owner async for item in stub.WatchTuningJob(pb.WatchTuningJobRequest(job="a"))]
        assert watched == ["somebody"]


HEADERS = [
    (),
    (("authorization", "Bearer wrong"),),
    (("authorization", "Bearer "),),
    (("authorization", "right"),),
    (("authorization", "Basic right"),),
    (("authorization", "bearer right "),),
]


@pytest.mark.parametrize("metadata", HEADERS)
async def test_who_has_none_is_refused_on_every_kind_of_call(metadata):
    async with served() as endpoint, bare_channel(endpoint) as channel:
        stub = pb_grpc.TuningServiceStub(channel)
        calls = [
            stub.GetTuningJob(pb.GetTuningJobRequest(job="a"), metadata=metadata),
            stub.WatchTuningJob(pb.WatchTuningJobRequest(job="a"), metadata=metadata).read(),
            stub.AmendTuningJob(pb.AmendTuningJobRequest(job="a"), metadata=metadata),
        ]
        for call in calls:
            failed = await failure_of(call)
            assert failed.code() is grpc.StatusCode.UNAUTHENTICATED
            assert isinstance(error_of(failed), errors.Unauthenticated)
        asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        services = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(asked, metadata=metadata)
        # A stream that is refused while the client still sends tells it one or the other.
        assert (await failure_of(services.read())).code() in {
            grpc.StatusCode.UNAUTHENTICATED,
            grpc.StatusCode.INTERNAL,
        }


async def test_nothing_is_parsed_for_who_has_no_token():
    async with served() as endpoint, bare_channel(endpoint) as channel:
        failed = await failure_of(channel.unary_unary(f"/{SERVICE}/GetTuningJob")(b"\xff no message"))
        assert failed.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_health_needs_no_token_and_reflection_names_the_services():
    async with served() as endpoint, bare_channel(endpoint) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(service=SERVICE))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")]),
            metadata=(("authorization", "Bearer right"),),
        )
        listed = (await reflection.read()).list_services_response.service
        assert SERVICE in {service.name for service in listed}


def test_every_class_of_error_is_tried():
    ours = {kind for kind in classes_below(errors.TunewrightError) if kind.__module__ == errors.__name__}
    assert {type(error) for error in EVERY_ERROR} == ours


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
async def test_an_error_crosses_the_wire(error):
    failed = await raised(error)
    assert failed.code().name == error.grpc_code
    back = error_of(failed)
    assert (back.reason, str(back), vars(back)) == (error.reason, str(error), carried(error))
    assert isinstance(back, type(error)) or error.reason == "FAULT"


def carried(error: errors.TunewrightError) -> dict[str, object]:
    """What is told of an error: numbers that are told of as such stay numbers."""
    told = {name: value if isinstance(value, int | float) else str(value) for name, value in vars(error).items()}
    match error:
        case errors.NotFound() | errors.AlreadyExists() | errors.IllegalTransition():
            return told | {"remedy": ""}
        case errors.QuotaExceeded():
            return {name: str(value) for name, value in told.items()}
        case _:
            return told


async def test_a_wrong_field_is_told_in_the_standard_way_too():
    failed = await raised(errors.InvalidSpec("limits.max_parallel", "is zero", "Give one"))
    details = rpc_status.from_call(failed).details
    violations = BadRequest()
    assert details[1].Unpack(violations)
    assert violations.field_violations[0].field == "limits.max_parallel"


async def test_a_long_error_arrives_cut_and_not_as_a_transport_failure():
    failed = await raised(errors.InvalidSpec("image", "…" * 20_000, "Shorten it"))
    assert failed.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(failed).field == "image"


async def test_an_error_about_a_path_that_is_no_text_arrives():
    failed = await raised(errors.NotFound("file", "caf\udce9"))
    assert error_of(failed).name == "caf?"


async def test_a_fault_of_ours_is_logged_under_an_id_and_told_to_nobody():
    with structlog.testing.capture_logs() as logs:
        failed = await raised(RuntimeError("the secret recipe"))
    assert failed.code() is grpc.StatusCode.INTERNAL
    assert "recipe" not in failed.details()
    (entry,) = logs
    assert entry["request_id"] in failed.details()


async def test_what_this_version_does_not_serve_is_unimplemented_and_no_fault():
    with structlog.testing.capture_logs() as logs:
        async with served() as endpoint, stub_of(endpoint) as stub:
            failed = await failure_of(stub.AmendTuningJob(pb.AmendTuningJobRequest(job="a")))
    assert failed.code() is grpc.StatusCode.UNIMPLEMENTED
    assert logs == []


async def test_an_error_in_a_stream_crosses_the_wire():
    async def answer(_request):
        raise errors.NotFound("tuning job", "a")

    async with served(answer) as endpoint, stub_of(endpoint) as stub:
        failed = await failure_of(stub.WatchTuningJob(pb.WatchTuningJobRequest(job="a")).read())
    assert isinstance(error_of(failed), errors.NotFound)


async def test_a_stream_ends_once_its_token_is_revoked_also_while_nothing_comes():
    owners = {"right": "somebody"}
    async with served(owners=owners, look_every_s=0.05) as endpoint, stub_of(endpoint) as stub:
        watch = stub.WatchTuningJob(pb.WatchTuningJobRequest(job=FOR_EVER))
        assert (await watch.read()).job.reason == FOR_EVER
        del owners["right"]
        failed = await asyncio.wait_for(failure_of(watch.read()), 60)
    assert failed.code() is grpc.StatusCode.UNAUTHENTICATED
    assert isinstance(error_of(failed), errors.Unauthenticated)


async def test_a_stream_of_a_good_token_is_judged_again_and_goes_on():
    judged, more = 0, asyncio.Event()

    def judge():
        nonlocal judged
        judged += 1
        if judged == 3:
            more.set()

    async def items():
        yield 1
        await more.wait()
        yield 2

    async with asyncio.timeout(60):
        assert [item async for item in while_standing(items(), judge, 0.01)] == [1, 2]


async def test_of_a_stream_whose_token_was_revoked_nothing_more_is_told():
    async def items():
        while True:
            await asyncio.sleep(0)
            yield 1

    def judge():
        raise errors.Unauthenticated("revoked")

    async with asyncio.timeout(60):
        with pytest.raises(errors.Unauthenticated):
            async for _ in while_standing(items(), judge, 0.01):
                pass


async def test_a_call_beyond_its_deadline_is_unavailable_and_its_handler_ends():
    ended = asyncio.Event()

    async def answer(_request):
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with served(answer) as endpoint, stub_of(endpoint) as stub:
        failed = await failure_of(stub.GetTuningJob(pb.GetTuningJobRequest(job="a"), timeout=0.05))
        assert isinstance(error_of(failed), errors.Unavailable)
        async with asyncio.timeout(5):
            await ended.wait()


async def test_nobody_there_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with stub_of(f"127.0.0.1:{port}") as stub:
        failed = await failure_of(stub.GetTuningJob(pb.GetTuningJobRequest(job="a"), timeout=5))
    assert isinstance(error_of(failed), errors.Unavailable)


async def test_an_error_of_another_server_is_a_fault():
    error = grpc.aio.AioRpcError(grpc.StatusCode.DATA_LOSS, grpc.aio.Metadata(), grpc.aio.Metadata(), "lost")
    assert isinstance(error_of(error), errors.Fault)


@pytest.mark.parametrize(("size_bytes", "fits"), [(MAX_MESSAGE_BYTES - 100, True), (MAX_MESSAGE_BYTES + 1, False)])
async def test_messages_are_large_up_to_the_limit(size_bytes, fits):
    async with served(echo) as endpoint, stub_of(endpoint) as stub:
        call = stub.GetTuningJob(pb.GetTuningJobRequest(job="x" * size_bytes))
        if fits:
            assert len((await call).job.reason) == size_bytes
        else:
            assert (await failure_of(call)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_proxy_is_not_told_the_token(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        for name in ("http_proxy", "https_proxy", "grpc_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        for name in ("no_proxy", "no_grpc_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        async with served() as endpoint, stub_of(endpoint) as stub:
            assert (await stub.GetTuningJob(pb.GetTuningJobRequest(job="a"), timeout=10)).job.reason == "a"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", ""])  # noqa: S104 - to be refused
def test_plaintext_is_served_on_loopback_only(host):
    with pytest.raises(errors.InvalidSpec, match="loopback"):
        RpcServer(host, 0, gate())


@pytest.mark.parametrize("endpoint", ["192.0.2.1:80", "example.org:443", "[2001:db8::1]:1"])
def test_a_token_is_sent_over_loopback_only(endpoint):
    with pytest.raises(errors.InvalidSpec, match="loopback"):
        open_channel(endpoint, "right")


async def test_a_taken_port_is_refused_by_name():
    async with served() as endpoint:
        with pytest.raises(errors.InvalidSpec, match="cannot listen"):
            RpcServer("127.0.0.1", int(endpoint.rpartition(":")[2]), gate())


def test_a_status_fits_into_the_headers_that_every_client_takes():
    status = status_of(errors.InvalidSpec("f" * 9000, "w" * 9000, "r" * 9000, "p" * 9000))
    info = ErrorInfo()
    status.details[0].Unpack(info)
    assert len(status.SerializeToString()) * 4 / 3 + len(status.message) < 8192
