"""Workers and what keeps things waiting, as operators see and change it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard import Dashboard
from tests.e2e.served import Served, job


@pytest.fixture
def waiting(served: Served) -> Iterator[str]:
    """The name of a job that nobody may run."""
    with served.client() as client:
        (trainer,) = client.operations.trainers()
        client.operations.cordon(trainer.trainer_id, "new disk")
        client.create(job(served.program("echo score=1"), "waiting"))
        yield "waiting"
        client.operations.uncordon(trainer.trainer_id)
        client.wait("waiting")


def test_a_worker_tells_what_it_can_run_and_what_it_runs(dashboard: Dashboard, served: Served) -> None:
    page = dashboard.page
    dashboard.open("/workers")
    row = page.locator("tbody tr")
    expect(row).to_contain_text("Idle")
    expect(row.get_by_role("progressbar", name="0 of 2")).to_be_visible()
    with served.client() as client:
        client.create(job(served.program("echo score=1; until test -e $0.go; do sleep 0.1; done"), "busy"))
        expect(row).to_contain_text("Busy")
        expect(row.get_by_role("link", name="busy-001")).to_be_visible()
        client.stop("busy")
        client.wait("busy")
    expect(row).to_contain_text("Idle")


def test_a_worker_is_drained_with_a_reason_and_given_work_again(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("/workers")
    page.get_by_role("button", name="Drain").click()
    page.get_by_role("dialog", name="Drain").get_by_label("Reason").fill("new disk")
    page.get_by_role("dialog", name="Drain").get_by_role("button", name="Drain").click()
    expect(page.locator("tbody tr")).to_contain_text("Drained")
    expect(page.locator("tbody tr")).to_contain_text("new disk")
    page.get_by_role("button", name="Give it work again").click()
    page.get_by_role("dialog").get_by_role("button", name="Give it work again").click()
    expect(page.locator("tbody tr")).to_contain_text("Idle")


def test_starts_are_paused_and_resumed(dashboard: Dashboard, served: Served) -> None:
    page = dashboard.page
    dashboard.open("/workers")
    page.get_by_role("button", name="Pause all starts").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Pause all starts").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Reason: is missing")
    dialog.get_by_label("Reason").fill("the power is being mended")
    dialog.get_by_role("button", name="Pause all starts").click()
    expect(dialog).to_have_count(0)
    expect(dashboard.card("Workers").get_by_role("status")).to_contain_text("the power is being mended")
    expect(page.get_by_role("button", name="Pause all starts")).to_have_count(0)
    with served.client() as client:
        client.create(job(served.program("echo score=1"), "held"))
        dashboard.open("/diagnosis")
        expect(dashboard.card("Diagnosis")).to_contain_text("the power is being mended")
        dashboard.open("/workers")
        page.get_by_role("button", name="Resume starts").click()
        page.get_by_role("dialog").get_by_role("button", name="Resume starts").click()
        client.wait("held")
    expect(page.get_by_role("button", name="Pause all starts")).to_be_visible()
    expect(dashboard.card("Workers").get_by_role("status")).to_have_count(0)


def test_a_drained_worker_that_is_away_is_not_counted_as_connected(dashboard: Dashboard, served: Served) -> None:
    page = dashboard.page
    with served.client() as client:
        client.operations.cordon("away", "sold")
        dashboard.open("/workers")
        expect(page.get_by_role("row", name="away")).to_contain_text("Not connected")
        expect(page.get_by_text("1 trainer", exact=True)).to_be_visible()
        client.operations.uncordon("away")
    expect(page.get_by_role("row", name="away")).to_have_count(0)


def test_the_diagnosis_says_what_waits_for_what_and_what_to_do(dashboard: Dashboard, waiting: str) -> None:
    page = dashboard.page
    dashboard.open("/diagnosis")
    finding = dashboard.card("Diagnosis").get_by_role("listitem").filter(has=page.get_by_role("link", name=waiting))
    expect(finding.first).to_contain_text("cordoned")
    expect(finding.first.locator("code").first).to_contain_text("tunewright admin uncordon")
    finding.first.get_by_role("link", name=waiting).click()
    expect(page).to_have_url(f"{dashboard.url}/jobs/{waiting}")


def test_where_nothing_waits_it_says_so(dashboard: Dashboard) -> None:
    dashboard.open("/diagnosis")
    expect(dashboard.page.get_by_text("Nothing waits that should not")).to_be_visible()
