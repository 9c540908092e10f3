"""WorkerService on the wire."""

from __future__ import annotations

import math
from typing import Final

import grpc

from tunewright.core.absence import RunnerAbsence
from tunewright.core.access import OWNER, digest_of
from tunewright.core.claimed import claimed_job, runs_elsewhere
from tunewright.core.errors import InvalidSpec
from tunewright.core.instances import Capacity, Need
from tunewright.core.names import split_training_id, training_id
from tunewright.core.phases import ENDING, Phase
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import EndCause
from tunewright.core.values import replace
from tunewright.platform import tracing
from tunewright.platform.codec import from_message, instant_from_timestamp, instant_to_timestamp, to_message
from tunewright.platform.rpc.server import caller
from tunewright.v1 import spec_pb2, tuning_service_pb2, worker_service_pb2, worker_service_pb2_grpc
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.claims import Claims
from tunewright_scheduler.core.elsewhere import HOLDER
from tunewright_scheduler.core.fitting import NO_NEED
from tunewright_scheduler.core.orders import Held, Holding, Orders
from tunewright_scheduler.core.phases import LONGEST_MESSAGE, Told, told
from tunewright_scheduler.core.session import Session, Speaker, check_speaks
from tunewright_scheduler.core.training import Exit, Training, hyperparameters_of
from tunewright_scheduler.heartbeats import Heartbeats
from tunewright_scheduler.needs import Needs
from tunewright_scheduler.sessions import Sessions

LONGEST_WAIT_S: Final = 60.0
SHORTEST_KEY: Final = 32
"""Characters of a session's key."""

Speaking = (
    worker_service_pb2.HeartbeatRequest
    | worker_service_pb2.ClaimRequest
    | worker_service_pb2.ExitedRequest
    | worker_service_pb2.CloseSessionRequest
)


class WorkerServicer(worker_service_pb2_grpc.WorkerServiceServicer):
    def __init__(
        self, sessions: Sessions, heartbeats: Heartbeats, claims: Claims, changes: Changes, needs: Needs
    ) -> None:
        self._sessions, self._heartbeats, self._claims = sessions, heartbeats, claims
        self._changes, self._needs = changes, needs

    async def OpenSession(  # noqa: N802
        self, request: worker_service_pb2.OpenSessionRequest, _context: grpc.aio.ServicerContext
    ) -> worker_service_pb2.OpenSessionResponse:
        _check(request)
        asked = Session(
            trainer_id=_named(request),
            epoch=0,
            owner=caller(),
            pool=request.pool or "default",
            slots=request.slots,
            gpus=request.gpus,
            host=request.host,
            opened_at=0.0,
            expires_at=0.0,
            labels=dict(request.labels),
            capacity=_capacity(request.capacity, "capacity") if request.HasField("capacity") else None,
            key=_digest(request.session_key),
        )
        _check_pool(asked)
        session, void = await self._sessions.open(asked, [Holding(*_held(attempt)) for attempt in request.holding])
        terms = self._sessions.terms
        return worker_service_pb2.OpenSessionResponse(
            epoch=session.epoch,
            lease_s=terms.lease_s,
            lease_grace_s=terms.lease_grace_s,
            heartbeat_s=terms.heartbeat_s,
            abandon=[_attempt(held) for held in void],
        )

    async def Heartbeat(  # noqa: N802
        self, request: worker_service_pb2.HeartbeatRequest, _context: grpc.aio.ServicerContext
    ) -> worker_service_pb2.HeartbeatResponse:
        await self._check_speaker(request)
        orders = await self._heartbeats.answer(
            _named(request),
            request.epoch,
            [Holding(*_held(item.attempt), stopping=item.phase in ENDING) for item in request.holding],
            wait_s=min(request.wait_s, self._sessions.terms.heartbeat_s),
            draining=request.draining,
            told=tuple(_told(item) for item in request.holding if item.phases and not item.exited),
            absence=_absence(request),
        )
        return _response(orders, self._sessions.terms.stop_grace_s)

    async def Claim(  # noqa: N802
        self, request: worker_service_pb2.ClaimRequest, _context: grpc.aio.ServicerContext
    ) -> worker_service_pb2.ClaimResponse:
        _check(request)
        await self._check_speaker(request)
        claimed = await self._claims.claim(
            _named(request),
            request.epoch,
            request.request_id,
            slots=request.slots,
            wait_s=min(request.wait_s, LONGEST_WAIT_S),
            free=_capacity(request.free, "free") if request.HasField("free") else None,
            again=request.again,
        )
        return worker_service_pb2.ClaimResponse(grants=[await self._granted(one) for one in claimed])

    async def _granted(self, training: Training) -> worker_service_pb2.Grant:
        spec = await self._changes.spec(training.uid, training.spec_revision)
        need = self._needs.in_spec(spec, training.definition_name).need
        with tracing.span("grant", training.traceparent, trainer=training.holder, attempt=training.attempt):
            return _grant(training, spec, need)

    async def Exited(  # noqa: N802
        self, request: worker_service_pb2.ExitedRequest, _context: grpc.aio.ServicerContext
    ) -> worker_service_pb2.ExitedResponse:
        name = tuning_service_pb2.EndCause.Name(request.cause).removeprefix("END_CAUSE_")
        if name == "UNSPECIFIED":
            raise InvalidSpec("cause", "is missing", "Say why the process ended")
        exit_ = Exit(
            cause=EndCause[name],
            exit_code=request.exit_code if request.HasField("exit_code") else None,
            reason=request.reason,
            started_at=instant_from_timestamp(request.started_at) if request.HasField("started_at") else None,
            ended_at=instant_from_timestamp(request.ended_at),
            artifact_uri=request.artifact_uri,
        )
        phases = told([from_message(phase, Phase) for phase in request.phases])
        by = _speaker(request)
        await self._sessions.exited(by, _held(request.attempt), exit_, phases)
        return worker_service_pb2.ExitedResponse()

    async def CloseSession(  # noqa: N802
        self, request: worker_service_pb2.CloseSessionRequest, _context: grpc.aio.ServicerContext
    ) -> worker_service_pb2.CloseSessionResponse:
        await self._check_speaker(request)
        await self._sessions.close(_named(request), request.epoch)
        return worker_service_pb2.CloseSessionResponse()

    async def _check_speaker(self, request: Speaking) -> None:
        by = _speaker(request)
        check_speaks(await self._sessions.seen(by.trainer_id, by.epoch), by)


