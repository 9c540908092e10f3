"""A new job: its form and its text, judged while they are written, and made once."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.dashboard import Dashboard
from tests.e2e.served import Served, job
from tunewright.core.jobfile import PYTHON_VARIABLE, WORKDIR_VARIABLE
from tunewright.core.space import Float
from tunewright.core.spec import (
    Definition,
    Direction,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Resources,
    Strategy,
    TuningJobSpec,
)

SCRIPT = """\
import argparse
parser = argparse.ArgumentParser()
for name in ("x", "y"):
    parser.add_argument(f"--{name}", type=float, required=True)
given = parser.parse_args()
print(f"loss={(given.x - 7) ** 2 + (given.y - 0.4) ** 2 + 1}")
"""


@pytest.fixture(scope="module")
def script(served: Served) -> Path:
    path = served.folder / "train.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture(scope="module")
def parent(served: Served, script: Path) -> TuningJobSpec:
    """A job that has ended, whose good trainings crowd the upper end of `x`."""
    spec = TuningJobSpec(
        name="parent",
        definitions=(
            Definition(
                image=f"file://{script}",
                parameters=(Parameter("x", Float(-5.0, 5.0)), Parameter("y", Float(0.0, 1.0))),
                metric_definitions=(MetricDefinition("loss", "loss=([0-9.e+-]+)"),),
                environment={PYTHON_VARIABLE: sys.executable, WORKDIR_VARIABLE: str(served.folder)},
            ),
        ),
        objective=Objective("loss", Direction.MINIMIZE),
        limits=Limits(max_parallel=2, max_trainings=24),
        strategy=Strategy.RANDOM,
        random_seed=4,
    )
    with served.client() as client:
        client.create(spec)
        client.wait("parent")
    return spec


@pytest.fixture
def new(dashboard: Dashboard) -> Dashboard:
    dashboard.open("/new")
    expect(dashboard.page.get_by_role("heading", name="New job")).to_be_visible()
    return dashboard


def file(name: str, script: Path) -> str:
    return f"""\
# mine
name: {name}
script: {script}
python: {sys.executable}
minimize: loss     # printed
params:
  # how far
  x: -5.0..5.0     # wide
  y: 0.0..1.0
