"""Synthetic functions of real numbers, integers and choices together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from bench.suggester.problems import functions as f
from bench.suggester.problems.problem import Kind, Problem
from tunewright.core.space import Choice, Configuration, Float, Int, ScalingType, Space

LINEAR: Final = ScalingType.LINEAR
LOGARITHMIC: Final = ScalingType.LOGARITHMIC


def problems() -> Iterator[Problem]:
    yield mixed_branin()
    yield recipe()
    yield architecture()


def mixed_branin() -> Problem:
    """Branin stretched, lifted and shifted by a choice; an integer and a second choice matter a little."""
    space: Space = {
        "x0": Float(-5.0, 10.0, LINEAR),
        "x1": Float(0.0, 15.0, LINEAR),
        "a": Choice(("a0", "a1", "a2", "a3")),
        "n": Int(1, 20, LINEAR),
        "b": Choice(("p", "q", "r")),
    }
    by_choice = {"a0": (1.0, 12.0, 0.0), "a1": (1.7, 0.0, 1.5), "a2": (0.6, 25.0, -1.0), "a3": (1.2, 6.0, 2.5)}
    lift = {"p": 1.0, "q": 0.0, "r": 2.0}

    def value(configuration: Configuration) -> float:
        stretch, height, shift = by_choice[str(configuration["a"])]
        x = np.array([min(max(float(configuration["x0"]) + shift, -5.0), 10.0), float(configuration["x1"])])
        rest = 0.3 * abs(int(configuration["n"]) - 13) + lift[str(configuration["b"])]
        return stretch * f.branin(x) + height + rest

    return Problem("mixed-branin", Kind.MIXED, space, value, 1.7 * f.BRANIN_OPTIMUM)


def recipe() -> Problem:
    """Eight choices of four and two real numbers: neighbouring choices interact, as steps of a recipe do."""
    random = np.random.default_rng(81)
    names = [f"step{i}" for i in range(8)]
    alone, together = random.normal(0, 1.0, (8, 4)), random.normal(0, 0.7, (7, 4, 4))
    letters = ("a", "b", "c", "d")
    space: Space = {name: Choice(letters) for name in names}
    space = {**space, "heat": Float(0.01, 10.0, LOGARITHMIC), "rest": Float(0.0, 1.0, LINEAR)}

    def value(configuration: Configuration) -> float:
        codes = [letters.index(str(configuration[name])) for name in names]
        discrete = sum(alone[i, code] for i, code in enumerate(codes))
        discrete += sum(together[i, codes[i], codes[i + 1]] for i in range(7))
        heat = math.log10(float(configuration["heat"])) - 0.2 * codes[0]
        return float(discrete + 1.5 * heat**2 + 4.0 * (float(configuration["rest"]) - 0.3 - 0.1 * codes[7]) ** 2)

    return Problem("mixed-recipe", Kind.MIXED, space, value)


def architecture() -> Problem:
    """A made-up error of a network: integers on logarithmic axes, choices that move the best learning rate.

    Depth and width trade off against the learning rate; one optimiser of three diverges early.
    """
    space: Space = {
        "layers": Int(1, 12, LINEAR),
        "width": Int(8, 1024, LOGARITHMIC),
        "batch": Int(8, 512, LOGARITHMIC),
        "learning_rate": Float(1e-5, 1.0, LOGARITHMIC),
        "optimizer": Choice(("sgd", "adam", "lion")),
        "dropout": Float(0.0, 0.8, LINEAR),
        "activation": Choice(("relu", "gelu", "tanh", "elu")),
    }
    best_rate = {"sgd": -1.0, "adam": -2.6, "lion": -3.6}
    floor = {"sgd": 0.04, "adam": 0.0, "lion": 0.015}
    penalty = {"relu": 0.01, "gelu": 0.0, "tanh": 0.03, "elu": 0.012}

    def value(configuration: Configuration) -> float:
        layers, width = int(configuration["layers"]), math.log2(int(configuration["width"]))
        optimizer = str(configuration["optimizer"])
        centre = best_rate[optimizer] - 0.06 * layers + 0.25 * (math.log2(int(configuration["batch"])) - 5) / 2
        off = math.log10(float(configuration["learning_rate"])) - centre
        rate = 0.12 * off**2 if off < 0 else min(0.5 * off**2, 0.7)
        capacity = 0.01 * (width + 0.6 * layers - 10.5) ** 2
        overfit = 0.3 * (float(configuration["dropout"]) - max(0.05 * (width - 5), 0.0)) ** 2
        total = 0.05 + rate + capacity + overfit + floor[optimizer] + penalty[str(configuration["activation"])]
        return float(min(total, 0.9))

    return Problem("mixed-architecture", Kind.MIXED, space, value)
