"""A training's page on a real server: live, its output whatever it prints, and what may be done with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.dashboard import Dashboard
from tests.e2e.served import Served, job
from tunewright.client import Client
from tunewright.core.spec import Definition, EarlyStoppingRule, Limits, MetricDefinition, Strategy, TuningJobSpec

LONGEST = 64 * 1024
MANY = 5_000
PROGRAM = f"""
go() {{ until [ -e "$0.$1" ]; do sleep 0.05; done; }}
case "$TRAINING_JOB_NAME" in
  live-*) echo "epoch one"; echo score=0.25; go more
          for step in 1 2 3; do echo score=0.5; done; echo "epoch two"; exec sleep 600 ;;
  fail-*) echo "no data" >&2; echo score=nan; echo score=abc; exit 3 ;;
  hostile-*) echo '<img src=x onerror="document.title=1;window.ran=1"><script>window.ran=1</script>'
          printf '\\033[31mred\\033[0m text\\n'; printf 'a\\000b\\n';
          head -c {LONGEST + 100} /dev/zero | tr '\\000' y; echo; echo score=0.5 ;;
  many-*) seq -f 'line %.0f of many' {MANY}; echo score=0.5 ;;
  early-*) case "$TRAINING_JOB_NAME" in *-001-*) worst=1 ;; *) worst=9 ;; esac
          for step in 1 2 3 4 5 6; do echo score=$worst; done; go over ;;
  *) echo score=0.5 ;;
esac"""
ONE = Limits(max_parallel=1, max_trainings=1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(Path(tmp_path_factory.mktemp("served")), slots=4)
    served.start()
    yield served
    served.end()


def spec(served: Served, name: str, **fields: object) -> TuningJobSpec:
    """A job; what its trainings do follows from the beginning of its name."""
    return job(served.program(PROGRAM), name, **({"limits": ONE} | fields))


def first(client: Client, name: str) -> str:
    """Return the name of a job's first training, once it is there."""
    return next(iter(client.trainings(name))).name


def ended(served: Served, client: Client, name: str, **fields: object) -> str:
    client.create(spec(served, name, **fields))
    client.wait(name)
    return first(client, name)


def begun(served: Served, client: Client, name: str, **fields: object) -> str:
    """Make a job whose training goes on until it is stopped."""
    created = client.create(spec(served, name, **fields))
    for change in client.watch(created.name):
        if change.trainings:
            return change.trainings[0].name
    raise AssertionError("the job has ended")


def go(served: Served, word: str) -> None:
    (served.folder / "program" / f"train.{word}").touch()


def show(dashboard: Dashboard, training: str, section: str = "") -> None:
    dashboard.open(f"/trainings/{training}" + (f"?show={section}" if section else ""))
    expect(dashboard.page.get_by_role("heading", level=1)).to_be_visible()


def lines(dashboard: Dashboard) -> Locator:
    return dashboard.page.get_by_role("region", name="Lines")


def texts(dashboard: Dashboard) -> Locator:
    return lines(dashboard).locator(".line-text")


def state(dashboard: Dashboard, word: str) -> None:
    expect(dashboard.page.locator(".page-head .badge")).to_have_text(word)


def test_a_training_that_runs_is_shown_as_it_goes_on(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    training = begun(served, client, "live-on")
    show(dashboard, training)
    state(dashboard, "Running")
    plot = dashboard.card("Curves").get_by_role("img")
    expect(plot).to_have_attribute("aria-label", "score over 1 emission; the last is 0.25.")
    page.get_by_role("link", name="Output").click()
    expect(texts(dashboard)).to_have_text(["epoch one", "score=0.25"])
    expect(page.get_by_label("Follow")).to_be_checked()
    go(served, "more")
    expect(texts(dashboard).last).to_have_text("epoch two")
    page.get_by_role("link", name="Overview").click()
    expect(plot).to_have_attribute("aria-label", "score over 4 emissions; the last is 0.5.")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Stop the training").click()
    state(dashboard, "Stopped")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)


