"""A tuning job's trainings for other programs: a pandas DataFrame, a CSV file, an Optuna study.

All of it stands on what the SDK returns; pandas and Optuna are extras and load when they are asked for.
"""

from __future__ import annotations

from tunewright.exports.file import Exported, export

__all__ = ["Exported", "export"]
