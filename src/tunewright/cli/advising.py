"""`tunewright advice`, and the advice that `tunewright tune` ends with."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tunewright.cli.looking import print_table
from tunewright.cli.serving import join
from tunewright.client import AsyncClient, Client
from tunewright.core.analysis import Advice
from tunewright.core.errors import TunewrightError

AFTER_A_JOB: Final = 3
"""Pieces of advice that are shown when a job has ended."""


def advice(job: str, data_dir: Path | None, *, as_json: bool) -> None:
    with Client(join(data_dir)) as client:
        found = client.advice(job)
    if as_json:
        print(json.dumps([asdict(item) for item in found], indent=2))
    elif found:
        print_table(("kind", "advice", "remedy"), [(item.kind, _text(item), item.remedy) for item in found])
    else:
        print(f"{job}: nothing to advise, or too few trainings to tell.")


async def closing_words(client: AsyncClient, job: str) -> str:
    """Return what an ended job could have done better, a line each; nothing where metrics does not answer."""
    try:
        found = await client.advice(job)
    except TunewrightError:
        return ""
    return "\n".join(f"Advice: {_text(item)} {item.remedy}" for item in found[:AFTER_A_JOB])


def _text(item: Advice) -> str:
    return f"{item.definition_name}: {item.text}" if item.definition_name else item.text
