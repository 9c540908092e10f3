"""Trainings that another system runs, which speaks Kafka alone: it creates the job, runs what it is told, ends it."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from tests.wire.fleet import Fleet, until
from tests.wire.systems import System
from tunewright.core.states import JobState, TrainingState
from tunewright.events.v1 import facts_pb2

pytestmark = pytest.mark.timeout(240)


def job(name: str, trainings: int, parallel: int) -> dict[str, Any]:
    return {
        "name": name,
        "strategy": "STRATEGY_RANDOM",
        "definitions": [
            {
                "image": "elsewhere://",
                "parameters": [{"name": "x", "floatRange": {"low": 0, "high": 1}}],
                "staticHyperparameters": {"epochs": "2"},
                "metricDefinitions": [{"name": "score"}],
            }
        ],
        "objective": {"metricName": "score", "direction": "DIRECTION_MAXIMIZE"},
        "limits": {"maxTrainings": trainings, "maxParallel": parallel},
    }


def created(system: System, name: str, *, trainings: int, parallel: int = 1) -> str:
    command = {"commandId": f"create-{name}", "spec": job(name, trainings, parallel)}
    system.send("tuning.commands", "CreateTuningJob", name, command)
    answer = system.answers(f"create-{name}")
    assert isinstance(answer, facts_pb2.CommandAccepted), answer
    return answer.uid


def granted(system: System, uid: str) -> facts_pb2.TrainingJobGranted:
    def wanted(event: Any) -> bool:
        return isinstance(event, facts_pb2.TrainingJobGranted) and event.uid == uid

    grant = system.hears(wanted, f"a training of {uid}")
    assert grant.holder == "elsewhere"
    return grant


def report(system: System, grant: facts_pb2.TrainingJobGranted, value: float, report_id: str) -> None:
    here = {"uid": grant.uid, "number": grant.number, "attempt": grant.attempt}
    message = {**here, "reportId": report_id, "values": [{"metric": grant.objective_metric, "value": value}]}
    system.send("training.reports", "MetricsReported", grant.uid, message)


def end(system: System, grant: facts_pb2.TrainingJobGranted, **more: Any) -> Any:
    command_id = f"end-{grant.uid}-{grant.number}"
    command = {"commandId": command_id, "training": f"{grant.uid}/{grant.number}", "attempt": grant.attempt, **more}
    system.send("tuning.commands", "EndTraining", grant.uid, command)
    return system.answers(command_id)


def test_a_job_is_tuned_by_a_system_that_speaks_kafka_alone(fleet: Fleet, system: System):
    uid = created(system, "run-elsewhere", trainings=3, parallel=2)
    values = {}
    for _ in range(3):
        grant = granted(system, uid)
        assert grant.hyperparameters["epochs"] == "2"
        values[grant.training_name] = value = float(grant.hyperparameters["x"])
        # The end is told first: it goes by another topic and may overtake what was reported.
        accepted = end(system, grant, reports=2)
        assert isinstance(accepted, facts_pb2.CommandAccepted), accepted
        report(system, grant, value / 2, "epoch-1")
        report(system, grant, value, "epoch-2")
    over = system.hears(lambda event: isinstance(event, facts_pb2.TuningJobEnded) and event.uid == uid, "the end")
    assert (over.state, over.trainings, over.best_value) == ("Completed", 3, max(values.values()))
    with fleet.client() as client:
        found = {one.name: one for one in client.trainings("run-elsewhere")}
        assert {name: one.objective_value for name, one in found.items()} == values
        assert {one.state for one in found.values()} == {TrainingState.COMPLETED}
        assert [point.value for point in client.measurements(grant.training_name, "score")] == [value / 2, value]


def test_one_that_is_to_stop_is_told_so_and_keeps_what_it_reported(fleet: Fleet, system: System):
    uid = created(system, "stopped-elsewhere", trainings=3)
    grant = granted(system, uid)
    report(system, grant, 0.5, "only")
    system.send("tuning.commands", "StopTuningJob", uid, {"commandId": f"stop-{uid}", "job": uid})
    told = system.hears(lambda event: isinstance(event, facts_pb2.TrainingJobStopRequested), "that it is to stop")
    assert (told.uid, told.number, told.attempt) == (uid, 1, 1), MessageToDict(told)
    assert isinstance(end(system, grant, reports=1), facts_pb2.CommandAccepted)
    with fleet.client() as client:
        until(lambda: client.describe(uid).state is JobState.STOPPED, "the job is stopped")
        (training,) = client.trainings(uid)
        assert (training.state, training.objective_value) == (TrainingState.STOPPED, 0.5)


def test_one_that_fails_says_why(fleet: Fleet, system: System):
    uid = created(system, "failed-elsewhere", trainings=1)
    accepted = end(system, granted(system, uid), failed=True, reason="the cluster is full")
    assert isinstance(accepted, facts_pb2.CommandAccepted)
    with fleet.client() as client:
        until(lambda: client.describe(uid).state.final, "the job has ended")
        (training,) = client.trainings(uid)
        assert training.state is TrainingState.FAILED
        assert "the cluster is full" in training.reason
