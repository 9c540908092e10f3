"""How much of what ended trainings said is kept: settings of metrics, and options of the embedded server."""

from __future__ import annotations

from dataclasses import dataclass, fields

from tunewright.core.errors import InvalidSpec
from tunewright.platform.settings import setting, variable


@dataclass(frozen=True, kw_only=True)
class KeepingSettings:
    """Days count from a training's end; GB (10⁹ bytes) are of all ended trainings together, as packed in the store."""

    output_kept_days: float = setting(30.0, tells="Days that an ended training's output is kept; 0: no limit.")
    output_kept_gb: float = setting(
        10.0, tells="GB of output kept of ended trainings, the oldest goes first; 0: no limit."
    )
    measurements_kept_days: float = setting(
        365.0, tells="Days that an ended training's single measurements are kept; 0: no limit."
    )
    measurements_kept_gb: float = setting(10.0, tells="GB of measurements kept of ended trainings; 0: no limit.")

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in KeepingSettings.__dataclass_fields__ and not value >= 0:
                raise InvalidSpec(variable(item.name), f"{value} is no amount", "Give a number from 0 on; 0: no limit")
