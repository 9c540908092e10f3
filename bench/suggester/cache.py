"""Evaluations of costly problems, kept between runs in the user's cache folder."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from bench.suggester.problems.problem import Problem
from tunewright.core.space import Configuration


def folder() -> Path:
    """Return the folder of this bench in the user's cache, made if it is missing."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    place = Path(home) / "tunewright" / "bench"
    place.mkdir(parents=True, exist_ok=True)
    return place


def evaluate(problem: Problem, configuration: Configuration) -> float:
    """Return the problem's value, from the cache where it is costly and was asked for before."""
    if not problem.costly:
        return problem.value(configuration)
    key = f"{problem.reference}/{problem.version}"
    return float(remembered(key, configuration, lambda: problem.value(configuration)))


def remembered(key: str, configuration: Configuration, compute: Callable[[], Any]) -> Any:
    """Return what `compute` gave for this key and configuration, calling it only the first time; JSON values."""
    text = f"{key} {json.dumps(dict(configuration), sort_keys=True)}"
    row = _database().execute("SELECT value FROM evaluations WHERE key = ?", (text,)).fetchone()
    if row is not None:
        return json.loads(row[0])
    value = compute()
    with _database() as writing:
        writing.execute("INSERT OR REPLACE INTO evaluations VALUES (?, ?)", (text, json.dumps(value)))
    return value


@cache
def _database() -> sqlite3.Connection:
    database = sqlite3.connect(folder() / "evaluations.sqlite", timeout=60)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("CREATE TABLE IF NOT EXISTS evaluations (key TEXT PRIMARY KEY, value TEXT)")
    return database
