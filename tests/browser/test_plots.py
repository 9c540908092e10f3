"""The plots of a job: each drawn from real trainings, taken away as files, and brought back by its URL."""

from __future__ import annotations

import csv
import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as NotYet

from tests.browser.dashboard import Dashboard
from tests.e2e.served import Served
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import (
    Definition,
    Direction,
    EarlyStoppingRule,
    HyperbandConfig,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    StoppingCondition,
    Strategy,
    TuningJobSpec,
)

TRAININGS = 16
STEPS = 9
PROGRAM = f"""
tuned=$SAGEMAKER_BASE_DIR/input/config/hyperparameters.json
of() {{ sed -E 's/.*"'"$1"'": *"([^"]*)".*/\\1/' "$tuned"; }}
[ "$(of layers)" = 4 ] && exit 1
awk -v lr="$(of lr)" -v layers="$(of layers)" -v kind="$(of kind)" 'BEGIN {{
  for (step = 1; step <= {STEPS}; step++)
    printf "loss=%.6f accuracy=%.3f\\n", (log(lr) + 5) ^ 2 / 20 + layers / 10 + (kind == "sgd") + 1 / step, step / 10
}}'
"""
CARDS = (
    "Best so far",
    "Distribution",
    "Parallel coordinates",
    "Slices",
    "Importance",
    "Partial dependence",
    "Contour",
    "Learning curves",
    "Timeline",
)


@pytest.fixture(scope="module")
def jobs(served: Served) -> Served:
    """A server with two jobs that have ended: `random`, with a failed training or more, and `hyperband`."""
    image = served.program(PROGRAM)
    with served.client() as client:
        client.create(_spec(image, "random", Strategy.RANDOM))
        client.create(_spec(image, "hyperband", Strategy.HYPERBAND))
        client.wait("random")
        client.wait("hyperband")
    return served


def _spec(image: str, name: str, strategy: Strategy) -> TuningJobSpec:
    definition = Definition(
        image=image,
        parameters=(
            Parameter("lr", Float(1e-5, 1.0)),
            Parameter("kind", Choice(("sgd", "adam"))),
            Parameter("layers", Int(1, 4)),
        ),
        metric_definitions=(MetricDefinition("loss", "loss=([0-9.]+)"), MetricDefinition("accuracy", "accuracy=(.*)")),
        stopping=StoppingCondition(60),
    )
    return TuningJobSpec(
        name=name,
        definitions=(definition,),
        objective=Objective("loss", Direction.MINIMIZE),
        limits=Limits(max_parallel=1, max_trainings=TRAININGS),
        strategy=strategy,
        hyperband=HyperbandConfig(1, STEPS) if strategy is Strategy.HYPERBAND else None,
        random_seed=5,
    )


@pytest.fixture
def plots(jobs: Served, dashboard: Dashboard) -> Dashboard:
    """The plots of `random`."""
    assert dashboard.served is jobs
    dashboard.open("/jobs/random?show=plots")
    return dashboard


def _drawn(dashboard: Dashboard, title: str) -> Locator:
    """Return a card once its plot is drawn."""
    card: Locator = dashboard.card(title)
    image = card.get_by_role("img")
    while image.count() == 0:  # cards above it grow meanwhile, and push it out of sight: nothing is asked for it then
        card.scroll_into_view_if_needed()
        card.page.wait_for_timeout(50)
    image.scroll_into_view_if_needed()
    expect(card.get_by_role("img")).to_have_attribute("data-drawn", re.compile(r"[1-9]"))
    return card


def _saved(card: Locator, kind: str) -> bytes:
    with card.page.expect_download() as download:
        card.get_by_role("button", name=kind).click()
    return Path(download.value.path()).read_bytes()


def _rows(card: Locator) -> list[dict[str, str]]:
    return list(csv.DictReader(_saved(card, "CSV").decode().splitlines()))


def _member(page: Page, name: str) -> str | None:
    return parse_qs(urlsplit(page.url).query).get(name, [None])[0]


@pytest.mark.parametrize("title", CARDS)
def test_every_plot_is_drawn_and_taken_away(plots: Dashboard, title: str) -> None:
    card = _drawn(plots, title)
    assert _saved(card, "PNG").startswith(b"\x89PNG")
    assert _rows(card)
    expect(card.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"^\w.{20,}\.$"))


def test_the_table_of_the_history_has_every_training(plots: Dashboard) -> None:
    rows = _rows(_drawn(plots, "Best so far"))
    assert [int(row["number"]) for row in rows] == list(range(1, TRAININGS + 1))
    failed = [row for row in rows if row["status"] == "Failed"]
    assert failed
    assert all(row["loss"] == "" for row in failed)
    expect(plots.card("Best so far").get_by_text("without an objective")).to_be_visible()