def _named(request: Speaking | worker_service_pb2.OpenSessionRequest) -> str:
    """Return a trainer's id here: each owner but the installation's has ids of his own, as ada/trainer-3."""
    owner = caller()
    return request.trainer_id if owner == OWNER else f"{owner}/{request.trainer_id}"


def _speaker(request: Speaking) -> Speaker:
    return Speaker(_named(request), request.epoch, caller(), _digest(request.session_key))


def _digest(session_key: str) -> str:
    """Return what is kept of a session's key. Raises InvalidSpec: it could be guessed."""
    if not session_key:
        return ""
    if len(session_key) < SHORTEST_KEY:
        raise InvalidSpec("session_key", f"has fewer than {SHORTEST_KEY} characters", "Draw it at random, and keep it")
    return digest_of(session_key)


def _check_pool(session: Session) -> None:
    """Raise InvalidSpec: it is other systems', or trainings of all owners are for the installation's trainers alone."""
    if runs_elsewhere(session.pool):
        raise InvalidSpec("pool", f"{session.pool!r} is run by another system", "Choose another one")
    if session.owner != OWNER and claimed_job(session.pool) is None:
        why = f"{session.pool!r} holds trainings of all owners, for the installation's own trainers"
        raise InvalidSpec("pool", why, "Claim those of a job of yours: claimed/ and its uid")


def _check(request: worker_service_pb2.OpenSessionRequest | worker_service_pb2.ClaimRequest) -> None:
    if not request.trainer_id:
        raise InvalidSpec("trainer_id", "is missing", "Choose one and keep it across restarts")
    if request.trainer_id == HOLDER:
        raise InvalidSpec("trainer_id", f"{HOLDER!r} stands for other systems", "Choose another one")
    if request.slots < 1:
        raise InvalidSpec("slots", "must be at least 1", "Offer a slot")


def _held(attempt: worker_service_pb2.Attempt) -> Held:
    try:
        uid, number = split_training_id(attempt.training_id)
    except ValueError:
        raise InvalidSpec("attempt.training_id", f"{attempt.training_id!r} is not uid/number") from None
    return training_id(uid, number), attempt.attempt


def _capacity(message: worker_service_pb2.Capacity, field: str) -> Capacity:
    capacity = from_message(message, Capacity)
    for name in ("cpus", "memory_bytes", "gpus", "gpus_shared", "only_gpus"):
        if not 0 <= (size := getattr(capacity, name)) < math.inf:
            raise InvalidSpec(f"{field}.{name}", f"is {size}", "Give 0 or more")
    return capacity


def _told(holding: worker_service_pb2.Holding) -> Told:
    return Told(*_held(holding.attempt), told([from_message(phase, Phase) for phase in holding.phases]))


def _absence(request: worker_service_pb2.HeartbeatRequest) -> RunnerAbsence | None:
    if not request.HasField("runner_absence"):
        return None
    absence = from_message(request.runner_absence, RunnerAbsence)
    return replace(absence, why=absence.why[:LONGEST_MESSAGE])


def _attempt(held: Held) -> worker_service_pb2.Attempt:
    return worker_service_pb2.Attempt(training_id=held[0], attempt=held[1])


def _response(orders: Orders, stop_grace_s: float) -> worker_service_pb2.HeartbeatResponse:
    pb = worker_service_pb2
    return pb.HeartbeatResponse(
        stop=[pb.StopOrder(attempt=_attempt(held), reason=why, grace_s=stop_grace_s) for held, why in orders.stop],
        settled=[pb.SettledOrder(attempt=_attempt(held), publish_artifact=counts) for held, counts in orders.settled],
        resend=[
            pb.ResendOrder(attempt=_attempt(held), instance=mark.instance, from_line=mark.from_line)
            for held, mark in orders.resend
        ],
        abandon=[_attempt(held) for held in orders.abandon],
    )


def _grant(training: Training, spec: TuningJobSpec, need: Need = NO_NEED) -> worker_service_pb2.Grant:
    definition = spec.definition(training.definition_name)
    objective = None if spec.alone else spec.objective_of(training.definition_name)
    message = to_message(definition, spec_pb2.Definition)
    del message.parameters[:]
    return worker_service_pb2.Grant(
        attempt=_attempt((training_id(training.uid, training.number), training.attempt)),
        training_name=training.name,
        job_name="" if spec.alone else spec.name,
        definition=message,
        hyperparameters=hyperparameters_of(training, spec),
        objective=None if objective is None else to_message(objective, spec_pb2.Objective),
        early_stopping=to_message(spec.early_stopping, spec_pb2.EarlyStoppingRule),
        rungs=training.rungs,
        max_runtime_s=max(1, round(definition.stopping.max_runtime_s - training.ran_s)),
        created_at=instant_to_timestamp(training.created_at),
        owner=training.owner,
        bracket=training.bracket,
        need=to_message(need, worker_service_pb2.Need),
        traceparent=tracing.in_trace(training.traceparent),
    )
