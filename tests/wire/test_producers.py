"""Other systems on the same broker, with a client that is not ours: JSON in, answers out."""

from __future__ import annotations

from tests.wire.fleet import Fleet, until
from tests.wire.systems import System, as_json
from tests.wire.trainings import Wanted, ended, job, judge
from tunewright.core.states import JobState
from tunewright.events.v1 import facts_pb2


def create(system: System, wanted: Wanted, command_id: str) -> None:
    command = {"commandId": command_id, "spec": as_json(wanted.spec)}
    system.send("tuning.commands", "CreateTuningJob", wanted.spec.name, command)


def test_a_job_ordered_in_json_runs_and_is_answered_once_in_effect(fleet: Fleet, system: System):
    wanted = job(fleet.folder, "by-command", trainings=4)
    for _ in range(3):
        create(system, wanted, "order-1")
    answer = system.answers("order-1")
    assert isinstance(answer, facts_pb2.CommandAccepted)
    with fleet.client() as client:
        assert client.describe("by-command").uid == answer.uid
        until(lambda: client.describe("by-command").state.final, "the job has ended", 60)
        judge(client, wanted)
    create(system, wanted, "order-1")
    assert system.answers("order-1") == answer  # the same command once more, the same answer


def test_an_order_that_is_wrong_is_rejected_with_its_field(fleet: Fleet, system: System):
    wanted = job(fleet.folder, "by-wrong-command", trainings=4)
    spec = as_json(wanted.spec) | {"limits": {"maxTrainings": 4, "maxParallel": 1000}}
    system.send("tuning.commands", "CreateTuningJob", "x", {"commandId": "order-2", "spec": spec})
    answer = system.answers("order-2")
    assert isinstance(answer, facts_pb2.CommandRejected)
    assert (answer.reason, answer.field) == ("INVALID_SPEC", "limits.max_parallel")


def test_a_forged_order_stops_nothing_and_a_signed_one_does(fleet: Fleet, system: System):
    wanted = job(fleet.folder, "to-be-stopped", trainings=100, steps=2, step_s=0.5)
    create(system, wanted, "order-3")
    system.answers("order-3")
    stop = {"job": "to-be-stopped"}
    system.send("tuning.commands", "StopTuningJob", "to-be-stopped", stop | {"commandId": "forged"}, secret="guessed")
    with fleet.client() as client:
        until(lambda: ended(wanted) >= 2, "trainings end")
        assert client.describe("to-be-stopped").state is JobState.RUNNING
        system.send("tuning.commands", "StopTuningJob", "to-be-stopped", stop | {"commandId": "order-4"})
        assert isinstance(system.answers("order-4"), facts_pb2.CommandAccepted)
        until(lambda: client.describe("to-be-stopped").state is JobState.STOPPED, "the job is stopped", 60)


def test_metrics_reported_in_json_are_measured_beside_those_that_are_printed(fleet: Fleet, system: System):
    wanted = job(fleet.folder, "reported-on", trainings=1, parallel=1, steps=4, step_s=1.0)
    with fleet.client() as client:
        uid = client.create(wanted.spec).uid
        until(lambda: "b" in wanted.stamps.read_text(), "the training runs")
        report = {"uid": uid, "number": 1, "reportId": "r-1", "values": [{"metric": "temperature", "value": 71.5}]}
        for _ in range(2):
            system.send("training.reports", "MetricsReported", uid, report)
        until(lambda: client.describe("reported-on").state.final, "the job has ended", 60)
        (training,) = client.trainings("reported-on")
        assert [item.value for item in client.measurements(training.name, "temperature")] == [71.5]
        judge(client, wanted)
