from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tunewright.core.errors import NotFound
from tunewright.platform import parts

DECLARED = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["entry-points"]


@pytest.mark.parametrize("name", DECLARED["tunewright.parts"])
def test_every_part_that_is_declared_is_installed(name):
    part = parts.load(name)
    assert callable(part.run if name.startswith("serve-") else part)


def test_what_is_not_installed_is_named():
    with pytest.raises(NotFound, match="gateway-of-tomorrow"):
        parts.load("gateway-of-tomorrow")
