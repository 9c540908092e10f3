"""Bodies that nobody sends who means well: no JSON, JSON of two meanings, numbers that none are, depth, odd bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

KINDS: Final[tuple[Callable[[random.Random, bytes], bytes], ...]] = (
    lambda _dice, _body: b"",
    lambda _dice, _body: b"[]",
    lambda _dice, _body: b"null",
    lambda _dice, _body: b"[" * 100_000,
    lambda _dice, _body: b'{"a":' * 100_000,
    lambda _dice, _body: b'{"a":' + b"9" * 100_000 + b"}",
    lambda _dice, _body: b'{"a": NaN}',
    lambda _dice, _body: b'{"a": 1e400}',
    lambda _dice, _body: b'{"\\ud800": 1}',
    lambda _dice, body: body[:-1],
    lambda _dice, body: body + b"}",
    lambda _dice, body: body.replace(b"{", b'{"a": 1, "a": 2, ', 1),
    lambda _dice, body: body.decode().encode("utf-16"),
    lambda dice, body: body[: (at := dice.randrange(len(body) + 1))] + b"\xff" + body[at:],
    lambda dice, _body: dice.randbytes(100),
)


def hostile(dice: random.Random, body: bytes) -> bytes:
    """Return one of them; `body` is a right request, which some are made from."""
    return dice.choice(KINDS)(dice, body)
