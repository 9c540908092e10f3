"""What analyses of a tuning job answer, as values.

Field names equal those of proto/tunewright/v1/metrics_service.proto, so that one codec carries them.
"""

from __future__ import annotations

from dataclasses import dataclass

from tunewright.core.spec import Parameter


@dataclass(frozen=True, slots=True)
class Advice:
    """What could be done better."""

    kind: str
    text: str
    remedy: str = ""
    definition_name: str = ""
    suggested: Parameter | None = None
