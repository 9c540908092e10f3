"""A job that goes on from ended ones, and a job of two programs, as their users run them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.served import Served, job
from tests.e2e.test_cli import SCRIPT, CommandLine
from tests.unit.core.specs import amt_body
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.core.space import Choice
from tunewright.core.spec import Limits, Objective, Parameter, Strategy, WarmStart, WarmStartType
from tunewright.core.states import JobState

VALUES = tuple("012")


@pytest.fixture
def served(tmp_path: Path):
    served = Served(tmp_path, slots=4)
    served.start()
    yield served
    served.end()


def nine(image: str, name: str, **fields: object):
    """Return a job over nine configurations."""
    wanted = job(image, name, **{"limits": Limits(max_parallel=2, max_trainings=4)} | fields)
    parameters = tuple(Parameter(letter, Choice(VALUES)) for letter in "ab")
    return replace(wanted, definitions=(replace(wanted.definitions[0], parameters=parameters),))


def tried(client, name: str) -> list[tuple[str, str]]:
    return sorted((str(one.configuration["a"]), str(one.configuration["b"])) for one in client.trainings(name))


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.BAYESIAN])
def test_a_child_goes_on_where_its_parents_have_ended(served: Served, strategy: Strategy) -> None:
    image = served.program("echo score=0.5")
    with served.client() as client:
        client.create(nine(image, "parent", strategy=strategy))
        running = nine(image, "child", warm_start=WarmStart(("parent",), WarmStartType.TRANSFER_LEARNING))
        with pytest.raises(InvalidSpec, match="a parent must have ended"):
            client.create(running)
        client.wait("parent")
        warm = WarmStart(("parent",), WarmStartType.IDENTICAL_DATA_AND_ALGORITHM)
        client.create(nine(image, "child", strategy=strategy, warm_start=warm, limits=Limits(3, 30)))
        child = client.wait("child")
        assert (child.state, child.trainings.completed) == (JobState.COMPLETED, 5)
        assert "all 5 distinct configurations" in child.reason
        everything = sorted((a, b) for a in VALUES for b in VALUES)
        assert sorted(tried(client, "parent") + tried(client, "child")) == everything
        assert [parent.name for parent in child.parents] == ["parent"]
        assert child.overall_best is not None
        assert child.overall_best.job_name in {"parent", "child"}
        assert child.spec.random_seed == 3


def test_a_parent_cannot_be_deleted_under_its_child_and_its_name_means_the_job_it_meant(served: Served) -> None:
    image = served.program("sleep 0.3; echo score=0.5")
    with served.client() as client:
        client.create(nine(image, "parent", limits=Limits(2, 2)))
        client.wait("parent")
        warm = WarmStart(("PARENT",), WarmStartType.IDENTICAL_DATA_AND_ALGORITHM)
        client.create(nine(image, "child", warm_start=warm))
        with pytest.raises(IllegalTransition, match="a parent of tuning job child"):
            client.delete("parent")
        client.wait("child")
        client.delete("parent")
        assert client.describe("child").parents[0].name == "parent"
        with pytest.raises(NotFound, match="the warm start names it"):
            client.create(nine(image, "orphan", warm_start=warm))


def test_two_programs_are_tuned_in_one_job_and_the_better_ones_training_is_the_best(served: Served) -> None:
    (first,) = nine(served.program("echo score=0.5"), "both").definitions
    other = served.folder / "other"
    other.mkdir()
    (other / "train").write_text("#!/bin/sh\necho points=0.9\n")
    (other / "train").chmod(0o755)
    metric = replace(first.metric_definitions[0], name="points", regex="points=(.*)")
    second = replace(first, image=f"file://{other}", metric_definitions=(metric,), objective=Objective("points"))
    definitions = (replace(first, name="first"), replace(second, name="second"))
    with served.client() as client:
        client.create(replace(nine(first.image, "both", limits=Limits(4, 6)), definitions=definitions))
        done = client.wait("both")
        names = [one.definition_name for one in client.trainings("both")]
    assert (done.state, done.objectives.succeeded, names) == (JobState.COMPLETED, 6, ["first", "second"] * 3)
    assert done.best is not None
    assert (done.best.definition_name, done.best.objective_value) == ("second", 0.9)


def test_the_command_line_goes_on_from_a_job_and_tells_definitions_apart(served: Served) -> None:
    cli = CommandLine(served.folder, served.data_dir)
    (served.folder / "train.py").write_text(SCRIPT)
    wanted = ("tune", "train.py", "--param", "batch=1,2,4", "--set", "lr=0.1", "--maximize", "val_acc")
    cli.out(*wanted, "--name", "first", "--trials", "2")
    cli.out(*wanted, "--name", "second", "--trials", "9", "--warm-start", "first")
    assert [[parent["name"] for parent in job["parents"]] for job in cli.json("jobs")] == [["first"], []]
    values = [one["configuration"]["batch"] for name in ("first", "second") for one in cli.json("trainings", name)]
    assert sorted(values) == ["1", "2", "4"]
    assert "best with parents\t0.3" in cli.out("describe", "second")
    assert "'nobody'; the warm start names it" in cli.refused(*wanted, "--warm-start", "nobody")

    body = amt_body("TrainingJobDefinition/OutputDataConfig", {"S3OutputPath": "file:///tmp/models"})
    single, config = body.pop("TrainingJobDefinition"), body["HyperParameterTuningJobConfig"]
    single["TuningObjective"] = config.pop("HyperParameterTuningJobObjective")
    del config["ParameterRanges"]
    config |= {"Strategy": "Random", "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2}}
    single["AlgorithmSpecification"]["TrainingImage"] = served.program("echo val_loss=0.5")
    body["TrainingJobDefinitions"] = [
        single
        | {
            "DefinitionName": name,
            "HyperParameterRanges": {"CategoricalParameterRanges": [{"Name": name, "Values": ["1", "2"]}]},
        }
        for name in ("depth", "width")
    ]
    (served.folder / "both.json").write_text(json.dumps(body))
    told = cli.out("tune", "both.json")
    best = cli.json("describe", "demo-260101-0000")["best"]
    assert f"of definition {best['definition_name']}" in told
    header, *rows = cli.out("trainings", "demo-260101-0000").splitlines()
    assert header.split("\t") == ["name", "definition", "state", "objective", "depth", "width", "reason"]
    assert sorted(row.split("\t")[1] for row in rows) == ["depth", "depth", "width", "width"]
    assert list(json.loads(cli.out("best", "demo-260101-0000", "--format", "json"))) == [
        best["definition_name"],
        "epochs",
    ]
