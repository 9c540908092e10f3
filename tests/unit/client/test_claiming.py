"""In which order a program that claims its trainings tells metrics and the scheduler how they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import pytest

from tests.unit.core.specs import spec
from tunewright.client.claiming.claims import Claims
from tunewright.client.claiming.session import UNSENT, Session
from tunewright.client.claiming.trainings import AsyncClaimedTraining
from tunewright.client.resources import TuningJob, Watched
from tunewright.core.claimed import CLAIMED
from tunewright.core.errors import InvalidSpec, TunewrightError, Unauthenticated, Unavailable
from tunewright.core.phases import ENDING
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState
from tunewright.platform.codec import to_message
from tunewright.v1 import metrics_service_pb2 as mpb
from tunewright.v1 import spec_pb2, tuning_service_pb2
from tunewright.v1 import worker_service_pb2 as pb

PLAIN = spec()
CLAIMABLE = replace(PLAIN, definitions=(replace(PLAIN.definitions[0], image=CLAIMED),))


class Failed(grpc.aio.AioRpcError):
    """A call that has failed so."""

    def __init__(self, error: TunewrightError) -> None:
        super().__init__(grpc.StatusCode.UNKNOWN, grpc.aio.Metadata(), grpc.aio.Metadata())
        self.error = error


def error_of(failed: Any) -> TunewrightError:
    return failed.error


class Servers:
    """A scheduler that grants one training and a metrics service, which is away until it is `back`."""

    def __init__(self, spec: TuningJobSpec = CLAIMABLE, *, fault: TunewrightError | None = None) -> None:
        definition = to_message(spec.definitions[0], spec_pb2.Definition)
        self._granted = pb.Grant(
            attempt=pb.Attempt(training_id="demo/000001", attempt=1),
            training_name="demo-001",
            definition=definition,
            hyperparameters={"lr": "0.001", "batch": "32", "epochs": "20"},
            objective=to_message(spec.objective_of(spec.definitions[0].name), spec_pb2.Objective),
            max_runtime_s=600,
        )
        self._fault = fault or Unavailable("metrics", "is away")
        self.back, self.asked, self.refused = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.heard: list[str] = []
        self.stops, self.renewed = False, asyncio.Event()
        """Whether all is to be stopped, and whether a heartbeat was no longer told so."""

    async def OpenSession(self, *_: Any, **__: Any) -> pb.OpenSessionResponse:  # noqa: N802
        return pb.OpenSessionResponse(epoch=1, heartbeat_s=0.05, lease_s=60.0)

    async def Heartbeat(self, request: pb.HeartbeatRequest, **_: Any) -> pb.HeartbeatResponse:  # noqa: N802
        settled = [pb.SettledOrder(attempt=item.attempt) for item in request.holding if "ended" in self.heard]
        stopped = [pb.StopOrder(attempt=item.attempt) for item in request.holding if item.phase not in ENDING]
        if self.stops and stopped:
            self.heard.append("stopped")
            await asyncio.sleep(0)
            return pb.HeartbeatResponse(stop=stopped)
        if self.stops:
            self.renewed.set()
        if "exited: EXITED" in self.heard and settled:
            return pb.HeartbeatResponse(settled=settled)
        await asyncio.sleep(request.wait_s)
        return pb.HeartbeatResponse()

    async def Claim(self, *_: Any, **__: Any) -> pb.ClaimResponse:  # noqa: N802
        return pb.ClaimResponse(grants=[self._granted])

    async def Exited(self, request: pb.ExitedRequest, **_: Any) -> pb.ExitedResponse:  # noqa: N802
        name = tuning_service_pb2.EndCause.Name(request.cause).removeprefix("END_CAUSE_")
        self.heard.append(f"exited: {name}" + (f", {request.reason}" if request.reason else ""))
        return pb.ExitedResponse()

    async def CloseSession(self, *_: Any, **__: Any) -> pb.CloseSessionResponse:  # noqa: N802
        self.heard.append("closed")
        return pb.CloseSessionResponse()

    async def SendOutput(self, request: mpb.SendOutputRequest, **_: Any) -> mpb.SendOutputResponse:  # noqa: N802
        if request.HasField("end"):
            self.asked.set()
        if not self.back.is_set():
            self.refused.set()
            raise Failed(self._fault)
        self.heard += ["ended"] if request.HasField("end") else []
        return mpb.SendOutputResponse()


async def claimed(servers: Servers, close_s: float) -> tuple[Session, AsyncClaimedTraining]:
    session = Session("claimed/demo", servers, servers, error_of, close_s)
    await session.open()
    attempt = await session.claim()
    assert attempt is not None
    return session, AsyncClaimedTraining(attempt, CLAIMABLE)


async def test_a_training_has_ended_only_once_metrics_has_all_of_it() -> None:
    servers = Servers()
    session, training = await claimed(servers, close_s=60)
    training.report(training.objective, 1.0)
    completing = asyncio.ensure_future(training.complete())
    await servers.asked.wait()
    assert servers.heard == []  # who dies now loses the training to another; it does not count without its value
    servers.back.set()
    await completing
    assert servers.heard[:2] == ["ended", "exited: EXITED"]
    await session.close()


async def test_a_stop_that_comes_between_the_end_and_its_values_is_answered_once() -> None:
    servers = Servers()
    session, training = await claimed(servers, close_s=60)
    completing = asyncio.ensure_future(training.complete())
    await servers.asked.wait()
    servers.stops = True
    await asyncio.wait_for(servers.renewed.wait(), 5)
    servers.back.set()
    await completing
    assert servers.heard == ["stopped", "ended", "exited: EXITED"]
    await session.close()


async def test_a_loop_that_is_left_before_metrics_has_its_value_hands_the_training_back() -> None:
    servers = Servers()
    session, training = await claimed(servers, close_s=0.05)
    training.report(training.objective, 1.0)
    completing = asyncio.ensure_future(training.complete())
    await servers.asked.wait()
    await session.close()
    await completing
    assert servers.heard == [f"exited: PREEMPTED, {UNSENT}", "closed"]


async def never() -> AsyncIterator[Watched]:
    await asyncio.Event().wait()
    yield Watched(DEMO)


DEMO = TuningJob("demo", CLAIMABLE, JobState.RUNNING)


async def test_the_session_ends_also_where_nothing_could_be_sent() -> None:
    servers = Servers(fault=InvalidSpec("method", "is not served", "Say where metrics is"))
    claims = Claims(DEMO, never(), servers, servers, error_of)
    training = await claims.next()
    assert training is not None
    await servers.refused.wait()
    with pytest.raises(InvalidSpec, match="is not served"):
        await claims.close()
    assert servers.heard[-1] == "closed"


async def test_what_metrics_refuses_for_now_is_sent_again() -> None:
    servers = Servers(fault=Unauthenticated("its tokens are being read anew"))
    session, training = await claimed(servers, close_s=60)
    training.report(training.objective, 1.0)
    completing = asyncio.ensure_future(training.complete())
    await servers.asked.wait()
    servers.back.set()
    await completing
    assert servers.heard == ["ended", "exited: EXITED"]
    await session.close()
