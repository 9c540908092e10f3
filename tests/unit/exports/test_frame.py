"""The DataFrame: SageMaker's analytics, typed."""

from __future__ import annotations

import importlib.util

import pytest

from tests.unit.client.fake_server import Metrics, Tuning, serving
from tests.unit.core.specs import spec
from tests.unit.exports.source import BEGAN, every_state
from tunewright.client import AsyncClient
from tunewright.core.errors import InvalidSpec
from tunewright.exports import frame, table
from tunewright.platform.codec import to_message, value_to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb

needs_pandas = pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")


def analysed(source, *, full=False):
    described = source.describe("digits-1").spec
    rows = table.rows(described, source.trainings("digits-1", newest_first=True), full=full)
    return frame.frame(table.columns(described, full=full), rows)


@needs_pandas
def test_numbers_are_floats_texts_stay_and_times_have_a_zone():
    found = analysed(every_state())
    assert list(found["TrainingJobName"])[::5] == ["digits-1-006", "digits-1-001"]
    assert [str(found[name].dtype) for name in ("lr", "epochs", "FinalObjectiveValue")] == ["float64"] * 3
    assert set(found["optimizer"]) == {"adam"}
    assert found["TrainingStartTime"].iloc[-1].timestamp() == BEGAN + 100
    assert found["TrainingStartTime"].isna().tolist() == [True] + [False] * 5
    best = found[found["FinalObjectiveValue"] > -float("inf")].sort_values("FinalObjectiveValue", ascending=False)
    assert best["TrainingJobName"].tolist() == ["digits-1-001", "digits-1-002"]


@needs_pandas
def test_the_full_frame_keeps_whole_numbers():
    found = analysed(every_state(), full=True)
    assert str(found["epochs"].dtype) == "int64"
    assert found["Cost"].iloc[-1] == 1.25


@needs_pandas
async def test_the_client_gives_it_and_its_curves():
    tuning = Tuning()
    tuning.jobs["digits-1"] = pb.TuningJob(
        uid="u", state="JOB_STATE_COMPLETED", spec=to_message(spec(), spec_pb2.TuningJobSpec)
    )
    for number in (1, 2):
        message = pb.TrainingJob(
            name=f"digits-1-{number:03}", number=number, state="TRAINING_STATE_COMPLETED", objective_value=0.5,
            configuration={"optimizer": value_to_message("sgd"), "lr": value_to_message(0.1)},
        )  # fmt: skip
        message.started_at.seconds = 1000
        tuning.trainings.append(message)
    async with serving(tuning, Metrics()) as address, AsyncClient(address) as client:
        found = await client.dataframe("digits-1")
        assert tuning.requests[-1].descending
        curves = await client.dataframe("digits-1", curves=True)
        with pytest.raises(InvalidSpec, match="one of the two"):
            await client.dataframe("digits-1", curves=True, full=True)
    assert list(found)[:4] == ["lr", "epochs", "optimizer", "TrainingJobName"]
    assert list(curves) == ["TrainingJobName", "MetricName", "Step", "Value", "Timestamp"]
    assert len(curves) == 2 * 5


def test_without_pandas_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setattr("tunewright.platform.extras.find_spec", lambda _name: None)
    with pytest.raises(InvalidSpec, match=r"pip install 'tunewright\[pandas\]'"):
        frame.require_pandas()
