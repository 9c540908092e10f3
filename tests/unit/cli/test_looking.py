"""What `tunewright logs` and `tunewright jobs` print."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.cli.jobs import job, training
from tunewright.cli.forms import Form
from tunewright.cli.looking import Lines, _job_row, logs_of
from tunewright.cli.training import rows
from tunewright.cli.wording import REASON_LENGTH
from tunewright.client.resources import FoundLine, OutputLine, TrainingAttempt
from tunewright.core.errors import NotFound
from tunewright.core.spec import Definition, Resources
from tunewright.core.states import EndCause

PRINTED = [OutputLine(0, "up", instance=0), OutputLine(0, "up", instance=1), OutputLine(1, "loss=1", instance=0)]


class Client:
    """A server with one job of one training."""

    def __init__(self, instances: int) -> None:
        made = job()
        (definition,) = made.spec.definitions
        self.definition = replace(definition, resources=Resources(instance_count=instances))
        self.job = replace(made, spec=replace(made.spec, definitions=(self.definition,)))

    def describe(self, name: str):
        if name != self.job.name:
            raise NotFound("tuning job", name)
        return self.job

    def definition_of(self, name: str) -> Definition:
        assert name == training().name
        return self.definition

    def output(self, name: str, *, instance: int | None, **_: object):
        assert name == training().name
        return [line for line in PRINTED if instance in {None, line.instance}]

    def search_output(self, name: str, **_: object):
        assert name == self.job.name
        return [FoundLine(training().name, 1, line) for line in PRINTED]


@pytest.mark.parametrize(
    ("instances", "instance", "shown"),
    [
        (2, None, ["algo-1:up", "algo-2:up", "algo-1:loss=1"]),
        (2, 1, ["up"]),
        (1, None, ["up", "up", "loss=1"]),
    ],
)
def test_a_line_of_one_of_several_instances_says_whose_it_is(capsys, instances, instance, shown):
    assert logs_of(Client(instances), training().name, Lines(instance=instance), Form.TABLE, follow=False, tail=0) == 0
    assert capsys.readouterr().out.splitlines() == shown


def test_so_does_one_that_was_looked_for(capsys):
    client = Client(2)
    assert logs_of(client, client.job.name, Lines(contains="up"), Form.TABLE, follow=False, tail=0) == 0
    assert capsys.readouterr().out.splitlines()[1] == f"{training().name}:algo-2:up"


def test_of_many_jobs_a_reason_is_told_in_short():
    reason = "AlgorithmError: " + "x" * 1000 + "\nand more"
    row = _job_row(job(reason=reason), priced=False)
    assert row[-1] == f"{reason[:REASON_LENGTH]} …"


def test_a_training_is_shown_with_each_of_its_attempts():
    lost = TrainingAttempt(1, "t1", "gpu-3", 1e9, None, 1e9 + 60, EndCause.LOST, None, "lost with its trainer")
    runs = TrainingAttempt(2, "t2", granted_at=1e9 + 90)
    shown = dict(rows(replace(training(), attempts=(lost, runs))))
    assert shown["attempt 1"].startswith("t1 on gpu-3, from ")
    assert shown["attempt 1"].endswith(", lost: lost with its trainer")
    assert " to " in shown["attempt 1"]
    assert shown["attempt 2"].startswith("t2, from ")
    assert " to " not in shown["attempt 2"]
