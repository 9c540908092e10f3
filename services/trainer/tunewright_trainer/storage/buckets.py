"""Which storage a location means on this host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from tunewright.core.locations import Location
from tunewright.platform.extras import require
from tunewright_trainer.storage.disk import ROOT, Disk, DiskStorage
from tunewright_trainer.storage.folder import FolderStorage
from tunewright_trainer.storage.port import Object, Storage


class Buckets:
    """`s3_root` is the folder whose folders are the buckets; None: buckets are those of an S3 endpoint. Close it.

    `disk` is what locations without a bucket may name; by default they may name nothing.
    """

    def __init__(self, s3_root: Path | None, disk: Disk | None = None) -> None:
        self._s3_root, self._disk = s3_root, disk or Disk()
        self._opening = Lock()
        self._client: Any = None

    def of(self, location: Location, field: str = "") -> Storage:
        """Return the storage that holds the location's key. Blocks.

        Raises InvalidSpec for `field`, or the location itself: it cannot be used here.
        """
        if location.bucket and self._s3_root is None:
            return self._of_endpoint(location.bucket)
        return self.folder(location, field)

    def folder(self, location: Location, field: str = "") -> FolderStorage:
        """Return the storage of a location that is not far. Raises InvalidSpec, as `of` does."""
        if not location.bucket:
            disk = DiskStorage(self._disk)
            disk.require(location.key, field or location.uri)
            return disk
        assert self._s3_root is not None  # noqa: S101 - else it were far
        return FolderStorage(self._s3_root / location.bucket)

    def list(self, location: Location) -> Iterator[Object]:
        """Yield the objects that a channel's location names, as the storage does."""
        return self.of(location).list(prefix_of(location))

    def are_far(self, location: Location) -> bool:
        """Whether it takes a network to look there. Raises InvalidSpec: what speaks to it is not installed."""
        if not location.bucket or self._s3_root is not None:
            return False
        require("boto3", "s3", location.uri)
        return True

    def require(self, location: Location, field: str) -> None:
        """Raises InvalidSpec for `field`: the location cannot be used here, as is seen without asking an endpoint."""
        if not self.are_far(location):
            self.folder(location, field)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _of_endpoint(self, bucket: str) -> Storage:
        require("boto3", "s3", f"s3://{bucket}")
        from tunewright_trainer.storage import s3  # an extra

        with self._opening:
            self._client = self._client or s3.open_client()
        return s3.S3Storage(self._client, bucket)


def prefix_of(location: Location) -> str:
    """Return what the keys begin with. A folder of this host is all that is in it, and no prefix of its neighbours."""
    if not location.bucket and (ROOT / location.key).is_dir():
        return location.key.rstrip("/") + "/"
    return location.key
