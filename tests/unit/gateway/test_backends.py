"""For whom the gateway asks: over a socket as within the process, and what it keeps of each owner apart."""

from __future__ import annotations

from functools import partial

import grpc
import pytest

from tests.unit.platform.greeter import SERVICE, Greeter
from tunewright.core.access import INSTALLATION, Principal, Scope
from tunewright.core.arns import NOBODYS
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.inside import InsideChannel
from tunewright.platform.rpc.server import RpcServer, principal
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2_grpc as pb_grpc
from tunewright_gateway.operations.backends import Backends

ADA = Principal("ada-boto3", "ada", frozenset({Scope.READ}))
ASKED = pb.GetTuningJobRequest(job="a")


async def who(_request: pb.GetTuningJobRequest) -> pb.GetTuningJobResponse:
    asking = principal()
    return pb.GetTuningJobResponse(job=pb.TuningJob(owner=asking.owner, reason=" ".join(sorted(asking.scopes))))


@pytest.fixture(params=["over a socket", "inside"])
async def backends(request):
    gate = Gate(lambda _token: INSTALLATION)
    register = partial(pb_grpc.add_TuningServiceServicer_to_server, Greeter(who))
    if request.param == "inside":
        yield Backends(InsideChannel(gate, "t", [register]), NOBODYS, "secret")
        return
    server = RpcServer("127.0.0.1", 0, gate)
    await server.start({SERVICE: register})
    async with open_channel(f"127.0.0.1:{server.port}", "t") as channel:
        yield Backends(channel, NOBODYS, "secret")
    await server.stop()


async def test_each_is_asked_for_with_his_owner_and_his_scopes(backends):
    job = (await backends.of(ADA).tuning.GetTuningJob(ASKED, timeout=20)).job
    assert (job.owner, job.reason) == ("ada", "read")
    own = (await backends.of(INSTALLATION).tuning.GetTuningJob(ASKED, timeout=20)).job
    assert (own.owner, set(own.reason.split())) == ("local", set(Scope))


async def test_what_he_may_not_the_service_refuses(backends):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await backends.of(ADA).tuning.StopTuningJob(pb.StopTuningJobRequest(job="a"), timeout=20)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "scope 'jobs', which the token of 'ada'" in (refused.value.details() or "")


async def test_owners_share_no_known_jobs_and_no_key_of_pages(backends):
    ada, bob = backends.of(ADA), backends.of(Principal("b", "bob", ADA.scopes))
    assert ada is backends.of(Principal("another of ada's", "ada", ADA.scopes))
    assert ada.known is not bob.known
    assert ada.page_key != bob.page_key
