"""What stands above a request's body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from starlette.types import Scope

from tunewright_gateway.core.refusals import Refusal

ONCE: Final = frozenset(
    {
        "amz-sdk-invocation-id",
        "authorization",
        "content-length",
        "content-type",
        "date",
        "host",
        "origin",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
    }
)
"""Headers that mean something here: of two values, what signs and what serves could take different ones."""


@dataclass(frozen=True, slots=True)
class Head:
    method: str
    query: str
    pairs: tuple[tuple[str, str], ...]
    """The headers as they came, repeated ones too; names in lower case."""
    values: dict[str, str]

    @classmethod
    def of(cls, scope: Scope) -> Self:
        """Raises Refusal: a header that may stand once stands twice."""
        pairs = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        values = dict(pairs)
        if len(values) < len(pairs):
            _refuse_repeated(pairs)
        return cls(scope["method"], scope["query_string"].decode("latin-1"), pairs, values)

    def get(self, name: str) -> str:
        """Return the header's value; empty: there is none."""
        return self.values.get(name, "").strip()


def _refuse_repeated(pairs: tuple[tuple[str, str], ...]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen and name in ONCE:
            raise Refusal("IncompleteSignatureException", f"The header '{name}' may be given once only.")
        seen.add(name)
