"""How many streams each caller has open: without a limit, those of one could take every connection there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from tunewright_gateway.web.failures import Failure

MOST: Final = 50
"""Of one token; a browser opens six at a time of one site, or a hundred where a proxy speaks HTTP/2."""
TOO_MANY: Final = f"{MOST} streams are open under this token, and no more can be. Close pages that follow something."


class OpenStreams:
    """Callers are told apart by what they sign in with, of which only a hash is kept."""

    def __init__(self) -> None:
        self._open = Counter[bytes]()

    @contextmanager
    def one_more(self, metadata: tuple[tuple[str, str], ...]) -> Iterator[None]:
        """Count a stream of a caller's as long as it is open. Raises Failure: he has too many."""
        caller = sha256(repr(metadata).encode()).digest()
        if self._open[caller] >= MOST:
            raise Failure("resource_exhausted", TOO_MANY)
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
