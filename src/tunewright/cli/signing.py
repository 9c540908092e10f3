"""`tunewright sign`: the header under which other systems write to the topics that they may."""

from __future__ import annotations

from pathlib import Path

from tunewright.core.errors import InvalidSpec
from tunewright.platform.bus.messages import Unreadable, read
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.signing import SIGNATURE, signature
from tunewright.platform.bus.topics import topics
from tunewright.platform.credentials import FILE_NAME, default_data_dir, load


def sign(topic: str, type_name: str, file: Path, credentials: Path | None, data_dir: Path | None) -> None:
    """Print the header for the file's bytes. Raises InvalidSpec: such a record would be refused, however signed."""
    open_topics = [item.name for item in topics().values() if item.json]
    if topic not in open_topics:
        raise InvalidSpec("--topic", f"nobody else writes to {topic!r}", f"Choose {' or '.join(open_topics)}")
    record = Record(topic, "", _bytes(file), {"ce_type": type_name.encode()})
    try:
        read(record)
    except Unreadable as why:
        raise InvalidSpec(str(file), str(why)) from None
    keys = load(credentials or (data_dir or default_data_dir()) / FILE_NAME)
    print(f"{SIGNATURE}={signature(record, keys)}")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidSpec(str(file), f"cannot be read: {error.strerror}", "Give the file that is sent") from None