def test_one_that_has_failed_says_why(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    show(dashboard, ended(served, client, "fail-plain"))
    state(dashboard, "Failed")
    about = dashboard.card("About this training")
    expect(about).to_contain_text("Its program ended with exit code 3")
    faults = dashboard.card("What could not be read")
    expect(faults).to_contain_text("its value was no number (nan)")
    page.get_by_role("link", name="Attempts and files").click()
    row = dashboard.card("Attempts").locator("tbody tr")
    expect(row).to_contain_text("Its program ended")
    expect(row).to_contain_text("3")
    expect(dashboard.card("Course").get_by_role("rowheader", name="Training")).to_be_visible()
    expect(dashboard.card("Files")).to_contain_text("It has left no model")


def test_what_programs_print_is_only_ever_text(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    show(dashboard, ended(served, client, "hostile"), "output")
    shown = texts(dashboard)
    expect(shown.nth(0)).to_have_text(
        '<img src=x onerror="document.title=1;window.ran=1"><script>window.ran=1</script>'
    )
    expect(shown.nth(1)).to_have_text("red text")
    expect(shown.nth(2)).to_have_text("a␀b")
    expect(shown.nth(3)).to_contain_text("cut: the line was longer than 64 KiB")
    shown.nth(3).get_by_role("button", name="more characters").click()
    expect(shown.nth(3)).to_have_text(re.compile("KiBy{60000,65536}$"))
    expect(lines(dashboard).locator("img, script")).to_have_count(0)
    assert page.evaluate("window.ran") is None


def test_output_is_searched_by_text_and_by_pattern(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    training = ended(served, client, "many-search")
    show(dashboard, training, "output")
    search = page.get_by_label("Lines with")
    search.fill("line 4321")
    search.press("Enter")
    expect(texts(dashboard)).to_have_text(["line 4321 of many"])
    expect(lines(dashboard).locator("mark")).to_have_text("line 4321")
    expect(page).to_have_url(re.compile("line=line"))
    search.fill("line [12] of")
    page.get_by_label("regular expression").check()
    page.get_by_role("button", name="Search").click()
    expect(texts(dashboard)).to_have_text(["line 1 of many", "line 2 of many"])
    page.reload()
    expect(texts(dashboard)).to_have_text(["line 1 of many", "line 2 of many"])
    search.fill("no such")
    search.press("Enter")
    expect(page.get_by_text("No line is like that.")).to_be_visible()
    search.fill("(")
    search.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("RE2")


def test_long_output_is_read_from_both_ends_and_never_all_at_once(
    dashboard: Dashboard, client: Client, served: Served
) -> None:
    page = dashboard.page
    show(dashboard, ended(served, client, "many-ends"), "output")
    expect(texts(dashboard).last).to_have_text("score=0.5")
    assert texts(dashboard).count() < MANY
    assert lines(dashboard).evaluate("e => e.scrollTop + e.clientHeight > e.scrollHeight - 20")
    page.get_by_role("button", name="Jump to the start").click()
    expect(texts(dashboard).first).to_have_text("line 1 of many")
    assert texts(dashboard).count() < MANY
    page.get_by_role("button", name="Jump to the end").click()
    expect(texts(dashboard).last).to_have_text("score=0.5")
    for _ in range(9):
        if not page.get_by_role("button", name="Earlier lines").count():
            break
        held = texts(dashboard).count()
        page.get_by_role("button", name="Earlier lines").click()
        expect(texts(dashboard)).not_to_have_count(held)
    expect(texts(dashboard).first).to_have_text("line 1 of many")
    expect(texts(dashboard)).to_have_count(MANY + 1)


def test_all_output_is_downloaded(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    training = ended(served, client, "many-saved")
    show(dashboard, training, "output")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == f"{training}.txt"
    wanted = [f"line {number} of many" for number in range(1, MANY + 1)]
    assert saved.value.path().read_text().splitlines() == [*wanted, "score=0.5"]


def test_early_stopping_is_told_with_its_evidence(dashboard: Dashboard, client: Client, served: Served) -> None:
    rule = EarlyStoppingRule(patience=3)
    show(dashboard, ended(served, client, "early", early_stopping=rule))
    state(dashboard, "Stopped early")
    told = dashboard.card("About this training")
    expect(told).to_contain_text("Stopped early by the rule “patience”")
    expect(dashboard.card("Curves").locator("figcaption")).to_contain_text("◆")


def test_why_a_configuration_is_told(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    limits = Limits(max_parallel=1, max_trainings=7)
    last = 7
    client.create(spec(served, "model", limits=limits, strategy=Strategy.BAYESIAN))
    client.wait("model")
    uid = client.describe("model").uid
    show(dashboard, f"{uid}%2F{last}")
    why = dashboard.card("Why this configuration")
    expect(why).to_contain_text("Source")
    expect(why).to_contain_text(re.compile(r"Ask \d+, which knew \d+ ended trainings"))
    expect(dashboard.card("Hyperparameters").get_by_role("img", name="x in 0 … 1")).to_be_visible()
    near = why.get_by_role("link", name="training").first
    expect(near).to_have_attribute("href", re.compile(f"/trainings/{uid}%2F"))
    page.get_by_role("link", name="Previous").click()
    expect(page.locator(".facts").first).to_contain_text(f"Number{last - 1}")
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".facts").first).to_contain_text(f"Number{last}")


def test_one_that_was_not_suggested_says_so(dashboard: Dashboard, client: Client, served: Served) -> None:
    definition = Definition(
        image=served.program(PROGRAM), metric_definitions=(MetricDefinition("score", "score=(.*)"),)
    )
    client.create_training("by-itself", definition)
    show(dashboard, "by-itself")
    expect(dashboard.card("Why this configuration")).to_contain_text("it was asked for by itself")
    state(dashboard, "Completed")
    expect(dashboard.card("About this training")).to_contain_text("none: by itself")


def test_a_configuration_is_run_again_and_compared(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    training = begun(served, client, "live-again")
    show(dashboard, training)
    page.get_by_role("button", name="Enqueue again").click()
    dialog = page.get_by_role("dialog", name="Run this configuration again")
    dialog.get_by_label("Raise the limit from 1 to 2").check()
    dialog.get_by_role("button", name="Run it next").click()
    expect(dialog).to_have_count(0)
    assert client.describe("live-again").spec.limits.max_trainings == 2
    client.stop_training(training)
    expect(page.get_by_role("link", name="Next")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(dashboard.card("Why this configuration")).to_contain_text("enqueued")


def test_an_operator_settles_a_training(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    training = begun(served, client, "live-settle")
    show(dashboard, training)
    page.get_by_role("button", name="More").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("lets another run it")
    dialog.get_by_label("Settle").check()
    dialog.get_by_role("button", name="Settle it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Reason")
    dialog.get_by_label("Reason").fill("seen on the machine itself")
    dialog.get_by_label("Its end").select_option("COMPLETED")
    dialog.get_by_label("Objective value").fill("0.75")
    dialog.get_by_role("button", name="Settle it").click()
    state(dashboard, "Completed")
    expect(page.locator(".page-head")).to_contain_text("score = 0.75")
    expect(dashboard.card("About this training")).to_contain_text("seen on the machine itself")


def test_an_operator_releases_a_training(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    show(dashboard, begun(served, client, "live-release"), "attempts")
    page.get_by_role("button", name="More").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("the machine is needed")
    dialog.get_by_role("button", name="Release it").click()
    expect(dashboard.card("Attempts").get_by_text("the machine is needed")).to_be_visible()
    expect(dashboard.card("Attempts").locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Output").click()
    page.get_by_label("Attempt", exact=True).select_option("1")
    expect(texts(dashboard).first).to_have_text("epoch one")


def test_a_training_that_does_not_exist_is_told(dashboard: Dashboard) -> None:
    dashboard.open("/trainings/nobody-001")
    expect(dashboard.page.get_by_text("There is no training job called nobody-001")).to_be_visible()


def test_everything_is_reached_by_keyboard(dashboard: Dashboard, client: Client, served: Served) -> None:
    page = dashboard.page
    show(dashboard, ended(served, client, "many-keys"), "output")
    expect(texts(dashboard).last).to_be_visible()
    reached = set()
    page.get_by_role("link", name="Overview").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("e => (e = document.activeElement, e.ariaLabel || e.textContent.trim() || e.name)"))
    assert {"Output", "Download", "Lines with", "Search", "Jump to the start", "Jump to the end", "Lines"} <= reached
    page.keyboard.press("/")
    expect(page.get_by_label("Lines with")).to_be_focused()
