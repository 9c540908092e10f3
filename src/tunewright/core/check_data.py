"""Judges where a training's data come from, and where its checkpoints and its model go."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from tunewright.core.amt_texts import NO_OBJECTS
from tunewright.core.errors import InvalidSpec
from tunewright.core.locations import location_of
from tunewright.core.spec import Channel, Definition, InputMode

MOST_CHANNELS: Final = 20
CHANNEL_NAME: Final = re.compile(r"[A-Za-z0-9.\-_]{1,64}")
NO_PIPE: Final = "Give File or FastFile: a program that opens the files of its channel reads them in either"
KNOWN: Final = {
    "s3_data_type": ({"S3Prefix", "ManifestFile"}, "Name a prefix of keys (S3Prefix), or list them (ManifestFile)"),
    "distribution": ({"FullyReplicated", "ShardedByS3Key"}, "Give FullyReplicated or ShardedByS3Key"),
    "compression": ({"None", "Gzip"}, "Leave it out, or give Gzip"),
    "record_wrapper": ({"None"}, "Leave it out: the files come as they are"),
    "input_mode": ({"File", "FastFile"}, NO_PIPE),
}
"""What a member may be, besides nothing at all, and what to do instead."""
WHY_NOT: Final = {
    "AugmentedManifestFile": "AMT streams it through pipes alone, which are not served here",
    "RecordIO": "AMT wraps records in pipes alone, which are not served here",
    "Pipe": "pipes are not served here",
}
"""Why something of AMT's is not taken."""

CHECKPOINTS: Final = "/opt/ml/checkpoints"
"""Where a program finds and leaves its checkpoints, if nothing is said."""
LONGEST_PATH: Final = 4096
NOT_THEIRS: Final = ("/opt/ml/input", "/proc", "/sys", "/dev")
"""No checkpoints can lie in these."""
MORE: Final = ("/opt/ml", "/opt/ml/output")
"""Nor can these be their folder, or any above: more is in them, which a later attempt must not find."""


def no_objects(uri: str) -> str:
    """Return AMT's text about a channel without data."""
    return f'{NO_OBJECTS} "{uri}" given in input data source'


def check_data(definition: Definition, path: str) -> None:
    """Raises InvalidSpec."""
    if definition.input_mode is InputMode.PIPE:
        raise InvalidSpec(f"{path}.input_mode", f"is 'Pipe': {WHY_NOT['Pipe']}", NO_PIPE)
    check_channels(definition.channels, path, definition.input_mode)
    _check_checkpoints(definition, path)
    if definition.output_uri:
        location_of(definition.output_uri, f"{path}.output_uri")


def check_channels(channels: tuple[Channel, ...], path: str, mode: InputMode = InputMode.FILE) -> None:
    """`mode` is that of channels that do not say. Raises InvalidSpec."""
    if len(channels) > MOST_CHANNELS:
        raise InvalidSpec(f"{path}.channels", f"{len(channels)} channels, at most {MOST_CHANNELS} can be", "Drop some")
    names = [channel.name for channel in channels]
    for index, channel in enumerate(channels):
        here = f"{path}.channels[{index}]"
        if not CHANNEL_NAME.fullmatch(channel.name) or channel.name in {".", ".."}:
            why = f"{channel.name!r} is not 1 to 64 letters, digits, points, hyphens and underscores"
            raise InvalidSpec(f"{here}.name", why, "For example training")
        if names.index(channel.name) != index:
            raise InvalidSpec(f"{here}.name", f"{channel.name!r} is given twice", "Name each channel once")
        _check_channel(channel, here, mode)


def _check_channel(channel: Channel, here: str, mode: InputMode) -> None:
    if not channel.uri:
        raise InvalidSpec(f"{here}.uri", "is missing", "Give s3://BUCKET/PREFIX or file:///FOLDER")
    location_of(channel.uri, f"{here}.uri")
    for field, (known, remedy) in KNOWN.items():
        if (asked := getattr(channel, field)) and asked not in known:
            why = WHY_NOT.get(asked, f"only {' and '.join(map(repr, sorted(known)))} can be")
            raise InvalidSpec(f"{here}.{field}", f"is {asked!r}: {why}", remedy)
    if channel.compression == "Gzip" and (channel.input_mode or mode) == InputMode.FAST_FILE:
        why = "is 'Gzip': FastFile shows the objects as they lie, and unpacks none"
        raise InvalidSpec(f"{here}.compression", why, "Give the channel the input mode File")
    if channel.s3_data_type == "ManifestFile" and channel.uri.endswith("/"):
        raise InvalidSpec(f"{here}.uri", f"{channel.uri!r} is no file", "Name the manifest itself")


def _check_checkpoints(definition: Definition, path: str) -> None:
    field, asked = f"{path}.checkpoint_path", definition.checkpoint_path
    if definition.checkpoint_uri:
        location_of(definition.checkpoint_uri, f"{path}.checkpoint_uri")
    elif asked:
        raise InvalidSpec(field, "says where checkpoints are, and not where to keep them", "Give checkpoint_uri too")
    if not asked:
        return
    place = PurePosixPath(asked)
    if (
        not place.is_absolute()
        or asked.startswith("//")
        or ".." in place.parts
        or "\0" in asked
        or len(asked) > LONGEST_PATH
    ):
        raise InvalidSpec(field, f"{asked!r} is no absolute path", f"For example {CHECKPOINTS}")
    holds_more = any(PurePosixPath(name).is_relative_to(place) for name in MORE)
    if holds_more or any(place.is_relative_to(name) for name in NOT_THEIRS):
        why = f"{asked!r} is not the program's to write, or holds more than checkpoints"
        raise InvalidSpec(field, why, f"For example {CHECKPOINTS}")
