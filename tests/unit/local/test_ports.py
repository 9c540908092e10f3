"""Which ports an embedded server tries."""

from __future__ import annotations

import pytest

from tunewright.local.ports import to_try


@pytest.mark.parametrize(
    ("port", "before", "tried"),
    [
        (0, "", (0,)),
        (0, "127.0.0.1:4711", (4711, 0)),
        (0, "https://127.0.0.1:4711", (4711, 0)),
        (0, "10.0.0.1:4711", (0,)),
        (8080, "127.0.0.1:4711", (8080,)),
    ],
)
def test_where_the_last_server_was_comes_first_unless_a_port_is_asked_for(port, before, tried):
    assert to_try("127.0.0.1", port, before) == tried
