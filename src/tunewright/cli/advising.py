"""The advice that `tunewright tune` ends with; all of it: `tunewright analyze JOB --advice`."""

from __future__ import annotations

from typing import Final

from tunewright.cli.wording import printable
from tunewright.client import AsyncClient
from tunewright.core.analysis import Advice, Analysis
from tunewright.core.errors import TunewrightError

SHOWN: Final = 3


async def closing_words(client: AsyncClient, job: str) -> str:
    """Return what an ended job could have done better, a line each; nothing where metrics does not answer."""
    try:
        told = await client.analyze(job, Analysis.ADVICE)
    except TunewrightError:
        return ""
    return "\n".join(printable(f"Advice: {advice_text(item)} {item.remedy}") for item in told.advice[:SHOWN])


def advice_text(item: Advice) -> str:
    """Say what could be done better, and of which definition where there are several."""
    return f"{item.definition_name}: {item.text}" if item.definition_name else item.text
