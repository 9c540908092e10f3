"""The channel without a socket: whoever calls cannot tell the difference."""

from __future__ import annotations

import asyncio
from functools import partial

import grpc
import pytest

from tests.callers import gate
from tests.unit.platform.greeter import Greeter, echo, served, stub_of
from tunewright.core import errors
from tunewright.platform.rpc.inside import InsideChannel
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.rpc.server import _caller, caller
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2_grpc as pb_grpc

ASKED = pb.GetTuningJobRequest(job="a")


def inside(answer=echo, tokens=("right",)) -> pb_grpc.TuningServiceStub:
    register = partial(pb_grpc.add_TuningServiceServicer_to_server, Greeter(answer))
    return pb_grpc.TuningServiceStub(InsideChannel(gate(dict.fromkeys(tokens, "somebody")), "right", [register]))


async def failure_of(call) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return failed.value


async def test_the_caller_is_known_while_it_is_served_and_no_longer():
    async def answer(_request):
        return pb.GetTuningJobResponse(job=pb.TuningJob(owner=caller()))

    before = _caller.get(None)
    assert (await inside(answer).GetTuningJob(ASKED)).job.owner == "somebody"
    assert _caller.get(None) == before


async def test_who_has_no_token_is_refused_before_the_handler_is_asked():
    async def answer(_request):
        raise AssertionError("asked")

    failed = await failure_of(inside(answer, tokens=()).GetTuningJob(ASKED))
    assert failed.code() is grpc.StatusCode.UNAUTHENTICATED
    assert isinstance(error_of(failed), errors.Unauthenticated)


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidSpec("limits.max_parallel", "is zero", "Give one"),
        errors.NotFound("tuning job", "a"),
        errors.IllegalTransition("tuning job a", "Completed", "be stopped", "Make another"),
        errors.QuotaExceeded("jobs", 3, 2),
        errors.Unavailable("the store", "it is away"),
        NotImplementedError(),
    ],
)
async def test_an_error_is_the_one_that_comes_over_the_wire(error):
    async def answer(_request):
        raise error

    async with served(answer) as endpoint, stub_of(endpoint) as stub:
        over_the_wire = await failure_of(stub.GetTuningJob(ASKED))
    within = await failure_of(inside(answer).GetTuningJob(ASKED))
    assert (within.code(), within.details()) == (over_the_wire.code(), over_the_wire.details())
    ours, theirs = error_of(within), error_of(over_the_wire)
    assert (type(ours), str(ours), ours.details()) == (type(theirs), str(theirs), theirs.details())


@pytest.mark.parametrize("fault", [RuntimeError("a secret path"), TimeoutError("a secret path")])
async def test_a_fault_tells_nothing_of_itself(fault):
    async def answer(_request):
        raise fault

    failed = await failure_of(inside(answer).GetTuningJob(ASKED, timeout=10))
    assert failed.code() is grpc.StatusCode.INTERNAL
    assert isinstance(error_of(failed), errors.Fault)
    assert "secret" not in (failed.details() or "")


async def test_what_a_handler_keeps_is_not_what_its_caller_got():
    kept = pb.GetTuningJobResponse(job=pb.TuningJob(reason="as it was"))

    async def answer(_request):
        return kept

    stub = inside(answer)
    (await stub.GetTuningJob(ASKED)).job.reason = "changed by its caller"
    assert (await stub.GetTuningJob(ASKED)).job.reason == "as it was"


async def test_a_deadline_ends_the_work_too():
    ended = []

    async def answer(_request):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    failed = await failure_of(inside(answer).GetTuningJob(ASKED, timeout=0.001))
    assert isinstance(error_of(failed), errors.Unavailable)
    assert ended


async def test_what_is_not_served_is_unimplemented():
    stub = pb_grpc.TuningServiceStub(InsideChannel(gate({"right": "somebody"}), "right", []))
    assert (await failure_of(stub.GetTuningJob(ASKED))).code() is grpc.StatusCode.UNIMPLEMENTED
