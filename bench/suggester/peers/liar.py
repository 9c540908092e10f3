"""The constant liar, for peers that know nothing of pending points (Ginsbourger, Le Riche and Carraro 2010)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bench.suggester.peers.peer import Peer, Setting
from tunewright.core.space import Configuration

RESEEDED: Final = 7919
"""Distance of the seeds of successive copies: with the same seed their random points would repeat."""


class Liar:
    """Rebuilds the peer for every ask and tells it that each pending point gave the best value seen so far."""

    def __init__(self, factory: Callable[[Setting], Peer], setting: Setting, initial: int) -> None:
        self._factory, self._setting, self._initial = factory, setting, initial
        self._told: list[tuple[Configuration, float | None]] = []
        self._pending: list[Configuration] = []
        self._asked = 0

    def ask(self) -> Configuration:
        self._asked += 1
        peer = self._factory(replace(self._setting, seed=self._setting.seed + RESEEDED * self._asked))
        if len(self._told) + len(self._pending) >= self._initial:
            for configuration, value in self._told:
                peer.tell(configuration, value)
            lie = min((value for _, value in self._told if value is not None), default=0.0)
            for configuration in self._pending:
                peer.tell(configuration, lie)
        configuration = peer.ask()
        peer.close()
        self._pending.append(configuration)
        return configuration

    def tell(self, configuration: Configuration, value: float | None) -> None:
        self._pending.remove(configuration)
        self._told.append((configuration, value))

    def close(self) -> None:
        """Every copy was closed when it had answered."""
