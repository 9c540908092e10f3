"""The metrics of each service, as the table of docs/observability.md has them: python -m docs.observed prints it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SERVICES: Final = ("scheduler", "suggester", "metrics", "trainer", "gateway")
PAGE: Final = Path(__file__).parent / "observability.md"
LOOK: Final = """\
import json, tunewright_{0}.serve{1}
from prometheus_client import REGISTRY
own = (item for item in REGISTRY._collector_to_names if getattr(item, "_name", "").startswith("tunewright"))
print(json.dumps([[item._name, item._type, list(item._labelnames), item._documentation] for item in own]))
"""
LATER: Final = {"trainer": ", tunewright_trainer.runner.docker.bringing"}
"""What a service loads only where it is configured to."""
ROW: Final = re.compile(r"^\| `(tunewright_[a-z_]+)` \| (\w+) \|", re.MULTILINE)
OF_ALL: Final = "all"


def exposed() -> dict[str, str]:
    """Return the kind of each metric that the page has, by name; of a counter without `_total`."""
    return {name.removesuffix("_total"): kind for name, kind in ROW.findall(PAGE.read_text())}


def table() -> str:
    """Return a row for each metric that a service has when it starts."""
    found: dict[str, tuple[str, str, list[str], str]] = {}
    owners: dict[str, list[str]] = {}
    for service in SERVICES:
        look = [sys.executable, "-c", LOOK.format(service, LATER.get(service, ""))]
        for name, kind, labels, told in json.loads(subprocess.check_output(look)):
            found[name] = (name + "_total" * (kind == "counter"), kind, labels, told)
            owners.setdefault(name, []).append(service)
    return "\n".join(_rows(found, owners))


def _rows(found: dict[str, tuple[str, str, list[str], str]], owners: dict[str, list[str]]) -> Iterator[str]:
    yield "| metric | kind | labels | what | of |"
    yield "|---|---|---|---|---|"
    for key, (name, kind, labels, told) in found.items():
        of = OF_ALL if len(owners[key]) == len(SERVICES) else ", ".join(owners[key])
        yield f"| `{name}` | {kind} | {', '.join(labels)} | {told} | {of} |"


if __name__ == "__main__":
    print(table())  # noqa: T201
