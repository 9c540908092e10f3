from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import grpc
import pytest

from tests.callers import gate
from tests.unit.platform.certificates import caller_in, certificate_in
from tests.unit.platform.greeter import SERVICE, Greeter, echo, served
from tunewright.core.errors import InvalidSpec
from tunewright.platform.rpc import SERVER_OPTIONS
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.rpc.targets import grpc_target
from tunewright.platform.rpc.tls import Tls
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2_grpc as pb_grpc


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("127.0.0.1:1", "dns:///127.0.0.1:1"),
        ("localhost:1", "dns:///localhost:1"),
        ("scheduler.example:7070", "dns:///scheduler.example:7070"),
        ("10.0.0.1:1,10.0.0.2:2", "ipv4:10.0.0.1:1,10.0.0.2:2"),
        ("localhost:1, 127.0.0.1:2", "ipv4:127.0.0.1:1,127.0.0.1:2"),
        ("[::1]:1,[::1]:2", "ipv6:[::1]:1,[::1]:2"),
    ],
)
def test_one_name_or_several_addresses(text, target):
    assert grpc_target("TUNEWRIGHT_SCHEDULER", text, encrypted=True) == target


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("scheduler", "is not HOST:PORT"),
        ("a:1,b:2", "one name that stands for all"),
        ("127.0.0.1:1,[::1]:1", "IPv4 and IPv6"),
        ("127.0.0.1:99999", "is not HOST:PORT"),
        ("127.0.0.1:1,", "is not HOST:PORT"),
    ],
)
def test_what_is_no_target_is_refused_by_name(text, why):
    with pytest.raises(InvalidSpec, match=rf"TUNEWRIGHT_SCHEDULER.*{why}"):
        grpc_target("TUNEWRIGHT_SCHEDULER", text, encrypted=True)


def test_one_of_several_beyond_loopback_needs_tls():
    with pytest.raises(InvalidSpec, match=r"10\.0\.0\.1.*plaintext.*TUNEWRIGHT_TLS_CA"):
        grpc_target("endpoint", "127.0.0.1:1,10.0.0.1:1", encrypted=False)


async def said(channel: grpc.aio.Channel) -> str:
    stub = pb_grpc.TuningServiceStub(channel)
    return (await stub.GetTuningJob(pb.GetTuningJobRequest(job="a"), timeout=10)).job.reason


async def test_a_replica_that_is_gone_is_passed_by():
    async def replica(_request):
        return pb.GetTuningJobResponse(job=pb.TuningJob(reason="other"))

    async with served() as one, served(replica) as other, open_channel(f"{one},{other}", "right") as channel:
        await channel.channel_ready()
        async with open_channel(f"127.0.0.1:1,{other}", "right") as lame:
            await lame.channel_ready()
            assert {await said(lame) for _ in range(4)} == {"other"}
        answers = [await said(channel) for _ in range(20)]
    assert set(answers) <= {"a", "other"}


async def test_callers_look_for_replicas_anew_and_what_is_under_way_goes_on():
    peers, last = [], asyncio.Event()

    class Watched(Greeter):
        async def GetTuningJob(self, request, context):  # noqa: N802
            peers.append(context.peer())
            return await echo(request)

        async def WatchTuningJob(self, _request, context):  # noqa: N802
            peers.append(context.peer())
            yield pb.WatchTuningJobResponse()
            await last.wait()
            yield pb.WatchTuningJobResponse()

    age = "grpc.max_connection_age_ms"
    assert dict(SERVER_OPTIONS)[age] <= 300_000
    server = grpc.aio.server(options=[*dict(SERVER_OPTIONS, **{age: 200}).items()])
    pb_grpc.add_TuningServiceServicer_to_server(Watched(echo), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with open_channel(f"127.0.0.1:{port}", "right") as channel:
        watching = pb_grpc.TuningServiceStub(channel).WatchTuningJob(pb.WatchTuningJobRequest(job="a"), timeout=50)
        await watching.read()
        while len(set(peers)) == 1:
            assert await said(channel) == "a"
        last.set()
        assert await watching.read() is not grpc.aio.EOF
    await server.stop(None)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Tls:
    return certificate_in(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def encrypted(tls: Tls, host: str = "127.0.0.1"):
    server = RpcServer(host, 0, gate({"right": "somebody"}), tls)
    await server.start({SERVICE: lambda target: pb_grpc.add_TuningServiceServicer_to_server(Greeter(echo), target)})
    yield f"localhost:{server.port}"
    await server.stop()


async def test_over_tls_a_server_may_listen_beyond_loopback(certificate):
    async with (
        encrypted(certificate, "0.0.0.0") as endpoint,  # noqa: S104 - what TLS allows
        open_channel(endpoint, "right", caller_in(certificate.certificate.parent)) as channel,
    ):
        assert await said(channel) == "a"


async def test_several_replicas_share_a_certificate(certificate):
    async with encrypted(certificate) as one, encrypted(certificate) as other:
        both = f"{one},{other}".replace("localhost", "127.0.0.1")
        async with open_channel(both, "right", caller_in(certificate.certificate.parent)) as channel:
            assert [await said(channel) for _ in range(4)] == ["a"] * 4
