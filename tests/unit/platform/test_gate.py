"""Who is let in: by scope, for whom he speaks, and how often."""

from __future__ import annotations

import re

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo

from tests.callers import anybody
from tests.unit.platform.greeter import echo, served, stub_of
from tests.unit.platform.services import METHODS
from tunewright.core.access import ALL, INSTALLATION, OWNER, Principal, Scope
from tunewright.core.errors import Fault, InvalidSpec, PermissionDenied, Throttled, Unauthenticated
from tunewright.platform.bus.signing import SCOPES as TOPIC_SCOPES
from tunewright.platform.bus.topics import topics
from tunewright.platform.rpc import FOR, SCOPES
from tunewright.platform.rpc.buckets import KEPT, Buckets
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.rebuilt import details_of, error_of
from tunewright.platform.rpc.scopes import SCOPES as NEEDED
from tunewright.v1 import tuning_service_pb2 as pb

TOKEN = ("authorization", "Bearer t")
STOP = "/tunewright.v1.TuningService/StopTuningJob"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def gate(principal: Principal, calls_per_s: float = 0.0, clock: Clock | None = None) -> Gate:
    return Gate(lambda _token: principal, calls_per_s, clock or Clock())


def having(*scopes: Scope) -> Principal:
    return Principal("ada-ci", "ada", frozenset(scopes))


@pytest.mark.parametrize("path", sorted(METHODS))
def test_a_method_is_for_those_who_have_its_scope_and_for_no_others(path):
    assert gate(having(NEEDED[path])).admit(path, [TOKEN]).owner == "ada"
    with pytest.raises(PermissionDenied, match=rf"scope '{NEEDED[path]}', which .*'ada-ci'.* --scope {NEEDED[path]}"):
        gate(having(*(ALL - {NEEDED[path]}))).admit(path, [TOKEN])


def test_a_method_of_ours_without_a_scope_is_served_to_nobody_and_reflection_to_every_token():
    with pytest.raises(Fault, match="has no scope"):
        gate(INSTALLATION).admit("/tunewright.v1.TuningService/New", [TOKEN])
    assert gate(having()).admit("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", [TOKEN])


def test_every_topic_that_others_write_needs_a_scope():
    assert set(TOPIC_SCOPES) == {topic.name for topic in topics().values() if topic.json}


def test_a_service_speaks_for_others_with_no_more_than_their_scopes_and_its_own():
    admitted = gate(INSTALLATION).admit(STOP, [TOKEN, (FOR, "ada"), (SCOPES, "read jobs")])
    assert (admitted.owner, admitted.scopes) == ("ada", {Scope.READ, Scope.JOBS})
    with pytest.raises(PermissionDenied, match="scope 'jobs'"):
        gate(INSTALLATION).admit(STOP, [TOKEN, (FOR, "ada"), (SCOPES, "read")])
    with pytest.raises(PermissionDenied, match="scope 'jobs'"):
        gate(having(Scope.SERVICES)).admit(STOP, [TOKEN, (FOR, "bob"), (SCOPES, "jobs")])
    with pytest.raises(InvalidSpec, match="names a scope that is not known"):
        gate(INSTALLATION).admit(STOP, [TOKEN, (FOR, "ada"), (SCOPES, "all")])


def test_nobody_else_speaks_for_others():
    for name in ("bob", "ada", OWNER):
        with pytest.raises(PermissionDenied, match="scope 'services'"):
            gate(having(*(ALL - {Scope.SERVICES}))).admit(STOP, [TOKEN, (FOR, name)])


def test_an_owner_has_so_many_calls_a_second_and_twice_that_at_once():
    clock = Clock()
    ada = gate(anybody("ada"), 5, clock)
    for _ in range(10):
        ada.admit(STOP, [TOKEN])
    with pytest.raises(Throttled, match="calls of owner 'ada'") as throttled:
        ada.admit(STOP, [TOKEN])
    assert throttled.value.retry_after_s == pytest.approx(0.2)
    clock.now += throttled.value.retry_after_s
    ada.admit(STOP, [TOKEN])
    with pytest.raises(Throttled):
        ada.admit(STOP, [TOKEN])


def test_owners_do_not_take_each_others_calls_and_the_installation_counts_only_for_others():
    limited = gate(INSTALLATION, 1)
    for _ in range(100):
        limited.admit(STOP, [TOKEN])
    for owner in ("ada", "bob"):
        for _ in range(2):
            limited.admit(STOP, [TOKEN, (FOR, owner), (SCOPES, "jobs")])
        with pytest.raises(Throttled):
            limited.admit(STOP, [TOKEN, (FOR, owner), (SCOPES, "jobs")])


def test_of_wrong_tokens_of_one_host_few_are_answered():
    nobodys, wrong = gate(anybody()), Unauthenticated("who are you?")
    told = [nobodys.refusal(wrong, f"ipv4:10.0.0.1:{port}") for port in range(100)]
    assert isinstance(told[-1], Throttled)
    assert sum(error is wrong for error in told) == 20
    assert nobodys.refusal(wrong, "ipv4:10.0.0.2:1") is wrong
    assert nobodys.admit(STOP, [TOKEN])  # a right one is let in all the same


@pytest.mark.parametrize("rate", [0.1, 0.4, 0.5, 1.0])
def test_who_may_call_seldom_may_call(rate):
    clock = Clock()
    buckets = Buckets(rate, clock)
    while buckets.take("ada") == 0:
        pass
    clock.now += buckets.take("ada")
    assert buckets.take("ada") == 0


def test_buckets_are_not_kept_without_end():
    buckets = Buckets(1.0, Clock())
    for number in range(KEPT + 10):
        buckets.take(str(number))
    assert len(buckets._left) == KEPT


async def test_a_call_too_many_says_when_to_come_again():
    async with served(echo, calls_per_s=0.5) as endpoint, stub_of(endpoint) as stub:
        await stub.GetTuningJob(pb.GetTuningJobRequest(job="a"))
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.GetTuningJob(pb.GetTuningJobRequest(job="a"))
    assert failed.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    pause = RetryInfo()
    assert any(detail.Unpack(pause) for detail in details_of(failed.value))
    error = error_of(failed.value)
    assert isinstance(error, Throttled)
    assert 0 < error.retry_after_s <= 2
    assert pause.retry_delay.ToNanoseconds() / 1e9 == pytest.approx(error.retry_after_s)
    assert re.search(r"try again in [\d.]+ s", str(error))
