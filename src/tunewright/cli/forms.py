"""In which form verbs print: apart from what prints, so that `--help` loads nothing heavy."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
