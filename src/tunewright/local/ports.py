"""Where to listen: where the server of this data folder did before, so that who is connected finds it again."""

from __future__ import annotations

from collections.abc import Sequence

from tunewright.platform.rpc.targets import host_and_port

ANY = 0


def to_try(host: str, port: int, before: str) -> Sequence[int]:
    """Return the ports to try in turn, for one that was asked for, 0 for any.

    `before` is the address of the last server, HOST:PORT or https://HOST:PORT; somebody else may have it by now. Empty:
    there was none.
    """
    at = before.removeprefix("https://")
    if port == ANY and at.startswith(f"{host}:"):
        return (host_and_port("before", at)[1], ANY)
    return (port,)