def test_the_tables_of_objectives_agree(plots: Dashboard) -> None:
    of = {
        title: {row["number"]: row["loss"] for row in _rows(_drawn(plots, title))}
        for title in ("Best so far", "Distribution", "Parallel coordinates", "Slices", "Contour")
    }
    objectives = {number: loss for number, loss in of.pop("Best so far").items() if loss}
    assert all(found == objectives for found in of.values())


def test_choices_are_in_the_url_and_a_link_brings_them_back(plots: Dashboard) -> None:
    page = plots.page
    _drawn(plots, "Best so far").get_by_label("By", exact=True).select_option("time")
    plots.card("Best so far").get_by_label("Logarithmic").check()
    _drawn(plots, "Contour").get_by_label("Up", exact=True).select_option("kind")
    _drawn(plots, "Partial dependence").get_by_label("Along", exact=True).select_option("layers")
    _drawn(plots, "Learning curves").get_by_label("Metric", exact=True).select_option("accuracy")
    expect(page).to_have_url(re.compile("curves.metric=accuracy"))
    page.goto(page.url)
    expect(_drawn(plots, "Best so far").get_by_label("By", exact=True)).to_have_value("time")
    expect(plots.card("Best so far").get_by_label("Logarithmic")).to_be_checked()
    expect(_drawn(plots, "Contour").get_by_label("Up", exact=True)).to_have_value("kind")
    expect(_drawn(plots, "Partial dependence").get_by_label("Along", exact=True)).to_have_value("layers")
    curves = _drawn(plots, "Learning curves")
    expect(curves.get_by_label("Metric", exact=True)).to_have_value("accuracy")
    assert "accuracy" in _rows(curves)[0]


def test_a_brush_leaves_what_is_within_it(plots: Dashboard) -> None:
    page, card = plots.page, _drawn(plots, "Parallel coordinates")
    every = _rows(card)
    while card.get_by_role("status").text_content() == f"{len(every)} trainings within what is chosen":
        _drag(page, card.get_by_role("img"), 40, 0.05, 0.5)  # along the first axis, lr; cards above may move it
        page.wait_for_timeout(500)
    low, high = json.loads(_member(page, "parallel.brush") or "{}")["lr"]
    expected = [row["number"] for row in every if low <= float(row["lr"]) <= high]
    assert 0 < len(expected) < len(every)
    assert [row["number"] for row in _rows(card)] == expected
    page.reload()
    assert [row["number"] for row in _rows(_drawn(plots, "Parallel coordinates"))] == expected
    card.get_by_text("Show in table").click()
    expect(card.get_by_role("link", name=re.compile("^random-"))).to_have_count(len(expected))
    card.get_by_role("button", name="Reset").click()
    expect(card.get_by_role("status")).to_have_text(f"{len(every)} trainings within what is chosen")


def _drag(page: Page, canvas: Locator, x: float, from_share: float, to_share: float) -> None:
    box = canvas.bounding_box()
    assert box is not None
    top, height = box["y"] + 34, box["height"] - 34 - 22
    page.mouse.move(box["x"] + x, top + from_share * height)
    page.mouse.down()
    page.mouse.move(box["x"] + x, top + to_share * height, steps=8)
    page.mouse.up()


def test_ranges_and_axes_are_set_without_a_mouse(plots: Dashboard) -> None:
    page, card = plots.page, _drawn(plots, "Parallel coordinates")
    every = _rows(card)
    card.get_by_text("Axes and ranges").click()
    card.get_by_label("kind from").select_option("adam")
    expect(card.get_by_role("status")).not_to_have_text(f"{len(every)} trainings within what is chosen")
    assert [row["number"] for row in _rows(card)] == [row["number"] for row in every if row["kind"] == "adam"]
    card.get_by_role("button", name="Move kind left").click()
    expect(page).to_have_url(re.compile(r"parallel\.axes=kind"))
    card.get_by_role("button", name="Hide layers").click()
    card.get_by_role("button", name="+ layers").click()
    card.get_by_label("Trainings", exact=True).select_option("25")
    expect(page).to_have_url(re.compile(r"parallel\.top=25"))
    assert all(row["kind"] == "adam" for row in _rows(card))


def test_importance_has_its_interval_by_each_method(plots: Dashboard) -> None:
    card = _drawn(plots, "Importance")
    rows = _rows(card)
    assert {row["parameter"] for row in rows} == {"lr", "kind", "layers"}
    assert all(float(row["low"]) <= float(row["share"]) <= float(row["high"]) for row in rows)
    last = card.get_by_label("Method", exact=True).locator("option").last.get_attribute("value")
    assert last is not None
    card.get_by_label("Method", exact=True).select_option(last)
    expect(plots.page).to_have_url(re.compile(f"importance.method={last}"))