strategy: random
trials: 2          # few
"""


def text(dashboard: Dashboard) -> Locator:
    return dashboard.page.get_by_role("textbox", name="Job file")


def expect_right(dashboard: Dashboard) -> None:
    expect(dashboard.card("Job file").get_by_role("status")).to_have_text("right")


def marks(dashboard: Dashboard) -> Locator:
    """What the lines of the text are marked with."""
    return dashboard.card("Job file").get_by_role("img")


def create(dashboard: Dashboard) -> None:
    expect_right(dashboard)
    dashboard.page.get_by_role("button", name="Create job").click()


def test_the_example_says_what_to_name_first(new: Dashboard, script: Path) -> None:
    new.page.get_by_role("button", name="Begin with an example").click()
    expect(new.page.get_by_label("Script", exact=True)).to_have_value("/home/me/train.py")
    expect(marks(new)).to_have_count(1)
    expect(marks(new)).to_have_accessible_name(re.compile("Line 3: there is no /home/me/train.py"))
    new.page.get_by_label("Script", exact=True).fill(str(script))
    expect_right(new)
    expect(text(new)).to_have_value(re.compile("# run as: train.py"))


def test_the_form_fills_the_text(new: Dashboard, script: Path) -> None:
    page = new.page
    page.get_by_label("Script", exact=True).fill(str(script))
    page.get_by_label("Direction").select_option("minimize")
    page.get_by_label("Objective metric").fill("loss")
    page.get_by_role("button", name="Add hyperparameter").click()
    page.get_by_label("Name of hyperparameter 1").fill("x")
    page.get_by_label("Low end of x").fill("1e-4")
    page.get_by_label("High end of x").fill("1")
    page.get_by_label("Scale of x").select_option("log")
    page.get_by_role("button", name="Add hyperparameter").click()
    page.get_by_label("Name of hyperparameter 2").fill("kind")
    page.get_by_label("Kind of kind").select_option("choice")
    page.get_by_label("Values of kind").fill("a, 2")
    page.get_by_role("button", name="Move hyperparameter kind up").click()
    page.get_by_role("button", name="Add metric").click()
    page.get_by_label("Name of metric 1").fill("f1")
    page.get_by_label("Regex of f1").fill("F1 is ([0-9.]+)")
    page.get_by_label("Trainings", exact=True).fill("7")
    page.locator("summary", has_text="Tags").click()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_label("Name of tag 1").fill("team")
    page.get_by_label("Value of team").fill("growth")
    expect_right(new)
    expect(text(new)).to_have_value(
        f"script: {script}\n"
        "minimize: loss\n"
        "metrics:\n  f1: 'F1 is ([0-9.]+)'\n"
        "params:\n  kind: [a, 2]\n  x: log(1e-4, 1.0)\n"
        "trials: 7\n"
        "tags:\n  team: growth\n"
    )
    page.get_by_role("button", name="Remove metric f1").click()
    expect(text(new)).not_to_have_value(re.compile("metrics"))


def test_the_text_fills_the_form_and_keeps_its_comments(new: Dashboard, script: Path) -> None:
    page, given = new.page, file("both-ways", script) + "metrics: [f1]\npool: default   # as it is\n"
    text(new).fill(given)
    expect(page.get_by_label("Job name")).to_have_value("both-ways")
    expect(page.get_by_label("Direction")).to_have_value("minimize")
    expect(page.get_by_label("High end of x")).to_have_value("5")
    expect(page.get_by_label("How f1 is found")).to_have_value("name")
    page.get_by_label("Trainings", exact=True).fill("3")
    page.get_by_label("High end of x").fill("9.5")
    expect(text(new)).to_have_value(given.replace("trials: 2", "trials: 3").replace("x: -5.0..5.0  ", "x: -5.0..9.5  "))
    text(new).fill(given.replace("trials: 2 ", "trials: 12"))
    expect(page.get_by_label("Trainings", exact=True)).to_have_value("12")
    expect(page.get_by_label("High end of x")).to_have_value("5")


def test_what_is_wrong_is_told_at_its_field_and_line_until_it_is_mended(new: Dashboard, script: Path) -> None:
    page = new.page
    text(new).fill(file("wrong", script).replace("trials: 2 ", "trials: no").replace("0.0..1.0", "1-2"))
    trials, wrong = page.get_by_label("Trainings", exact=True), page.get_by_role("list", name="What is wrong")
    expect(marks(new)).to_have_count(2)
    expect(marks(new).first).to_have_accessible_name(re.compile("Line 9: .*not a range"))
    expect(trials).to_have_accessible_description(re.compile("must be an integer"))
    expect(page.get_by_label("Low end of y")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Create job")).to_be_disabled()
    wrong.get_by_role("button", name="Line 11").click()
    expect(text(new)).to_be_focused()
    assert page.evaluate("getSelection().toString()").startswith("trials: no")
    trials.fill("2")
    page.get_by_label("Low end of y").fill("0")
    page.get_by_label("High end of y").fill("1")
    expect_right(new)
    expect(marks(new)).to_have_count(0)
    expect(wrong.get_by_role("listitem")).to_have_count(0)
    expect(trials).to_have_attribute("aria-invalid", "false")


def test_an_integer_range_with_a_real_end_is_refused_before_it_becomes_another(new: Dashboard, script: Path) -> None:
    text(new).fill(file("integers", script).replace("0.0..1.0", "1..9"))
    low = new.page.get_by_label("Low end of y")
    expect(low).to_have_value("1")
    low.fill("1.5")
    expect(new.page.get_by_role("list", name="What is wrong")).to_contain_text("integers")
    expect(new.page.get_by_role("button", name="Create job")).to_be_disabled()
    low.fill("2")
    expect_right(new)


def test_metrics_are_tried_on_a_pasted_log(new: Dashboard, script: Path) -> None:
    page, trying = new.page, new.card("Try the metrics")
    text(new).fill(file("tried", script))
    expect(page.get_by_label("Objective metric")).to_have_value("loss")
    trying.get_by_label("Paste what a training prints").fill('epoch 3 loss=0.5\nnothing\n{"auc": 0.7}\nloss: 0.25\n')
    expect(trying.get_by_role("status")).to_have_text("The objective would be 0.25.")
    expect(trying.locator("mark")).to_have_text(["0.5", "0.25"])
    expect(trying.get_by_role("list", name="Lines with a metric")).to_contain_text("loss = 0.5")
    trying.get_by_role("button", name="+ auc = 0.7").click()
    expect(text(new)).to_have_value(re.compile("metrics:\n  auc: null"))
    expect(trying.locator("mark")).to_have_text(["0.5", "0.7", "0.25"])
    page.get_by_label("How auc is found").select_option("regex")
    page.get_by_label("Regex of auc").fill("area ([0-9")
    expect(trying).to_contain_text("auc refused")
    page.get_by_label("Regex of auc").fill("area ([0-9.]+)")
    expect(trying).to_contain_text("auc missing")
    page.get_by_label("Objective metric").fill("accuracy")
    expect(trying.get_by_role("status")).to_contain_text("There would be no objective")


def test_what_it_takes_is_foretold_and_it_is_created_and_runs(new: Dashboard, served: Served, script: Path) -> None:
    page, estimate = new.page, new.card("What it takes at the most")
    text(new).fill(file("created", script) + "max_runtime: 1h\nprices: {local: 0.01}\n")
    expect(estimate).to_contain_text("At most 2 trainings, 1 at once.")
    expect(estimate).to_contain_text("36")
    page.get_by_label("At once").fill("2")
    expect(estimate).to_contain_text("At most 2 trainings, 2 at once.")
    create(new)
    expect(page).to_have_url(f"{new.url}/jobs/created")
    with served.client() as client:
        assert client.wait("created").best is not None
    new.open("/new")
    expect(text(new)).to_have_value("")


def test_a_double_click_and_a_lost_answer_create_once(new: Dashboard, served: Served, script: Path) -> None:
    page = new.page
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url) if "CreateTuningJob" in request.url else None)
    text(new).fill(file("once", script))
    expect_right(new)
    page.get_by_role("button", name="Create job").dblclick()
    expect(page).to_have_url(f"{new.url}/jobs/once")
    assert len(requests) == 1

    def lose(route: Route) -> None:
        assert route.fetch().ok
        route.abort()

    page.route("**/CreateTuningJob", lose, times=1)
    new.open("/new")
    text(new).fill(file("lost", script))
    create(new)
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Create job").click()
    expect(page).to_have_url(f"{new.url}/jobs/lost")
    with served.client() as client:
        assert [found.name for found in client.list() if found.name == "lost"] == ["lost"]


def test_a_name_that_is_taken_is_told_where_it_stands(new: Dashboard, parent: TuningJobSpec, script: Path) -> None:
    text(new).fill(file(parent.name, script))
    create(new)
    expect(marks(new)).to_have_accessible_name(re.compile("Line 2: .*already exists"))
    expect(new.page.get_by_label("Job name")).to_have_accessible_description(re.compile("already exists"))
    new.page.get_by_label("Job name").fill("another")
    expect_right(new)
    create(new)
    expect(new.page).to_have_url(f"{new.url}/jobs/another")


def test_a_job_is_cloned_with_changes(dashboard: Dashboard, served: Served, parent: TuningJobSpec) -> None:
    page = dashboard.page
    dashboard.open(f"/new?from={parent.name}")
    expect(page.get_by_label("Job name")).to_have_value("parent-2")
    page.get_by_label("Trainings", exact=True).fill("2")
    create(dashboard)
    expect(page).to_have_url(f"{dashboard.url}/jobs/parent-2")
    with served.client() as client:
        assert client.wait("parent-2").spec == replace(
            parent, name="parent-2", limits=replace(parent.limits, max_trainings=2)
        )


def test_what_only_the_request_body_can_say_stays_in_a_clone(dashboard: Dashboard, served: Served) -> None:
    page, spec = dashboard.page, job(served.program("echo score=1"), "large")
    (definition,) = spec.definitions
    disk = replace(definition, resources=Resources("local", volume_size_gb=7))
    with served.client() as client:
        client.create(replace(spec, definitions=(disk,)))
        client.wait("large")
    dashboard.open("/new?from=large")
    expect(page.get_by_text("the short form cannot say")).to_be_visible()
    page.get_by_label("Trainings", exact=True).fill("3")
    expect(text(dashboard)).to_have_value(re.compile("MaxNumberOfTrainingJobs: 3"))
    create(dashboard)
    expect(page).to_have_url(f"{dashboard.url}/jobs/large-2")
    with served.client() as client:
        made = client.wait("large-2").spec
        assert made.limits.max_trainings == 3
        assert made.definitions[0].resources.volume_size_gb == 7


def test_a_job_is_narrowed_range_by_range(dashboard: Dashboard, served: Served, parent: TuningJobSpec) -> None:
    page = dashboard.page
    dashboard.open(f"/new?narrow={parent.name}")
    narrowed = dashboard.card("Narrowed from parent")
    wider = narrowed.get_by_role("checkbox", name=re.compile(r"^x:"))
    expect(wider).to_be_checked()
    expect(narrowed).to_contain_text("it still improves there")
    expect(page.get_by_label("High end of x")).not_to_have_value("5")
    wider.uncheck()
    expect(page.get_by_label("High end of x")).to_have_value("5")
    wider.check()
    start = narrowed.get_by_role("checkbox", name="It starts from what parent has found")
    expect(start).to_be_checked()
    expect(text(dashboard)).to_have_value(re.compile("warm_start: parent"))
    start.uncheck()
    expect(text(dashboard)).not_to_have_value(re.compile("warm_start"))
    start.check()
    page.get_by_label("Trainings", exact=True).fill("2")
    create(dashboard)
    expect(page).to_have_url(f"{dashboard.url}/jobs/parent-n2")
    with served.client() as client:
        made = client.wait("parent-n2").spec
        assert made.warm_start is not None
        assert made.definitions[0].space["x"] != Float(-5.0, 5.0)


def test_a_job_that_is_not_there_is_told(dashboard: Dashboard) -> None:
    dashboard.open("/new?from=nobody")
    expect(dashboard.page.get_by_role("alert")).to_contain_text("nobody")


def test_a_draft_survives_a_reload_until_one_starts_anew(dashboard: Dashboard, parent: TuningJobSpec) -> None:
    page = dashboard.page
    dashboard.open(f"/new?from={parent.name}")
    page.get_by_label("Job name").fill("my-own")
    expect(text(dashboard)).to_have_value(re.compile("name: my-own"))
    page.reload()
    expect(text(dashboard)).to_have_value(re.compile("name: my-own"))
    expect(page.get_by_label("Job name")).to_have_value("my-own")
    page.get_by_role("button", name="Start anew").click()
    page.get_by_role("dialog").get_by_role("button", name="Start anew").click()
    expect(text(dashboard)).to_have_value("")
    expect(page).to_have_url(f"{dashboard.url}/new")
    page.reload()
    expect(page.get_by_role("button", name="Begin with an example")).to_be_visible()
