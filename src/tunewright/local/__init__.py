"""All services in one process: the embedded default.

The same program as the services apart: the same gRPC between them, the same bytes on the bus, the same store port.
"""

from __future__ import annotations

from tunewright.platform.local_options import LocalOptions


def main(options: LocalOptions) -> None:
    """Run until a signal, or until idle if asked to; print one line when ready.

    Raises: AlreadyExists: another server has the data folder. InvalidSpec: an option is wrong.
    """
    import asyncio

    from tunewright.local.server import run
    from tunewright.platform import telemetry

    telemetry.configure(level="WARNING")
    telemetry.trace("tunewright-local")
    asyncio.run(run(options))
