"""S3, or what speaks like it, by boto3: endpoint, region and credentials come by boto3's own rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
from boto3.exceptions import RetriesExceededError, S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as Unreachable

from tunewright.core.errors import InvalidSpec, NotFound, TunewrightError, Unavailable
from tunewright.core.locations import Location
from tunewright_trainer.storage.port import Object

CALLS: Final = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 2})
"""Short: who calls tries again, for as long as is good for the training."""
PARTS: Final = TransferConfig(max_concurrency=4, num_download_attempts=2)
"""Parts of one object at a time; whole objects come beside each other as well."""
PASSING: Final = {"RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded"}
"""Refusals that asking again may mend, beside those that HTTP's status tells."""
MISSING: Final = 404
IMPATIENT: Final = {408, 429}
SERVERS_FAULT: Final = 500


def open_client() -> Any:
    """Return a client of S3; threads may share it. Raises InvalidSpec: the profile or the region is not usable."""
    try:
        return boto3.session.Session().client("s3", config=CALLS)
    except (BotoCoreError, ValueError) as error:
        raise InvalidSpec("S3", f"cannot be spoken to: {error}", "See the trainer's AWS_… variables") from error


class S3Storage:
    def __init__(self, client: Any, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def list(self, prefix: str) -> Iterator[Object]:
        with self._understood(prefix):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    if not item["Key"].endswith("/"):
                        yield Object(item["Key"], item["Size"])

    def fetch(self, key: str, to: Path, told: Callable[[int], None]) -> None:
        with self._understood(key):
            self._client.download_file(self._bucket, key, str(to), Callback=told, Config=PARTS)

    def put(self, source: Path, key: str, told: Callable[[int], None]) -> None:
        told(0)  # of an empty file nothing is told
        listener = _Listener(told)
        with listener.heard(), self._understood(key):
            self._client.upload_file(str(source), self._bucket, key, Callback=listener, Config=PARTS)
        source.unlink()

    def delete(self, key: str) -> None:
        with self._understood(key):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    @contextmanager
    def _understood(self, key: str) -> Iterator[None]:
        """Raise what boto3 raises in the words of the port."""
        uri = Location(self._bucket, key).uri
        try:
            yield
        except ClientError as error:
            raise _refusal(error, uri) from error
        except S3UploadFailedError as error:  # it hides what has happened
            answer = error.__context__
            raise _refusal(answer, uri) if isinstance(answer, ClientError) else Unavailable(uri, str(error)) from error
        except (Unreachable, HTTPClientError, IncompleteReadError, RetriesExceededError) as error:
            raise Unavailable(uri, str(error)) from error
        except BotoCoreError as error:  # no credentials, a name that no bucket has …
            raise InvalidSpec(uri, str(error), "See the trainer's AWS_… variables") from error


class _Listener:
    """Keeps what was raised when bytes were told of: in an upload boto3 takes it for a fault of the connection."""

    def __init__(self, told: Callable[[int], None]) -> None:
        self._told = told
        self._raised: Exception | None = None

    def __call__(self, size: int) -> None:
        try:
            self._told(size)
        except Exception as error:
            self._raised = error
            raise

    @contextmanager
    def heard(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if self._raised is not None:
                raise self._raised from error
            raise


def _refusal(error: ClientError, uri: str) -> TunewrightError:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == MISSING or code in {"NoSuchBucket", "NoSuchKey"}:
        return NotFound("bucket" if code == "NoSuchBucket" else "object", uri)
    if status >= SERVERS_FAULT or status in IMPATIENT or code in PASSING:
        return Unavailable(uri, str(error))
    return InvalidSpec(uri, str(error), "Grant the trainer what it lacks")
