"""What is around every page: signing in, going about, light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard
from tests.e2e.served import Served
from tests.wire.fleet import until


def test_a_wrong_token_is_told_and_the_right_one_lets_in(page: Page, served: Served) -> None:
    dashboard = Dashboard(page, served)
    dashboard.open("/workers")
    dashboard.give("wrong")
    expect(page.get_by_role("alert")).to_have_text("This token is not the one of this installation.")
    dashboard.give(dashboard.token)
    expect(page.get_by_role("link", name="Workers")).to_have_attribute("aria-current", "page")
    assert dashboard.token not in page.url


def test_one_is_signed_in_until_one_signs_out(dashboard: Dashboard) -> None:
    page = dashboard.page
    page.reload()
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Token")).to_be_visible()


def test_who_asked_to_stay_is_signed_in_in_another_tab_too(page: Page, served: Served) -> None:
    dashboard = Dashboard(page, served)
    dashboard.open()
    page.get_by_label("Stay signed in").check()
    dashboard.give(dashboard.token)
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    other = page.context.new_page()
    other.goto(dashboard.url)
    expect(other.get_by_role("navigation", name="Pages")).to_be_visible()


@pytest.mark.parametrize(("keys", "path"), [("gj", "/jobs"), ("gd", "/diagnosis"), ("gn", "/new")])
def test_one_goes_about_by_keys(dashboard: Dashboard, keys: str, path: str) -> None:
    dashboard.page.keyboard.type(keys)
    expect(dashboard.page).to_have_url(dashboard.url + path)


def test_the_theme_chosen_stays(dashboard: Dashboard) -> None:
    page = dashboard.page
    for word in ("light", "dark"):
        page.get_by_role("button", name="Theme").click()
        expect(page.locator("html")).to_have_attribute("data-theme", word)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(18, 22, 29)")


def test_an_address_that_leads_nowhere_says_so(dashboard: Dashboard) -> None:
    dashboard.open("/nowhere")
    expect(dashboard.page.get_by_text("There is no such page")).to_be_visible()


def test_an_address_that_cannot_be_read_says_so_and_leads_on(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("/jobs/%")
    expect(page.get_by_role("alert")).to_have_text("Its address is mistyped.")
    page.get_by_role("link", name="All tuning jobs").click()
    expect(dashboard.card("Tuning jobs")).to_be_visible()


def test_a_page_whose_file_is_gone_offers_to_reload(dashboard: Dashboard) -> None:
    page = dashboard.page
    page.route("**/assets/workers-*.js", lambda route: route.fulfill(status=404))
    page.get_by_role("link", name="Workers").click()
    expect(page.get_by_role("alert")).to_contain_text("The dashboard was updated")
    page.unroute_all()
    page.get_by_role("button", name="Reload").click()
    expect(dashboard.card("Workers")).to_be_visible()


def test_who_signs_out_leaves_no_draft_and_no_other_tab(page: Page, served: Served) -> None:
    dashboard = Dashboard(page, served)
    dashboard.open("/new")
    page.get_by_label("Stay signed in").check()
    dashboard.give(dashboard.token)
    job_file = page.get_by_role("textbox", name="Job file")
    job_file.fill("name: secret")
    until(lambda: "secret" in page.evaluate("JSON.stringify(sessionStorage)"), "the draft is kept")
    page.reload()
    expect(job_file).to_have_value("name: secret")
    other = page.context.new_page()
    other.goto(dashboard.url)
    expect(other.get_by_role("navigation", name="Pages")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(other.get_by_label("Token")).to_be_visible()
    dashboard.give(dashboard.token)
    expect(job_file).to_have_value("")


def test_no_script_of_another_place_runs(dashboard: Dashboard) -> None:
    answer = dashboard.page.request.get(dashboard.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'self'(;|$)", policy)
    assert "unsafe" not in policy
