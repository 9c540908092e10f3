"""The other end of remote.py: a peer, asked and told through pipes, one run after another."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from bench.suggester.peers import local_peer
from bench.suggester.peers.peer import Peer, Setting, decoded


def main() -> None:
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)  # what a library prints must not end up among the answers
        peer: Peer | None = None
        for line in sys.stdin:
            message = json.loads(line)
            try:
                if "open" in message:
                    peer = opened(message["open"])
                    answer: dict[str, Any] = {"answer": None}
                else:
                    answer = {"answer": answered(peer, message)}
            except Exception as error:  # noqa: BLE001 - whatever a peer raises is the answer
                answer = {"error": f"{type(error).__name__}: {error}"[:500]}
            answers.write(json.dumps(answer) + "\n")


def opened(asked: dict[str, Any]) -> Peer:
    setting = Setting(decoded(asked["space"]), asked["seed"], asked["budget"], asked["parallel"])
    return local_peer(asked["name"], setting)


def answered(peer: Peer | None, message: dict[str, Any]) -> Any:
    if peer is None:
        raise ValueError("no run is open")
    if "ask" in message:
        return dict(peer.ask())
    return peer.tell(message["configuration"], message["value"])


if __name__ == "__main__":
    main()
