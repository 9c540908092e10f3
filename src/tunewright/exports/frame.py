"""A pandas DataFrame of trainings, or of their curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from tunewright.exports.table import Row
from tunewright.platform.extras import require

if TYPE_CHECKING:
    import pandas as pd

FIELD: Final = "dataframe"


def require_pandas() -> None:
    """Raise InvalidSpec, naming the command that installs it, if pandas is missing."""
    require("pandas", "pandas", FIELD)


def frame(columns: Sequence[str], rows: Iterable[Row]) -> pd.DataFrame:
    """Return the rows under all columns, also without a row. Times are UTC."""
    require_pandas()
    import pandas as pd

    return pd.DataFrame([dict(row) for row in rows], columns=list(columns))
