"""What each lever of our optimiser is worth: the same runs with one of its constants replaced.

    python -m bench.suggester.ablation [--variants NAME,NAME] [--only …] [--seeds 5] [--budget 50]

A variant replaces named constants of the core, in every module that holds them, while it is asked.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bench.suggester.cache import folder
from bench.suggester.problems import SHORT
from bench.suggester.results import Run, Task
from bench.suggester.statistics import geometric_mean, ratio
from bench.suggester.tables import OURS, checkpoints, complete, scores_of
from bench.suggester.workers import run_all
from tunewright_suggester.core import bayesian, effort, targets  # noqa: F401 - loaded so that what they hold is found

Constants = Mapping[str, Any]


def _standard(**changes: Any) -> Constants:
    """Return the tiers with fields of the standard one changed."""
    return {"TIERS": {**effort.TIERS, "standard": replace(effort.TIERS["standard"], **changes)}}


VARIANTS: Final[Mapping[str, Constants]] = {
    "fast": {"DEFAULT_TIER": "fast"},
    "thorough": {"DEFAULT_TIER": "thorough"},
    "two-starts": _standard(fit_starts=2),
    "few-candidates": _standard(candidates=64, neighbours=16),
    "no-neighbours": _standard(neighbours=0),
    "one-ascent": _standard(ascents=1),
    "no-bend": {"BENDS": (1.0,)},
    "log-bend": {"BENDS": (0.0,)},
    "design-8": {"POINTS": 8},
    "design-2": {"POINTS": 2},
    "lengthscale-0.15": {"LENGTHSCALE_AT_ONE": 0.15},
    "lengthscale-0.6": {"LENGTHSCALE_AT_ONE": 0.6},
    "noise-1e-5": {"NOISE_MEDIAN": 1e-5},
    "noise-1e-2": {"NOISE_MEDIAN": 1e-2},
}


@contextmanager
def applied(constants: Constants) -> Iterator[None]:
    """Replace constants wherever a module of the suggester's core holds them, and put them back.

    Raises: KeyError: no module holds one; the variant is out of date.
    """
    before = [(module, name, getattr(module, name)) for name in constants for module in _holders(name)]
    try:
        for module, name, _ in before:
            setattr(module, name, constants[name])
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


def _holders(constant: str) -> list[Any]:
    core = [module for name, module in sys.modules.items() if name.startswith("tunewright_suggester.core.")]
    holders = [module for module in core if constant in vars(module)]
    if not holders:
        raise KeyError(f"no module of the suggester's core has {constant}")
    return holders


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.suggester.ablation")
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--only", default=",".join(SHORT))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=50)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path, default=folder() / "ablation.jsonl")
    given = parser.parse_args()
    names = [OURS, *(f"{OURS}+{variant}" for variant in given.variants.split(","))]
    tasks = [
        Task(problem, name, seed, given.budget, given.parallel)
        for seed in range(given.seeds)
        for problem in given.only.split(",")
        for name in names
    ]
    print(text_of(run_all(tasks, given.results, given.processes)))


def text_of(runs: list[Run]) -> str:
    """Return a Markdown table: regrets, and ratios of each variant to ours as it is with the bounds on both sides."""
    scores = scores_of(complete(runs))
    counts = checkpoints(runs[0].budget)
    columns = " | ".join(f"at {count}" for count in counts)
    lines = [
        f"| variant | {columns} | variant / ours at {counts[-1]} | at most | at least |",
        "|---|" + "---|" * (len(counts) + 3),
    ]
    for name, own in scores.items():
        means = " | ".join(f"{mean:.4f}" for mean in geometric_mean(own))
        worse, better = ratio(own, scores[OURS]), ratio(scores[OURS], own)
        assert worse is not None
        assert better is not None
        bounds = f"{worse.value[-1]:.2f} | {worse.upper[-1]:.2f} | {1 / better.upper[-1]:.2f}"
        lines.append(f"| {name} | {means} | {bounds} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
