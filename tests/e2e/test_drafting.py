"""From a job that has run to the edited file of the next one, over the SDK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.served import Served
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import MetricDefinition, Objective

SCRIPT = "print('loss=0.5')"


@pytest.fixture
def served(tmp_path: Path):
    served = Served(tmp_path, slots=1)
    served.start()
    yield served
    served.end()


def test_a_job_is_drafted_created_cloned_and_its_metrics_are_tried(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    with served.client() as client:
        wrong = client.read_job_file("script: train.py\nminimize: loss\nparams: {lr: '0..x'}\n")
        assert wrong.spec is None
        assert {(fault.member, fault.line) for fault in wrong.faults} == {("script", 1), ("params.lr", 3)}
        text = f"script: {script}\nminimize: loss\nparams: {{lr: '0.0..1.0'}}\ntrials: 1\nprices: {{local: 1}}\n"
        read = client.read_job_file(text, name="drafted")
        assert read.faults == ()
        assert read.estimate is not None
        assert read.estimate.max_cost == 86_400
        job = client.create(read.spec)
        assert client.wait("drafted").best.objective_value == 0.5

        clone = client.write_job_file(replace(job.spec, name="clone"))
        again = client.read_job_file(clone)
        assert again.spec == replace(job.spec, name="clone")
        with pytest.raises(InvalidSpec, match="suggest_wait_s"):
            client.write_job_file(replace(job.spec, suggest_wait_s=9.0))

        metrics = [MetricDefinition("loss", r"loss=(\S+)"), MetricDefinition("bad", "(")]
        tried = client.try_metrics(metrics, "loss=1\nloss=0.25\n", objective=Objective("loss"))
        assert [(item.line, item.value, item.step) for item in tried.readings] == [(0, 1.0, 1), (1, 0.25, 2)]
        assert tried.objective_value == 0.25
        assert [(fault.kind, fault.metric) for fault in tried.faults] == [("refused", "bad")]
