"""An answer's members as they stand on the wire."""

from __future__ import annotations

import json
from typing import Any


def in_json(members: dict[str, Any]) -> bytes:
    return json.dumps(members).encode()
