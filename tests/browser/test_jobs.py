"""The list of tuning jobs, and jobs and trainings beside each other."""

from __future__ import annotations

import re
from dataclasses import replace
from signal import SIGKILL

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.dashboard import Dashboard
from tests.e2e.served import Served, job
from tunewright.core.spec import Limits, MetricDefinition, Objective, TuningJobSpec


@pytest.fixture(scope="module", autouse=True)
def jobs(served: Served) -> None:
    """Two jobs that have completed, and one that was stopped."""
    with served.client() as client:
        for name in ("alpha", "beta"):
            client.create(quick(served, name))
        client.create(quick(served, "cut-short", trainings=1000))
        client.stop("cut-short")
        for name in ("alpha", "beta", "cut-short"):
            client.wait(name)


def quick(served: Served, name: str, trainings: int = 4) -> TuningJobSpec:
    return replace(job(served.program("echo score=0.5"), name), limits=Limits(max_parallel=2, max_trainings=trainings))


def row(dashboard: Dashboard, name: str) -> Locator:
    return dashboard.page.get_by_role("row").filter(has=dashboard.page.get_by_role("link", name=name, exact=True))


def names(dashboard: Dashboard) -> list[str]:
    expect(dashboard.page.get_by_role("table")).to_be_visible()
    return dashboard.page.locator("tbody tr td:nth-child(2)").all_text_contents()


def test_each_job_tells_its_state_best_value_and_progress(dashboard: Dashboard) -> None:
    expect(row(dashboard, "alpha")).to_contain_text("Completed")
    expect(row(dashboard, "alpha")).to_contain_text("0.5")
    expect(row(dashboard, "alpha")).to_contain_text("4 of 4")
    expect(row(dashboard, "cut-short")).to_contain_text("Stopped")


def test_it_says_when_the_server_does_not_answer_and_goes_on_when_it_is_back(
    dashboard: Dashboard, served: Served
) -> None:
    expect(row(dashboard, "alpha")).to_be_visible()
    served.end(SIGKILL)
    expect(dashboard.page.get_by_text("The server does not answer")).to_be_visible()
    expect(row(dashboard, "alpha")).to_be_visible()
    served.start()
    expect(dashboard.page.get_by_text("The server does not answer")).to_have_count(0)


def test_it_is_filtered_and_sorted_and_the_address_says_how(dashboard: Dashboard) -> None:
    page = dashboard.page
    page.get_by_role("button", name="Name").click()
    expect(page).to_have_url(re.compile("order=name"))
    expect(page.locator("tbody tr").first).to_contain_text("alpha")
    assert names(dashboard) == sorted(names(dashboard))
    page.get_by_role("button", name="Name").click()
    expect(page.locator("tbody tr").last).to_contain_text("alpha")
    assert names(dashboard) == sorted(names(dashboard), reverse=True)
    page.get_by_label("State").select_option("Completed")
    expect(row(dashboard, "cut-short")).to_have_count(0)
    page.get_by_label("Name contains").fill("bet")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert names(dashboard) == ["beta"]
    page.get_by_label("Name contains").fill("nothing like it")
    expect(page.get_by_text("No job is like that")).to_be_visible()


def test_a_job_that_is_made_meanwhile_appears_and_goes_on_by_itself(dashboard: Dashboard, served: Served) -> None:
    expect(row(dashboard, "alpha")).to_be_visible()
    with served.client() as client:
        client.create(quick(served, "meanwhile"))
        expect(row(dashboard, "meanwhile")).to_contain_text("Completed")
        expect(row(dashboard, "meanwhile")).to_contain_text("4 of 4")
        client.delete("meanwhile")
    expect(row(dashboard, "meanwhile")).to_have_count(0)


