"""Where data lie: `s3://bucket/key` and `file:///path`, as a pair of bucket and key.

AMT's S3Uri is a prefix of keys, no folder: what it names is what begins with it. `file://` is an extension of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote, unquote

from tunewright.core.errors import InvalidSpec

S3: Final = "s3://"
FILE: Final = "file://"
BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
"""S3's names of today and of before 2018. None is a hidden folder, or leads out of the one that holds the buckets."""
BUCKETS_NAME: Final = "a bucket's name is 2 to 255 letters, digits, dots, hyphens and underscores"
LONGEST: Final = 1024
"""Bytes of a key in S3, and characters of an S3Uri in AMT."""


@dataclass(frozen=True, slots=True)
class Location:
    """A prefix of keys, or one key. Without a bucket it is a path of this host, less its first slash."""

    bucket: str
    key: str

    def __truediv__(self, below: str) -> Location:
        """Return the key of that name below this folder."""
        key = self.key.rstrip("/")
        return Location(self.bucket, f"{key}/{below}" if key else below)

    @property
    def uri(self) -> str:
        if self.bucket:
            return f"{S3}{self.bucket}/{self.key}"
        return f"{FILE}/{quote(self.key)}"


def location_of(uri: str, field: str) -> Location:
    """Read a URI. Raises InvalidSpec for `field`: it is neither, or holds what cannot be a path."""
    if uri.startswith(S3):
        bucket, _, key = uri.removeprefix(S3).partition("/")
        if not BUCKET.fullmatch(bucket):
            why = f"{bucket!r} in {uri!r} is no name of a bucket" if bucket else f"{uri!r} names no bucket"
            raise InvalidSpec(field, why, "Give s3://BUCKET/PREFIX; " + BUCKETS_NAME)
    elif uri.startswith((f"{FILE}/", f"{FILE}localhost/")):
        bucket, key = "", unquote(uri.removeprefix(FILE).removeprefix("localhost")).lstrip("/")
    else:
        raise InvalidSpec(field, f"{uri!r} is neither s3:// nor file:///", "Give s3://BUCKET/PREFIX or file:///FOLDER")
    if ".." in PurePosixPath(key).parts or "\0" in key:
        raise InvalidSpec(field, f"{uri!r} leads out of where it begins", "Leave out .. and control characters")
    if len(uri) > LONGEST:
        raise InvalidSpec(field, f"has {len(uri)} characters, at most {LONGEST} can be", "Shorten it")
    return Location(bucket, key)