def test_a_point_opens_its_training(plots: Dashboard) -> None:
    page, card = plots.page, _drawn(plots, "Timeline")
    names = {row["name"] for row in _rows(card)}
    box = card.get_by_role("img").bounding_box()
    assert box is not None
    places = [(box["x"] + x, box["y"] + y) for y in (40, 45, 50, 55) for x in range(100, int(box["width"]), 5)]
    found = next((place for place in places if _cursor(page, *place) == "pointer"), None)
    assert found is not None
    page.mouse.click(*found)
    expect(page).to_have_url(re.compile("/trainings/random-"))
    assert urlsplit(page.url).path.rsplit("/", 1)[-1] in names


def _cursor(page: Page, x: float, y: float) -> str:
    page.mouse.move(x, y)
    cursor: str = page.evaluate("([x, y]) => getComputedStyle(document.elementFromPoint(x, y)).cursor", [x, y])
    return cursor


def test_hyperband_shows_who_went_on_and_who_was_stopped(jobs: Served, dashboard: Dashboard) -> None:
    dashboard.open("/jobs/hyperband?show=plots")
    rows = _rows(_drawn(dashboard, "Hyperband brackets"))
    assert {row["rung"] for row in rows} <= {"1", "3", str(STEPS)}
    by_training: dict[str, list[str]] = {}
    for row in rows:
        by_training.setdefault(row["number"], []).append(row["fate"])
    for fates in by_training.values():
        assert set(fates[:-1]) <= {"went on"}
        assert fates[-1] in {"stopped", "finished"}
    with jobs.client() as client:
        stopped = {str(one.number) for one in client.trainings("hyperband") if one.stopped_early is not None}
    at_rungs = {number for number, fates in by_training.items() if fates[-1] == "stopped"}
    assert at_rungs <= stopped
    assert all(row["at step"] == row["rung"] for row in rows)  # so short a curve comes whole


def test_why_trainings_were_stopped_is_read_without_a_mouse(served: Served, dashboard: Dashboard) -> None:
    image = served.program("while :; do echo loss=1; sleep 0.1; done")  # none comes better: it goes on until stopped
    spec = _spec(image, "stopped", Strategy.RANDOM)
    with served.client() as client:
        client.create(replace(spec, limits=Limits(1, 1), early_stopping=EarlyStoppingRule(patience=3)))
        client.wait("stopped")
        (training,) = client.trainings("stopped")
    assert training.stopped_early is not None
    dashboard.open("/jobs/stopped?show=plots")
    card = _drawn(dashboard, "Learning curves")
    card.locator("summary").press("Enter")
    card.get_by_role("button", name=f"Why {training.name} was stopped").press("Enter")
    expect(card.get_by_text(training.stopped_early.text)).to_be_visible()
    expect(card.get_by_role("link", name=training.name, exact=True)).to_be_visible()


def test_a_zoomed_timeline_stays_so_when_it_is_drawn_again(plots: Dashboard) -> None:
    page, image = plots.page, _drawn(plots, "Timeline").get_by_role("img")
    whole = _drawn_again(image)
    for _ in range(10):  # again where the page has moved meanwhile
        box = image.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
        page.mouse.wheel(0, -800)
        page.mouse.move(0, 0)
        with suppress(NotYet):
            zoomed = "([at, whole]) => at.querySelector('canvas').toDataURL() !== whole"
            page.wait_for_function(zoomed, arg=[image.element_handle(), whole], timeout=5_000)
            break
    stays = _drawn_again(image) != whole  # pictures are too long to be told
    assert stays


def _drawn_again(image: Locator) -> str:
    """Return the picture after two more drawings, in other colours and in these."""
    schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for scheme in schemes:
        before = int(image.get_attribute("data-drawn") or 0)
        image.page.emulate_media(color_scheme=scheme)
        again = "([at, before]) => Number(at.dataset.drawn) > before"
        image.page.wait_for_function(again, arg=[image.element_handle(), before])
    return _picture(image)


def _picture(image: Locator) -> str:
    found: str = image.locator("canvas").first.evaluate("canvas => canvas.toDataURL()")
    return found


def test_a_plot_off_screen_is_not_drawn(plots: Dashboard) -> None:
    _drawn(plots, "Best so far")
    assert plots.card("Timeline").get_by_role("img").count() == 0
    _drawn(plots, "Timeline")


def test_a_running_job_draws_its_trainings_as_they_come(served: Served, dashboard: Dashboard) -> None:
    gate = served.folder / "gate"
    image = served.program(f'{PROGRAM}\nwhile [ ! -e "{gate}" ]; do sleep 0.1; done')
    with served.client() as client:
        client.create(_spec(image, "live", Strategy.RANDOM))
        dashboard.open("/jobs/live?show=plots")
        expect(dashboard.card("Best so far").get_by_text("No training has an objective yet.")).to_be_visible()
        gate.touch()
        _drawn(dashboard, "Best so far")
        client.wait("live")
    expect(dashboard.card("Best so far").get_by_role("img")).to_have_attribute("aria-label", re.compile("Best so far"))
