"""The storage port: the objects of one bucket, or of this host's disk, by key.

The promise, which tests/contract/storage_contract.py holds every adapter to:

- `list` yields every object whose key begins with the prefix, in any order. A folder is none, nor is its marker, a key
  that ends with a slash.
- `fetch` writes an object to a file of a folder that is there; the file appears whole or not at all. `told` is called
  with the number of bytes that have come, from any thread; what it raises ends the fetch and is raised.
- `put` moves a file to a key, over what was there. Nobody sees half of it; if it fails, the file is still where it was.
  `told` as with `fetch`.
- `delete` has an object gone, whether or not it was there.
- Each blocks, and may be called from several threads at once.
- Errors: NotFound: there is no such bucket or object. InvalidSpec: it may not be read or written, or cannot be what was
  asked for; asking again would not help. Unavailable: it may pass. OSError: of this host's own disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Object:
    key: str
    size: int
    """Bytes."""


class Storage(Protocol):
    def list(self, prefix: str) -> Iterator[Object]: ...

    def fetch(self, key: str, to: Path, told: Callable[[int], None]) -> None: ...

    def put(self, source: Path, key: str, told: Callable[[int], None]) -> None: ...

    def delete(self, key: str) -> None: ...


def quietly(_: int) -> None:
    """Take no interest in how bytes move."""
