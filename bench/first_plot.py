"""From an empty virtual environment to the first plot, as a newcomer goes: install the wheel, tune a script, plot it.

    python -m bench.first_plot          (make bench-first-plot)

The wheel is the one in dist/. The floor is what pip alone takes for the packages that the wheel stands on, in another
empty environment. Neither uses pip's cache: a first user's is empty.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from bench.rows import Row, report

ROOT = Path(__file__).parents[1]
MOST_S = 120.0
SCRIPT = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--layers", type=int)
given = parser.parse_args()
print(f"loss={abs(given.lr - 0.01) + 0.05 * abs(given.layers - 3):.4f}")
"""
TUNE = ["tune", "train.py", "--param", "lr=log(1e-4,1e-1)", "--param", "layers=1..5", "--minimize", "loss"]


def main() -> None:
    (wheel,) = (ROOT / "dist").glob("*.whl")
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as name:
        folder = Path(name)
        floor_s = timed(lambda: install(folder / "floor", packages))
        install_s = timed(lambda: install(folder / "ours", [str(wheel)]))
        (folder / "train.py").write_text(SCRIPT)
        tune_s = timed(lambda: tunewright(folder, *TUNE, "--trials", "8", "--parallel", "2", "--name", "first"))
        plot_s = timed(lambda: tunewright(folder, "plot", "first", "--to", "first.html"))
        assert (folder / "first.html").stat().st_size > 0
    all_s = install_s + tune_s + plot_s
    parts = f"pip {install_s:.0f} + 8 trainings {tune_s:.1f} + plot {plot_s:.1f}; pip without ours {floor_s:.0f} s"
    report([Row("pip install to first plot", all_s, "s", parts, all_s / floor_s, f"≤ {MOST_S:g} s", all_s <= MOST_S)])


def timed(run: Callable[[], None]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def install(environment: Path, packages: list[str]) -> None:
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    quiet = ["--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    subprocess.run([environment / "bin/python", "-m", "pip", "install", *quiet, *packages], check=True)


def tunewright(folder: Path, *words: str) -> None:
    clean = {name: text for name, text in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    environment = {**clean, "TUNEWRIGHT_DATA_DIR": str(folder / "data")}
    command = [folder / "ours/bin/tunewright", *words]
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
