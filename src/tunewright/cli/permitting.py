"""`tunewright admin acls`: what each service's user may do on Kafka."""

from __future__ import annotations

from tunewright.core.errors import InvalidSpec
from tunewright.platform.bus import acls as permitted
from tunewright.platform.bus.topics import topics


def acls(service: str, prefix: str) -> None:
    if service not in permitted.WHO:
        raise InvalidSpec("SERVICE", f"{service!r} has no user on Kafka", f"One of {', '.join(permitted.WHO)}")
    print(*permitted.acls(service, topics().values(), prefix), sep="\n")
