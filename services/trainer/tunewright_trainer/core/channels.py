"""What a channel is made of: how it is read, which objects a manifest names, where each lies, and whose it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.locations import Location, location_of
from tunewright.core.spec import Channel, Definition, InputMode

GZIP_ENDING: Final = ".gz"
MANIFESTS_FORM: Final = 'A manifest is [{"prefix": "s3://BUCKET/PREFIX/"}, "a.csv", "b.csv", …]'


def input_mode(channel: Channel, definition: Definition) -> InputMode:
    """Return how a channel is read: as it says itself, or as its definition says for all."""
    return InputMode(channel.input_mode) if channel.input_mode else definition.input_mode


def is_sharded(channel: Channel) -> bool:
    return channel.distribution == "ShardedByS3Key"


def instances_of(index: int, channel: Channel, instances: int) -> Sequence[int]:
    """Return which instances get the object of this index among the channel's keys in order."""
    return (index % instances,) if is_sharded(channel) else range(instances)


def path_of(prefix: str, key: str, *, unpacked: bool = False) -> str:
    """Return the path of an object below its channel's folder; `unpacked`: without the ending of what was packed.

    What stands below the prefix keeps its folders: of s3://b/train the object train/a/b.csv is a/b.csv. Where the
    prefix ends within a name, the name stays whole: of s3://b/data/part- the object data/part-1/x is part-1/x.

    Raises: InvalidSpec: the key cannot be a file.
    """
    rest = key.removeprefix(prefix)
    whole_names = not prefix or prefix.endswith("/") or rest.startswith("/")
    words = [word for word in (rest if whole_names else key[prefix.rfind("/") + 1 :]).split("/") if word]
    if unpacked and words and words[-1] != GZIP_ENDING:
        words[-1] = words[-1].removesuffix(GZIP_ENDING)
    if not words or ".." in words or "." in words or "\0" in key:
        raise InvalidSpec(key, "cannot be the name of a file", "Rename the object")
    return "/".join(words)


def check_layout(prefix: str, keys: Sequence[str], *, unpacked: bool = False) -> set[str]:
    """Return the folders that the files of these keys lie in; "" is the channel's own.

    Raises: InvalidSpec: a key cannot be a file, two of them would be one, or one would be a folder as well.
    """
    paths: set[str] = set()
    folders = {""}
    for key in keys:
        path = path_of(prefix, key, unpacked=unpacked)
        if path in paths:
            other = next(before for before in keys if path_of(prefix, before, unpacked=unpacked) == path)
            raise InvalidSpec(key, f"would be the same file as {other!r}", "Name a longer prefix")
        paths.add(path)
        while (path := path.rpartition("/")[0]) not in folders:
            folders.add(path)
    if both := folders & paths:
        name = min(both)
        key = next(key for key in keys if path_of(prefix, key, unpacked=unpacked).startswith(f"{name}/"))
        raise InvalidSpec(key, f"would lie in {name!r}, which is a file", "Rename one of the two")
    return folders


def read_manifest(content: bytes, uri: str) -> tuple[Location, list[str]]:
    """Return the prefix of a manifest, and the keys that it names, each once, in order.

    A key is what the prefix and an entry are when written one after the other. Raises InvalidSpec.
    """
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as error:  # the former: also what is no UTF-8
        raise InvalidSpec(f"manifest {uri}", f"is no JSON: {error}", MANIFESTS_FORM) from None
    match entries:
        case [{"prefix": str(prefix)}, *names] if names:
            root = _root(prefix, uri)
        case _:
            raise InvalidSpec(f"manifest {uri}", "is no list of a prefix and of names", MANIFESTS_FORM)
    for index, name in enumerate(names, 1):
        if not isinstance(name, str) or not name:
            raise InvalidSpec(f"manifest {uri}[{index}]", f"is {json.dumps(name)}, and no name", MANIFESTS_FORM)
    return root, sorted({root.key + name for name in names})


def _root(prefix: str, uri: str) -> Location:
    field = f"manifest {uri}[0].prefix"
    root = location_of(prefix, field)
    if bool(root.bucket) != bool(location_of(uri, field).bucket):
        why = f"{prefix!r} is of another kind than the manifest's own place"
        raise InvalidSpec(field, why, "Name objects of buckets in a bucket, and files in a file")
    return root