def test_jobs_are_compared(dashboard: Dashboard) -> None:
    page = dashboard.page
    for name in ("alpha", "beta"):
        page.get_by_label(f"Compare {name}").check()
    page.get_by_role("link", name="Compare 2").click()
    expect(page).to_have_url(re.compile(r"/compare\?jobs=alpha,beta"))
    table = dashboard.card("Jobs compared")
    expect(table.get_by_role("row", name="Trainings ended")).to_contain_text("44")
    expect(dashboard.card("Best so far").get_by_role("img", name="at the end: alpha 0.5, beta 0.5")).to_be_visible()
    with page.expect_download() as saved:
        dashboard.card("Best so far").get_by_role("button", name="CSV").click()
    rows = saved.value.path().read_text().splitlines()
    assert rows[0] == "name,trainings ended,best score"
    assert {line.split(",")[0] for line in rows[1:]} == {"alpha", "beta"}


def test_trainings_are_compared_by_what_differs(dashboard: Dashboard, served: Served) -> None:
    with served.client() as client:
        first, second, *_ = client.trainings("alpha")
    dashboard.open(f"/compare?trainings={first.name},{second.name}")
    hyperparameters = dashboard.card("Hyperparameters")
    expect(hyperparameters.locator("tr.differs")).to_have_count(1)
    expect(hyperparameters.get_by_role("link")).to_have_text([first.name, second.name])
    expect(dashboard.card("Curves").get_by_role("img", name="score by emission")).to_be_visible()


def test_a_filtered_list_lets_go_what_no_longer_fits(dashboard: Dashboard, served: Served) -> None:
    dashboard.open("/jobs?state=InProgress")
    expect(dashboard.page.get_by_text("No job is like that")).to_be_visible()
    with served.client() as client:
        client.create(job(served.program("echo score=1; until test -e $0.go; do sleep 0.1; done"), "passing"))
        expect(row(dashboard, "passing")).to_contain_text("Running")
        client.stop("passing")
        client.wait("passing")
    expect(row(dashboard, "passing")).to_have_count(0)


def test_a_list_that_was_away_knows_what_has_changed_meanwhile(dashboard: Dashboard, served: Served) -> None:
    page = dashboard.page
    with served.client() as client:
        client.create(job(served.program("echo score=1; until test -e $0.go; do sleep 0.1; done"), "unseen"))
        expect(row(dashboard, "unseen")).to_contain_text("Running")
        look(page, hidden=True)
        client.stop("unseen")
        client.wait("unseen")
    look(page, hidden=False)
    expect(row(dashboard, "unseen")).to_contain_text("Stopped")


def look(page: Page, *, hidden: bool) -> None:
    """Have the page believe that nobody, or somebody, looks at it."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_one_that_is_not_there_keeps_nothing_of_the_others_back(dashboard: Dashboard) -> None:
    dashboard.open("/compare?jobs=alpha,no-such-job")
    expect(dashboard.page.get_by_role("alert")).to_contain_text("no-such-job")
    expect(dashboard.card("Jobs compared").get_by_role("link", name="alpha")).to_be_visible()
    expect(dashboard.card("Best so far").get_by_role("img", name="at the end: alpha 0.5")).to_be_visible()
    dashboard.open("/compare")
    expect(dashboard.page.get_by_text("Nothing is chosen")).to_be_visible()


def test_what_is_sought_otherwise_has_an_axis_of_its_own(dashboard: Dashboard, served: Served) -> None:
    spec = quick(served, "two-goals")
    (definition,) = spec.definitions
    one = replace(definition, name="one", objective=Objective("score"))
    gain = MetricDefinition("gain", "score=([0-9.]*)")
    two = replace(definition, name="two", objective=Objective("gain"), metric_definitions=(gain,))
    with served.client() as client:
        client.create(replace(spec, definitions=(one, two)))
        client.wait("two-goals")
    dashboard.open("/compare?jobs=alpha,two-goals")
    card = dashboard.card("Best so far")
    score = card.get_by_role("region", name=re.compile("score"))
    expect(score.get_by_role("img", name="alpha 0.5, two-goals: one 0.5")).to_be_visible()
    expect(
        card.get_by_role("region", name=re.compile("gain")).get_by_role("img", name="two-goals: two")
    ).to_be_visible()
    best = dashboard.card("Best of each definition: two-goals")
    expect(best.get_by_role("row", name="one score")).to_contain_text("0.5")
