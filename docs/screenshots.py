"""Take the pictures of the dashboard that README and docs show: of a real server, with jobs that really run.

    make screenshots

Needs Chromium. The trainings only pretend to learn: what is shown is the dashboard.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.browser.dashboard import Dashboard
from tests.e2e.served import Served

PICTURES: Final = Path(__file__).parent / "pictures"
SIZE: Final = {"width": 1280, "height": 860}
PROGRAM: Final = """
import argparse, math, random, time
parser = argparse.ArgumentParser()
for name, kind in {"lr": float, "width": int, "depth": int, "optimizer": str}.items():
    parser.add_argument(f"--{name}", type=kind)
given = parser.parse_args()
random.seed(str(given))
top = 0.96 - 0.05 * abs(math.log10(given.lr / 3e-3)) - 0.02 * abs(given.depth - 4) - 0.00012 * abs(given.width - 160)
top -= {"adam": 0.0, "sgd": 0.04, "rmsprop": 0.015}[given.optimizer]
for epoch in range(1, 21):
    accuracy = top * (1 - math.exp(-epoch * (0.12 + 40 * min(given.lr, 0.01)))) + random.gauss(0, 0.004)
    print(f"epoch={epoch} val_acc={accuracy:.4f} val_loss={1.4 * (1.02 - accuracy):.4f}", flush=True)
    time.sleep(0.02)
"""
JOB: Final = """
script: train.py
maximize: val_acc
metrics: [val_acc, val_loss]
params:
  lr: log(1e-5, 1e-1)
  width: log(16, 512)
  depth: 1..8
  optimizer: [adam, sgd, rmsprop]
parallel: 4
seed: 7
"""
JOBS: Final = {
    "churn-net": "trials: 40\nstrategy: bayesian\nearly_stopping: auto\n",
    "churn-net-random": "trials: 40\nstrategy: random\n",
    "churn-net-wide": "trials: 400\nstrategy: bayesian\n",
}
PLOTTED: Final = {"job": 1, "plots": 3, "training": 1, "compare": 1}
LONG: Final = "churn-net-wide"
"""It is still running when the pictures are taken."""


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="tunewright-") as name,
        serving(Path(name)) as served,
        browsing() as browser,
    ):
        tune(served)
        take(served, browser)
        with served.client() as client:
            client.stop(LONG)
            client.wait(LONG)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    served = Served(folder, slots=4)
    trainer = served.data_dir / "trainer"
    for private in (served.data_dir, trainer):
        private.mkdir(mode=0o700)
    (trainer / "trainer-id").write_text("workstation-1")  # not what this machine is called
    served.start()
    try:
        yield served
    finally:
        served.end()


@contextmanager
def browsing() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or sys.exit("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def tune(served: Served) -> None:
    """Run jobs to their ends, and leave one running."""
    (served.folder / "train.py").write_text(PROGRAM)
    for name, more in JOBS.items():
        (served.folder / f"{name}.yaml").write_text(JOB + more)
        options = ["--name", name, "--data-dir", str(served.data_dir)]
        command = [sys.executable, "-m", "tunewright", "tune", f"{name}.yaml", *options]
        attached = ["--detach"] if name == LONG else []
        subprocess.run([*command, *attached], cwd=served.folder, check=True)


def take(served: Served, browser: Browser) -> None:
    context = browser.new_context(viewport=SIZE, color_scheme="light")
    page = context.new_page()
    dashboard = Dashboard(page, served)
    dashboard.sign_in("/jobs")
    with served.client() as client:
        best = client.best("churn-net").name
    for name, path in {
        "jobs": "/jobs",
        "job": "/jobs/churn-net",
        "plots": "/jobs/churn-net?show=plots",
        "training": f"/trainings/{best}",
        "compare": "/compare?jobs=churn-net,churn-net-random",
        "new-job": "/new",  # a clone would show this machine's paths
        "workers": "/workers",
    }.items():
        dashboard.open(path)
        settle(page, drawn=PLOTTED.get(name, 0))
        page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    context.close()


def settle(page: Page, *, drawn: int) -> None:
    """Wait until so many plots are drawn; without any until nothing loads. Below the fold nothing is asked for."""
    expect(page.locator("main h1, main h2").first).to_be_visible()
    if drawn:
        expect(page.locator(".plot [data-drawn]").nth(drawn - 1)).to_be_visible()
    else:
        expect(page.locator("main .spinner")).to_have_count(0)


if __name__ == "__main__":
    main()
