"""The page of a job with 10,000 trainings in Chromium: first paint, the plot drawn, and the longest interactions.

    python -m bench.dashboard          (make bench-dashboard)

The trainings are copies of one that has really run, put into the store while no server is there. The floor is the same
browser in the same run before a page of the same server that has nothing on it. An interaction's time is what the
browser tells of it (Event Timing): from the input to the next paint after it.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from bench.roundtrip import Served
from bench.rows import Row, report
from tunewright.client import Client, find
from tunewright.core.names import training_id
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import (
    Definition,
    Direction,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Strategy,
    TuningJobSpec,
)
from tunewright.platform.credentials import load
from tunewright.platform.store.port import Insert, Query
from tunewright.platform.store.sqlite import SqliteStore

TRAININGS: Final = 10_000
TOGETHER: Final = 500
"""Trainings written in a commit."""
RUNS: Final = 3
"""A figure is the median of so many: what else this machine does is none of the page's."""
PAINT_MS: Final = 1000.0
INTERACTION_MS: Final = 100.0
JOB: Final = "many"
SIZE: Final = {"width": 1280, "height": 900}
PROGRAM: Final = "#!/bin/sh\necho loss=1.5\n"
LISTEN: Final = """() => {
  window.told = { events: [], tasks: [] };
  new PerformanceObserver((list) => told.events.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "event", durationThreshold: 16, buffered: false });
  new PerformanceObserver((list) => told.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask", buffered: false });
}"""
LONGEST: Final = """async () => {
  for (let frame = 0; frame < 30; frame++) await new Promise(requestAnimationFrame);
  return [Math.max(0, ...told.events), Math.max(0, ...told.tasks)];
}"""
PAINTED: Final = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
DRAWN: Final = """() => new Promise((resolve) => {
  const look = () => document.querySelector('section[aria-label="Best so far"] [data-drawn]') &&
    /10,000|9,9\\d\\d/.test(document.querySelector('section[aria-label="Best so far"] [role=img]').ariaLabel)
    ? resolve(performance.now()) : requestAnimationFrame(look);
  look();
})"""


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("no Chromium is installed: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as name:
        folder = Path(name)
        _seed(folder)
        with sync_playwright() as playwright, Served(folder) as server:
            options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
            browser = playwright.chromium.launch(executable_path=chromium, args=options)
            report(rows(browser, server.data_dir))
            browser.close()


def rows(browser: Browser, data_dir: Path) -> list[Row]:
    keys = load(data_dir / "credentials")
    url, token = f"http://{keys.tunewright_http}", keys.tunewright_token
    floor = _median([_opened(browser, url, token, "/nowhere")[1] for _ in range(RUNS)])
    paints, drawn = [], []
    for _ in range(RUNS):
        page, paint = _opened(browser, url, token, f"/jobs/{JOB}?show=plots")
        paints.append(paint)
        drawn.append(float(page.evaluate(DRAWN)))
        page.context.close()
    beside = f"floor: an empty page of the same server {floor:.0f} ms"
    found = [
        _row(f"first paint of a job of {TRAININGS:,}", _median(paints), floor, beside, PAINT_MS),
        _row("best so far drawn", _median(drawn), floor, beside, math.inf),
    ]
    plots = _shown(browser, url, token, f"/jobs/{JOB}?show=plots")
    found += [_interaction(plots, name, act) for name, act in INTERACTIONS.items()]
    table = _shown(browser, url, token, f"/jobs/{JOB}?show=trainings", "Trainings")
    return found + [_interaction(table, name, act) for name, act in TABLE.items()]


def _opened(browser: Browser, url: str, token: str, path: str) -> tuple[Page, float]:
    """Open a page as who has signed in, with nothing in the browser's cache; return it and its first paint."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    context.add_init_script(f"sessionStorage.setItem('tunewright.token', {token!r})")
    page = context.new_page()
    page.goto(url + path)
    page.wait_for_function(PAINTED)
    return page, float(page.evaluate(PAINTED))


def _shown(browser: Browser, url: str, token: str, path: str, card: str = "Best so far") -> Page:
    page, _ = _opened(browser, url, token, path)
    page.get_by_role("region", name=card).get_by_text("10,000" if card == "Trainings" else "CSV").first.wait_for()
    if card != "Trainings":
        page.evaluate(DRAWN)
    return page


def _seed(folder: Path) -> None:
    program = folder / "train"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    definition = Definition(
        image=f"file://{folder}",
        parameters=(
            Parameter("learning_rate", Float(1e-5, 1.0)),
            Parameter("momentum", Float(0.0, 0.99)),
            Parameter("dropout", Float(0.0, 0.5)),
            Parameter("layers", Int(1, 8)),
            Parameter("optimizer", Choice(("adam", "sgd", "lion"))),
        ),
        metric_definitions=(MetricDefinition("loss", "loss=(.*)"),),
    )
    spec = TuningJobSpec(
        name=JOB,
        definitions=(definition,),
        objective=Objective("loss", Direction.MINIMIZE),
        limits=Limits(max_parallel=1, max_trainings=1),
        strategy=Strategy.RANDOM,
    )
    with Served(folder) as server, Client(find(server.data_dir)) as client:
        client.create(spec)
        client.wait(JOB)
        data_dir = server.data_dir
    asyncio.run(_multiply(data_dir / "store.db"))


async def _multiply(path: Path) -> None:
    """Write copies of the job's training, each with a number, a name, times, a configuration and an objective."""
    store = SqliteStore(path)
    (job,) = (await store.find(Query("tuning_jobs", "active", {"active": False}))).items
    first = await store.get("training_jobs", training_id(job.key, 1))
    assert first is not None
    for start in range(2, TRAININGS + 1, TOGETHER):
        numbers = range(start, min(start + TOGETHER, TRAININGS + 1))
        await store.commit([_copy(first.document, number) for number in numbers])
    await store.close()


def _copy(training: dict[str, Any], number: int) -> Insert:
    name = f"{JOB}-{number:05d}-{number:08x}"
    learning_rate, momentum, dropout = 10 ** (-5 * _part(number, 1)), 0.99 * _part(number, 2), 0.5 * _part(number, 3)
    configuration = {
        "learning_rate": learning_rate,
        "momentum": momentum,
        "dropout": dropout,
        "layers": 1 + number % 8,
        "optimizer": ("adam", "sgd", "lion")[number % 3],
    }
    loss = (
        (math.log10(learning_rate) + 2) ** 2 / 4 + dropout + 0.1 * (number % 3) + _part(number, 4) / (1 + number / 1e3)
    )
    began = training["created_at"] + 0.5 * number
    left = training["exit"] | {"started_at": began, "ended_at": began + 0.2 + 0.3 * _part(number, 5)}
    own = {"number": number, "name": name, "name_key": name, "configuration": configuration, "objective_value": loss}
    when = {"created_at": began, "exit": left}
    return Insert("training_jobs", training_id(training["uid"], number), training | own | when)


def _part(number: int, of: int) -> float:
    """Return a number in [0, 1) that looks drawn, another for each `of`."""
    return number * math.sqrt((2, 3, 5, 7, 11, 13)[of]) % 1.0


def _hover(page: Page) -> None:
    box = _canvas(page, "Best so far")
    for step in range(20):
        page.mouse.move(box["x"] + 60 + 12 * step, box["y"] + 80 + 6 * step)


def _choose(card: str, label: str) -> Callable[[Page], None]:
    def choose(page: Page) -> None:
        page.get_by_role("region", name=card).get_by_label(label, exact=True).focus()
        page.keyboard.press("ArrowDown")

    return choose


def _brush(page: Page) -> None:
    box = _canvas(page, "Parallel coordinates")
    top = box["y"] + 34
    page.mouse.move(box["x"] + 40, top + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, top + 200, steps=10)
    page.mouse.up()
    page.wait_for_url("**parallel.brush=**")


def _canvas(page: Page, card: str) -> Any:
    canvas = page.get_by_role("region", name=card).get_by_role("img")
    canvas.scroll_into_view_if_needed()
    page.wait_for_function("(canvas) => canvas.dataset.drawn", arg=canvas.element_handle())
    return canvas.bounding_box()


def _sort(page: Page) -> None:
    page.get_by_role("region", name="Trainings").get_by_role("button", name="loss").first.click()


def _filter(page: Page) -> None:
    page.get_by_role("region", name="Trainings").get_by_role("searchbox").first.focus()
    page.keyboard.type("07")


INTERACTIONS: Final[dict[str, Callable[[Page], None]]] = {
    "hover over best so far": _hover,
    "best so far by time": _choose("Best so far", "By"),
    "brush parallel coordinates": _brush,
    "the best half of parallel coordinates": _choose("Parallel coordinates", "Trainings"),
    "all slices": _choose("Slices", "Hyperparameters"),
}
TABLE: Final[dict[str, Callable[[Page], None]]] = {"sort the table": _sort, "filter the table": _filter}


def _interaction(page: Page, name: str, act: Callable[[Page], None]) -> Row:
    page.evaluate("async () => { for (let i = 0; i < 30; i++) await new Promise(requestAnimationFrame) }")
    page.evaluate(LISTEN)
    act(page)
    event, task = page.evaluate(LONGEST)
    beside = f"longest event {event:.0f} ms, longest task {task:.0f} ms"
    return _row(f"interaction: {name}", max(event, task), None, beside, INTERACTION_MS)


def _row(name: str, figure: float, floor: float | None, beside: str, target: float) -> Row:
    told = f"< {target:g} ms" if math.isfinite(target) else ""
    return Row(name, figure, "ms", beside, floor and figure / floor, told, figure < target)


def _median(figures: list[float]) -> float:
    return sorted(figures)[len(figures) // 2]


if __name__ == "__main__":
    main()
