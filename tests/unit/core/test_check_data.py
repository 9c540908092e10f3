"""Where data come from and go to: what is taken, what is refused, and where a URI leads."""

from __future__ import annotations

import pytest

from tunewright.core.check_data import check_data
from tunewright.core.errors import InvalidSpec
from tunewright.core.locations import Location, location_of
from tunewright.core.spec import Channel, Definition, InputMode


def refusal(*channels: Channel, **fields: object) -> InvalidSpec:
    with pytest.raises(InvalidSpec) as caught:
        check_data(Definition("file:///x", channels=channels, **fields), "definitions[0]")  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    "channel",
    [
        Channel("train", "s3://my-bucket"),
        Channel("train", "s3://my-bucket/some/prefix-"),
        Channel("Train.1_a-b", "file:///data/some%20folder"),
        Channel("train", "s3://b2/x", distribution="ShardedByS3Key"),
        Channel("train", "s3://b2/x", input_mode="File", content_type="text/csv", shuffle_seed=7),
        Channel("train", "s3://b2/x", input_mode="FastFile"),
        Channel("train", "s3://b2/x.manifest", s3_data_type="ManifestFile", compression="Gzip", input_mode="File"),
        Channel("train", "s3://b2/x", s3_data_type="", distribution="", compression="", record_wrapper=""),
    ],
)
def test_what_is_taken(channel):
    check_data(Definition("file:///x", channels=(channel,), output_uri="s3://bucket/models"), "definitions[0]")


@pytest.mark.parametrize(
    ("field", "channel"),
    [
        ("name", Channel("", "s3://bucket")),
        ("name", Channel("..", "s3://bucket")),
        ("name", Channel("a/b", "s3://bucket")),
        ("name", Channel("a" * 65, "s3://bucket")),
        ("uri", Channel("a")),
        ("uri", Channel("a", "https://host/data")),
        ("uri", Channel("a", "/data")),
        ("uri", Channel("a", "file://host/data")),
        ("uri", Channel("a", "s3:///data")),
        ("uri", Channel("a", "s3://../other")),
        ("uri", Channel("a", "s3://b\0cket/x")),
        ("uri", Channel("a", "s3://bucket/../other")),
        ("uri", Channel("a", "s3://bucket/a/..")),
        ("uri", Channel("a", "file:///data/%2e%2e/secret")),
        ("uri", Channel("a", "file:///data/%00")),
        ("uri", Channel("a", "s3://bucket/" + "x" * 1024)),
        ("uri", Channel("a", "s3://bucket/x/", s3_data_type="ManifestFile")),
        ("s3_data_type", Channel("a", "s3://bucket/x", s3_data_type="Other")),
        ("s3_data_type", Channel("a", "s3://bucket/x", s3_data_type="AugmentedManifestFile")),
        ("compression", Channel("a", "s3://bucket/x", compression="Zip")),
        ("compression", Channel("a", "s3://bucket/x", compression="Gzip", input_mode="FastFile")),
        ("record_wrapper", Channel("a", "s3://bucket/x", record_wrapper="RecordIO")),
        ("input_mode", Channel("a", "s3://bucket/x", input_mode="Pipe")),
        ("distribution", Channel("a", "s3://bucket/x", distribution="Other")),
    ],
)
def test_what_is_refused_and_by_which_field(field, channel):
    error = refusal(channel)
    assert error.field == f"definitions[0].channels[0].{field}"
    assert error.remedy


@pytest.mark.parametrize(
    ("mode", "asked"),
    [("Pipe", "input_mode"), ("AugmentedManifestFile", "s3_data_type"), ("RecordIO", "record_wrapper")],
)
def test_what_belongs_to_pipes_is_refused_with_the_reason(mode, asked):
    error = refusal(Channel("a", "s3://bucket/x", **{asked: mode}))
    assert "pipes" in error.why


def test_the_mode_of_all_channels():
    assert refusal(input_mode=InputMode.PIPE).field == "definitions[0].input_mode"
    packed = Channel("a", "s3://bucket/x", compression="Gzip")
    assert refusal(packed, input_mode=InputMode.FAST_FILE).field == "definitions[0].channels[0].compression"
    check_data(Definition("file:///x", channels=(Channel("a", "s3://bucket/x"),), input_mode=InputMode.FAST_FILE), "d")


@pytest.mark.parametrize("path", ["", "/opt/ml/checkpoints", "/opt/ml/model", "/opt/ml/output/data", "/root/ckpt/"])
def test_where_checkpoints_can_lie(path):
    check_data(Definition("file:///x", checkpoint_uri="s3://bucket/ckpt", checkpoint_path=path), "definitions[0]")


@pytest.mark.parametrize(
    "path",
    [
        *("checkpoints", "/", "//proc/x", "/opt", "/opt/ml", "/opt/ml/", "/opt/ml/output", "/opt/ml/input/data/x"),
        *("/proc", "/dev/shm", "/opt/ml/../x", "/a\0", "/" + "x" * 4096),
    ],
)
def test_where_checkpoints_cannot_lie(path):
    error = refusal(checkpoint_uri="s3://bucket/ckpt", checkpoint_path=path)
    assert (error.field, bool(error.remedy)) == ("definitions[0].checkpoint_path", True)


def test_checkpoints_without_a_place_to_keep_them():
    assert refusal(checkpoint_path="/opt/ml/checkpoints").field == "definitions[0].checkpoint_path"
    assert refusal(checkpoint_uri="https://bucket").field == "definitions[0].checkpoint_uri"


def test_channels_are_bounded_and_bear_one_name_each():
    assert refusal(*[Channel(f"c{number}", "s3://bucket") for number in range(21)]).field == "definitions[0].channels"
    assert refusal(Channel("a", "s3://b1b"), Channel("a", "s3://b2b")).field == "definitions[0].channels[1].name"


def test_an_output_that_is_no_place():
    assert refusal(output_uri="https://host/x").field == "definitions[0].output_uri"


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("s3://bucket", Location("bucket", "")),
        ("s3://bucket/a/b%20c?d#e", Location("bucket", "a/b%20c?d#e")),
        ("s3://bucket//a", Location("bucket", "/a")),
        ("file:///a/b%20c", Location("", "a/b c")),
        ("file://localhost/a", Location("", "a")),
        ("file:////etc/passwd", Location("", "etc/passwd")),
    ],
)
def test_where_a_uri_leads(uri, location):
    assert location_of(uri, "field") == location


@pytest.mark.parametrize("uri", ["s3://bucket/a/b c?d#e%", "file:///a/b%20c%25"])
def test_a_location_is_told_as_it_was_given(uri):
    assert location_of(uri, "field").uri == uri
