"""Where the embedded server has its buckets, and whether a job's data are there when it is created."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tunewright.core.check_data import no_objects
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.locations import Location, location_of
from tunewright.core.spec import Definition
from tunewright.platform.local_options import LocalOptions
from tunewright_trainer.core.program import SUBMIT_DIRECTORY, submitted_code
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.disk import Disk


def folder_of_buckets(options: LocalOptions, data_dir: Path) -> Path | None:
    """Return the folder whose folders are the buckets, made if need be; None: they are an endpoint's.

    Raises InvalidSpec.
    """
    if options.s3_endpoint:
        return None
    root = (options.s3_root or data_dir / "s3").absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSpec("--s3-root", f"{root} cannot be used: {error.strerror}", "Give another folder") from None
    return root


def data_check(s3_root: Path | None, disk: Disk) -> Callable[[str, Definition], None]:
    """Return a check of (path, definition). It raises InvalidSpec: data, code or a place for what is left are missing.

    Where `disk` does not let a job name them, they are missing too. An S3 endpoint it does not ask, which may take its
    time: there the trainer finds out.
    """
    buckets = Buckets(s3_root, disk)

    def check(path: str, definition: Definition) -> None:
        for index, channel in enumerate(definition.channels):
            field = f"{path}.channels[{index}].uri"
            location = location_of(channel.uri, field)
            if not buckets.are_far(location) and not _has_objects(buckets, location, field):
                raise InvalidSpec(field, f"{no_objects(channel.uri)}. {_remedy(s3_root, location)}")
        if uri := submitted_code(definition.static_hyperparameters):
            field = f"{path}.static_hyperparameters.{SUBMIT_DIRECTORY}"
            location = location_of(uri, field)
            if not buckets.are_far(location) and not _has_objects(buckets, location, field):
                raise InvalidSpec(field, f"there is no code at {uri}", _remedy(s3_root, location))
        for field in ("output_uri", "checkpoint_uri"):
            if uri := getattr(definition, field):
                _require_place(buckets, uri, f"{path}.{field}")

    return check


def _has_objects(buckets: Buckets, location: Location, field: str) -> bool:
    try:
        with _of_field(field):
            return any(True for _ in buckets.list(location))
    except (NotFound, OSError):  # the latter: no name that a disk takes
        return False


def _require_place(buckets: Buckets, uri: str, field: str) -> None:
    """Raises InvalidSpec: nothing could be put there. It would be found out when the training is long over."""
    location = location_of(uri, field)
    if not buckets.are_far(location):
        with _of_field(field):
            buckets.folder(location).require_place(location.key)


@contextmanager
def _of_field(field: str) -> Iterator[None]:
    """Say of which field it is that something is wrong with a file."""
    try:
        yield
    except InvalidSpec as error:
        raise InvalidSpec(field, f"{error.field} {error.why}", error.remedy) from None


def _remedy(s3_root: Path | None, location: Location) -> str:
    if not location.bucket:
        return "Name a folder with files, or a file"
    return f"Copy them below {s3_root}/{location.bucket}: there this server has the bucket"
