"""A job's page on a real server: live, steered by its buttons, its trainings sorted, filtered and compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.dashboard import Dashboard
from tests.e2e.served import Served, job
from tunewright.client import Client, TuningJob
from tunewright.core.space import Choice, Float
from tunewright.core.spec import Limits, Parameter
from tunewright.v1 import tuning_service_pb2 as pb

PROGRAM = """
x=$(sed -E 's/.*"x": *"([^"]*)".*/\\1/' "$SAGEMAKER_BASE_DIR/input/config/hyperparameters.json")
case "$TRAINING_JOB_NAME" in
  hold-*) echo score=0.5; exec sleep 600 ;;
  wait-*) until [ -e "$0.go" ]; do sleep 0.05; done; echo score=$x ;;
  fail-*) case "$TRAINING_JOB_NAME" in *-003-*) echo score=$x ;; *) echo "no data for $x" >&2; exit 3 ;; esac ;;
  *) echo "begin with $x"; echo score=$x; echo end ;;
esac"""

FEW = Limits(max_parallel=3, max_trainings=6)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(Path(tmp_path_factory.mktemp("served")), slots=6)
    served.start()
    yield served
    served.end()


def create(served: Served, client: Client, name: str, **fields: object) -> TuningJob:
    """Make a job; what its trainings do follows from the beginning of its name."""
    return client.create(job(served.program(PROGRAM), name, **({"limits": FEW} | fields)))


def ended(served: Served, client: Client, name: str, **fields: object) -> TuningJob:
    create(served, client, name, **fields)
    return client.wait(name)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def facts(page: Page) -> Locator:
    return page.get_by_role("region", name="About this job")


def state(page: Page, word: str) -> None:
    expect(page.locator(".page-head .badge")).to_have_text(word)


def go(served: Served) -> Path:
    """The file for which programs of jobs named wait-… wait."""
    return served.folder / "program" / "train.go"


def rows(page: Page) -> Locator:
    return page.get_by_role("region", name="Table of trainings").locator("tbody tr")


def test_progress_is_shown_as_it_is_made(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    go(served).unlink(missing_ok=True)
    create(served, client, "wait-live", limits=Limits(max_parallel=2, max_trainings=3))
    dashboard.open("/jobs/wait-live")
    expect(facts(page)).to_contain_text("0 of 3 trainings have ended")
    expect(facts(page)).to_contain_text("no training has a value yet")
    state(page, "Running")
    go(served).touch()
    expect(facts(page)).to_contain_text("3 of 3 trainings have ended")
    state(page, "Completed")
    best = client.describe("wait-live").best
    assert best is not None
    expect(facts(page).get_by_role("link", name=best.name)).to_have_attribute("href", f"/trainings/{best.name}")


def test_the_page_goes_on_when_the_server_has_been_killed_and_is_back(dashboard: Dashboard, served: Served) -> None:
    page = dashboard.page
    go(served).unlink(missing_ok=True)
    with served.client() as client:
        create(served, client, "wait-on", limits=Limits(max_parallel=2, max_trainings=3))
    dashboard.open("/jobs/wait-on")
    expect(facts(page)).to_contain_text("0 of 3 trainings have ended")
    served.end(SIGKILL)
    expect(page.get_by_text("The server does not answer")).to_be_visible()
    served.start()
    go(served).touch()
    expect(facts(page)).to_contain_text("3 of 3 trainings have ended")
    expect(page.get_by_text("The server does not answer")).to_have_count(0)


def test_a_job_that_does_not_exist_is_told(dashboard: Dashboard) -> None:
    dashboard.open("/jobs/nobody")
    expect(dashboard.page.get_by_text("There is no tuning job called nobody")).to_be_visible()


def test_a_job_is_paused_resumed_and_stopped(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    create(served, client, "hold-steer")
    dashboard.open("/jobs/hold-steer")
    button(page, "Pause").click()
    state(page, "Paused")
    expect(button(page, "Pause")).to_have_count(0)
    button(page, "Resume").click()
    state(page, "Running")
    button(page, "Stop").click()
    dialog = page.get_by_role("dialog", name="Stop hold-steer?")
    button(dialog, "Cancel").click()
    state(page, "Running")
    button(page, "Stop").click()
    button(dialog, "Stop the job").click()
    state(page, "Stopped")
    expect(button(page, "Amend")).to_have_count(0)
    expect(button(page, "Stop")).to_have_count(0)


def test_what_the_server_refuses_is_told_in_its_place(dashboard: Dashboard, client: Client, served: Served) -> None:
    """The page does not hear that the job has ended, and offers what is too late."""
    page = dashboard.page
    page.route("**/rpc/tunewright.v1.TuningService/WatchTuningJob", lambda route: route.abort())
    create(served, client, "hold-late")
    dashboard.open("/jobs/hold-late")
    state(page, "Running")
    client.stop("hold-late")
    client.wait("hold-late")
    button(page, "Pause").click()
    expect(page.get_by_role("alert")).to_contain_text("tuning job hold-late is Stopped: cannot be paused")
    button(page, "Stop").click()
    dialog = page.get_by_role("dialog", name="Stop hold-late?")
    button(dialog, "Stop the job").click()
    expect(dialog.get_by_role("alert")).to_contain_text("already Stopped")


def test_what_is_asked_of_a_job_that_is_gone_is_refused_in_its_place(
    dashboard: Dashboard, client: Client, served: Served
) -> None:
    page = dashboard.page
    ended(served, client, "fail-gone", limits=Limits(max_parallel=1, max_trainings=3))
    dashboard.open("/jobs/fail-gone")
    button(page, "Retry failed").click()
    client.delete("fail-gone")
    dialog = page.get_by_role("dialog", name="Retry what has failed?")
    button(dialog, "Retry").click()
    expect(dialog.get_by_role("alert")).to_contain_text("there is no tuning job")


def test_limits_and_ranges_are_amended(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    create(served, client, "hold-amend")
    dashboard.open("/jobs/hold-amend")
    button(page, "Amend").click()
    dialog = page.get_by_role("dialog", name="Amend hold-amend")
    button(dialog, "Amend").click()
    expect(dialog.get_by_role("alert")).to_contain_text("nothing is changed")
    dialog.get_by_label("x: Lowest").fill("0.5")
    button(dialog, "Amend").click()
    expect(dialog.get_by_role("alert")).to_contain_text(re.compile(r"^x.*leaves out part of.*Widen it"))
    dialog.get_by_label("x: Lowest").fill("-1")
    dialog.get_by_label("Trainings in all").fill("9")
    dialog.get_by_label("Time limit").fill("2h")
    button(dialog, "Amend").click()
    expect(dialog).to_have_count(0)
    expect(facts(page)).to_contain_text("of 9 trainings have ended")
    spec = client.describe("hold-amend").spec
    assert (spec.definitions[0].space["x"], spec.limits.max_runtime_s) == (Float(-1.0, 1.0), 7200)


def test_what_somebody_else_has_amended_meanwhile_is_told(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    create(served, client, "hold-conflict")
    dashboard.open("/jobs/hold-conflict")
    button(page, "Amend").click()
    dialog = page.get_by_role("dialog", name="Amend hold-conflict")
    dialog.get_by_label("Priority").fill("7")
    client.amend("hold-conflict", max_trainings=12)
    button(dialog, "Amend").click()
    expect(dialog.get_by_text("Trainings in all: was 6, is 12")).to_be_visible()
    expect(dialog.get_by_label("Trainings in all")).to_have_value("12")
    expect(dialog.get_by_label("Priority")).to_have_value("7")
    button(dialog, "Amend").click()
    expect(dialog).to_have_count(0)
    spec = client.describe("hold-conflict").spec
    assert (spec.priority, spec.limits.max_trainings) == (7, 12)


def test_what_is_typed_stays_when_following_the_job_is_refused(
    dashboard: Dashboard, client: Client, served: Served
) -> None:
    page, followed = dashboard.page, list[Route]()
    page.route("**/WatchTuningJob", lambda route: followed.append(route))  # noqa: PLW0108 - playwright marks what it is given
    create(served, client, "hold-typed")
    with page.expect_request("**/WatchTuningJob"):
        dashboard.open("/jobs/hold-typed")
    button(page, "Amend").click()
    dialog = page.get_by_role("dialog", name="Amend hold-typed")
    dialog.get_by_label("Priority").fill("7")
    followed.pop().fulfill(status=403)
    refused = page.locator(".fault").filter(has=page.get_by_text("Try again"))
    expect(refused).to_be_visible()
    expect(dialog.get_by_label("Priority")).to_have_value("7")
    button(dialog, "Amend").click()
    expect(dialog).to_have_count(0)
    page.unroute("**/WatchTuningJob")
    button(page, "Try again").click()
    expect(refused).to_have_count(0)
    assert client.describe("hold-typed").spec.priority == 7


def test_a_configuration_of_ones_own_is_run(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    go(served).unlink(missing_ok=True)
    create(served, client, "wait-own", limits=Limits(max_parallel=1, max_trainings=2))
    dashboard.open("/jobs/wait-own")
    button(page, "Enqueue").click()
    dialog = page.get_by_role("dialog", name="Run a configuration of your own")
    dialog.get_by_label("x", exact=True).fill("3")
    button(dialog, "Run it next").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Configuration")
    dialog.get_by_label("x", exact=True).fill("0.125")
    dialog.get_by_label("Raise the limit from 2 to 3 trainings").check()
    button(dialog, "Run it next").click()
    expect(dialog).to_have_count(0)
    go(served).touch()
    expect(facts(page)).to_contain_text("3 of 3 trainings have ended")
    assert 0.125 in [training.configuration["x"] for training in client.trainings("wait-own")]


def test_failures_are_grouped_and_run_again(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    ended(served, client, "fail-some", limits=Limits(max_parallel=1, max_trainings=4))
    dashboard.open("/jobs/fail-some")
    failures = dashboard.card("Failures").get_by_role("row").nth(1)
    expect(failures).to_contain_text("3")
    expect(failures.get_by_role("link")).to_have_attribute("href", re.compile("^/trainings/fail-some-004-"))
    button(page, "Retry failed").click()
    dialog = page.get_by_role("dialog", name="Retry what has failed?")
    expect(dialog).to_contain_text("in a new job")
    button(dialog, "Retry").click()
    expect(page.get_by_role("heading", name="fail-some-2")).to_be_visible()
    expect(facts(page)).to_contain_text("of 3 trainings have ended")


def test_an_ended_job_is_extended_and_the_new_one_names_it(
    dashboard: Dashboard, client: Client, served: Served
) -> None:
    page = dashboard.page
    ended(served, client, "old")
    dashboard.open("/jobs/old")
    button(page, "Extend").click()
    dialog = page.get_by_role("dialog", name="Extend old")
    dialog.get_by_label("Name").fill("old")
    button(dialog, "Make the new job").click()
    expect(dialog.get_by_role("alert")).to_contain_text("old")
    dialog.get_by_label("Name").fill("newer")
    dialog.get_by_label("Trainings").fill("4")
    button(dialog, "Make the new job").click()
    expect(page.get_by_role("heading", name="newer")).to_be_visible()
    expect(facts(page)).to_contain_text("of 4 trainings")
    expect(facts(page).get_by_role("link", name="old", exact=True)).to_have_attribute("href", "/jobs/old")
    expect(page.get_by_role("link", name="Clone")).to_have_attribute("href", "/new?from=newer")
    expect(page.get_by_role("link", name="Narrow")).to_have_attribute("href", "/new?narrow=newer")


def test_an_ended_job_is_deleted_once_it_is_asked(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    ended(served, client, "parent", limits=Limits(max_parallel=2, max_trainings=2))
    client.extend("parent", name="hold-child")
    dashboard.open("/jobs/parent")
    button(page, "Delete").click()
    dialog = page.get_by_role("dialog", name="Delete parent?")
    button(dialog, "Delete parent").click()
    expect(dialog.get_by_role("alert")).to_contain_text("hold-child")
    client.stop("hold-child")
    client.wait("hold-child")
    button(dialog, "Delete parent").click()
    expect(page).to_have_url(dashboard.url + "/jobs")
    dashboard.open("/jobs/parent")
    expect(page.get_by_text("There is no tuning job called parent")).to_be_visible()


def test_the_best_of_each_definition_is_shown(dashboard: Dashboard, client: Client, served: Served) -> None:
    spec = job(served.program(PROGRAM), "several", limits=FEW)
    one = replace(spec.definitions[0], name="one", objective=spec.objective)
    client.create(replace(spec, definitions=(one, replace(one, name="two"))))
    client.wait("several")
    best = {}
    for training in client.trainings("several"):
        found = best.setdefault(training.definition_name, training)
        if (training.objective_value or 0) > (found.objective_value or 0):
            best[training.definition_name] = training
    dashboard.open("/jobs/several")
    for name, training in best.items():
        row = dashboard.card("Best of each definition").get_by_role("row", name=name)
        expect(row.get_by_role("link", name=training.name)).to_be_visible()


def test_what_a_job_waits_for_is_told_with_its_remedy(dashboard: Dashboard, client: Client, served: Served) -> None:
    spec = job(served.program(PROGRAM), "hold-pool", limits=FEW)
    client.create(replace(spec, definitions=(replace(spec.definitions[0], pool="moon"),)))
    dashboard.open("/jobs/hold-pool")
    waits = dashboard.card("What it waits for")
    expect(waits).to_contain_text("moon")
    (found,) = [item for item in client.describe("hold-pool").findings if "moon" in item.text]
    expect(waits).to_contain_text(found.remedy)


def test_advice_that_is_refused_says_why(dashboard: Dashboard, client: Client, served: Served) -> None:
    done = ended(served, client, "short")
    refused = [item.reason for item in client.analyze("short").refused]
    dashboard.open(f"/jobs/{done.uid}")
    expect(dashboard.card("Advice")).to_contain_text(refused[-1])


def test_trainings_are_sorted_filtered_and_chosen_by_the_url(
    dashboard: Dashboard, client: Client, served: Served
) -> None:
    page = dashboard.page
    spec = job(served.program(PROGRAM), "table", limits=FEW)
    definition = spec.definitions[0]
    both = replace(definition, parameters=(*definition.parameters, Parameter("kind", Choice(("a", "b")))))
    client.create(replace(spec, definitions=(both,)))
    client.wait("table")
    values = sorted(training.objective_value or 0 for training in client.trainings("table"))
    trainings = list(client.trainings("table"))
    dashboard.open("/jobs/table")
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Trainings").click()
    expect(rows(page)).to_have_count(6)
    button(page, "score").click()
    expect(page.get_by_role("columnheader", name="score")).to_have_attribute("aria-sort", "ascending")
    shown = [float(text.removeprefix("★ ")) for text in rows(page).locator("td:nth-child(5)").all_inner_texts()]
    assert shown == pytest.approx(values, rel=1e-4)
    one = trainings[0]
    page.get_by_label("Search").fill(f"kind={one.configuration['kind']}")
    alike = [item for item in trainings if item.configuration["kind"] == one.configuration["kind"]]
    expect(rows(page)).to_have_count(len(alike))
    page.get_by_role("combobox", name="State").select_option("Failed")
    expect(page.get_by_text("No training is like that")).to_be_visible()
    page.get_by_role("combobox", name="State").select_option("Completed")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Ran for").uncheck()
    page.get_by_label("Trainer").check()
    page.reload()
    expect(rows(page)).to_have_count(len(alike))
    expect(page.get_by_role("combobox", name="State")).to_have_value("completed")
    expect(page.get_by_role("columnheader", name="score")).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_role("columnheader", name="Trainer")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Ran for")).to_have_count(0)
    with page.expect_download() as download:
        button(page, "Save as CSV").click()
    saved = Path(download.value.path()).read_text()
    assert saved.startswith("No.,Training,State,score,x,kind,Trainer\n")
    assert len(saved.splitlines()) == len(alike) + 1
    assert str(one.objective_value) in saved


def test_chosen_trainings_are_compared_and_rows_are_reached_by_keys(
    dashboard: Dashboard, client: Client, served: Served
) -> None:
    page = dashboard.page
    ended(served, client, "chosen")
    names = {training.number: training.name for training in client.trainings("chosen")}
    dashboard.open("/jobs/chosen?show=trainings")
    page.get_by_label("Choose training 5").check()
    expect(page.get_by_role("link", name="Compare").last).not_to_have_attribute("href", re.compile(r"\?"))
    page.get_by_label("Choose training 2").check()
    page.reload()
    expect(page.get_by_label("Choose training 2")).to_be_checked()
    compare = page.get_by_role("main").get_by_role("link", name="Compare")
    expect(compare).to_have_attribute("href", f"/compare?trainings={names[2]},{names[5]}")
    page.get_by_role("link", name=names[6]).focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name=names[5])).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{dashboard.url}/trainings/{names[5]}")


def test_output_of_all_trainings_is_searched(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    ended(served, client, "said")
    dashboard.open("/jobs/said?show=output")
    page.get_by_label("Lines with").fill("begin with")
    button(page, "Search").click()
    found = page.get_by_role("list", name="Lines found").get_by_role("listitem")
    expect(found).to_have_count(6)
    page.get_by_label("Lines with").fill("^en(d")
    page.get_by_label("regular expression").check()
    button(page, "Search").click()
    expect(page.get_by_role("alert")).to_contain_text("matches")
    page.get_by_label("Lines with").fill("^en[d]$")
    button(page, "Search").click()
    expect(found).to_have_count(6)
    page.reload()
    expect(found.first).to_contain_text("end")
    page.get_by_label("Lines with").fill("nothing at all")
    page.get_by_label("regular expression").uncheck()
    button(page, "Search").click()
    expect(page.get_by_text("No line is like that")).to_be_visible()


def test_ten_thousand_trainings_are_gone_through(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    ended(served, client, "large", limits=Limits(max_parallel=2, max_trainings=2))
    page.route("**/rpc/tunewright.v1.TuningService/ListTrainingColumns", _ten_thousand)
    dashboard.open("/jobs/large?show=trainings")
    expect(page.get_by_text("10,000 trainings", exact=True)).to_be_visible()
    assert rows(page).count() < 100
    page.get_by_role("region", name="Table of trainings").focus()
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="large-3", exact=True)).to_be_visible()
    button(page, "x").click()
    page.keyboard.press("Control+Home")
    page.get_by_label("Search").fill("large-9999")
    expect(rows(page)).to_have_count(1)


def _ten_thousand(route: Route) -> None:
    """Answer a page of 2000 trainings as the server would."""
    asked = pb.ListTrainingColumnsRequest.FromString(route.request.post_data_buffer or b"")
    first = int(asked.page_token or 0)
    numbers = range(first + 1, first + 2001)
    answer = pb.ListTrainingColumnsResponse(next_page_token="" if first == 8000 else str(first + 2000))
    columns = answer.columns
    columns.numbers.extend(numbers)
    columns.names.extend(f"large-{number}" for number in numbers)
    columns.states.extend([pb.TRAINING_STATE_COMPLETED] * 2000)
    columns.objective_states.extend([pb.OBJECTIVE_STATE_SUCCEEDED] * 2000)
    columns.objective_values.extend(number * 7919 % 10_007 / 10_007 for number in numbers)
    columns.parameters.add(name="x", numbers=[number * 7907 % 10_007 / 10_007 for number in numbers])
    columns.texts.append("")
    route.fulfill(body=answer.SerializeToString(), content_type="application/proto")
