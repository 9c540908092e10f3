"""Why a configuration, and whether it would be suggested again, of jobs that real services have run."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.served import Served, job
from tests.e2e.test_cli import CommandLine
from tunewright.core.spec import EnqueuedConfiguration, HyperbandConfig, Limits, Strategy

SCORE = """\
x=$(sed 's/.*"x": *"\\([^"]*\\)".*/\\1/' $SAGEMAKER_BASE_DIR/input/config/hyperparameters.json)
for step in 1 2 3; do echo "score=$x"; done
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("explained"))
    served.start()
    yield served
    served.end()


@pytest.fixture(scope="module")
def cli(served: Served) -> CommandLine:
    return CommandLine(served.folder, served.data_dir)


def ran(served: Served, name: str, **fields: object) -> list[str]:
    """Run a job to its end; return the names of its trainings."""
    with served.client() as client:
        client.create(job(served.program(SCORE), name, **fields))
        client.wait(name)
        return [training.name for training in client.trainings(name)]


@pytest.mark.parametrize(
    ("strategy", "fields"),
    [
        (Strategy.RANDOM, {}),
        (Strategy.BAYESIAN, {"enqueued": (EnqueuedConfiguration({"x": 0.5}),)}),
        (Strategy.HYPERBAND, {"hyperband": HyperbandConfig(1, 3)}),
    ],
)
def test_every_suggestion_of_a_job_is_the_same_again(served, cli, strategy, fields):
    name = strategy.value.lower()
    trainings = ran(served, name, strategy=strategy, limits=Limits(2, 8), **fields)
    said = cli.out("replay", name)
    enqueued = len(fields.get("enqueued", ()))
    assert said.startswith(f"{len(trainings) - enqueued} suggestions of ")
    assert " are the same" in said
    assert ("1 more were enqueued" in said) == bool(enqueued)
    replayed = json.loads(cli.out("replay", name, "-o", "json").splitlines()[0])
    assert (replayed["ask_number"], replayed["difference"]) == (0, "")


def test_a_training_says_why_it_has_its_configuration(served, cli):
    trainings = ran(served, "why", strategy=Strategy.BAYESIAN, limits=Limits(1, 7))
    shown = cli.out("explain", trainings[-1])
    assert "nearest trainings that had ended" in shown
    assert "lengthscale" in shown
    told = cli.json("explain", trainings[-1])
    assert told["training"]["name"] == trainings[-1]
    assert (told["observations"], told["pending"], list(told["lengthscales"])) == (6, [], ["x"])
    assert {item["number"] for item in told["neighbours"]} <= set(range(1, 7))
    assert "the default point comes first" in cli.out("explain", trainings[0])
    with served.client() as client:
        best = client.best("why").name
        assert client.explain(best).training.name == best
    assert f"training\t{best} " in cli.out("explain", "why")
    (header, row) = cli.out("explain", "why", "-o", "csv").splitlines()
    assert "lengthscales.x" in header or "training.configuration.x" in header
    assert best in row


def test_what_somebody_has_enqueued_says_so(served, cli):
    (first, *_) = ran(served, "mine", limits=Limits(1, 1), enqueued=(EnqueuedConfiguration({"x": 0.5}),))
    assert "somebody has enqueued this configuration" in cli.out("explain", first)
    assert cli.out("replay", "mine") == (
        "0 suggestions of 0 asks are the same; 1 more were enqueued, repeated, or drawn without the suggester\n"
    )


def test_what_is_not_there_is_refused(cli):
    assert "there is no training job called 'nothing'" in cli.refused("explain", "nothing")
    assert "there is no tuning job called 'nothing'" in cli.refused("replay", "nothing")


def test_a_job_is_plotted_in_the_terminal_and_as_a_page(served, cli):
    trainings = ran(served, "plotted", strategy=Strategy.RANDOM, limits=Limits(2, 12))
    shown = cli.out("plot", "plotted").splitlines()
    assert shown[0].startswith("best score so far")
    assert any(line.endswith("└1 … 12") for line in shown)
    assert any(line.startswith("x\t") for line in shown)
    assert len(cli.json("plot", "plotted")["points"]) == len(trainings)
    done = cli("plot", "plotted", "--to", "job.html")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "job.html: 12 trainings of plotted\n")
    assert (cli.folder / "job.html").read_text().count("<circle") == 12
    assert "job.html is there already" in cli.refused("plot", "plotted", "--to", "job.html")
    cli.out("plot", "plotted", "--to", "job.html", "--force")
    assert "says no format" in cli.refused("plot", "plotted", "--to", "job.pdf")
