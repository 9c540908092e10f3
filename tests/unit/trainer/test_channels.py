"""Where objects lie in a channel's folder, which a manifest names, and which instance they are for."""

from __future__ import annotations

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.locations import Location
from tunewright.core.spec import Channel
from tunewright_trainer.core.channels import check_layout, instances_of, path_of, read_manifest


@pytest.mark.parametrize(
    ("prefix", "key", "path"),
    [
        ("train", "train/a.csv", "a.csv"),
        ("train/", "train/deep/a.csv", "deep/a.csv"),
        ("data/train", "data/train/deep/a.csv", "deep/a.csv"),
        ("data/a.csv", "data/a.csv", "a.csv"),
        ("data/part-", "data/part-0001.csv", "part-0001.csv"),
        ("data/part-", "data/part-1/x", "part-1/x"),
        ("train", "training/a.csv", "training/a.csv"),
        ("", "a/b", "a/b"),
        ("a", "a//b", "b"),
        ("/", "/a", "a"),
    ],
)
def test_folders_below_the_prefix_are_kept_and_names_stay_whole(prefix, key, path):
    assert path_of(prefix, key) == path


@pytest.mark.parametrize(
    ("prefix", "keys"),
    [
        ("a", ["a/../../b"]),
        ("", [".."]),
        ("a/", ["a/./b"]),
        ("a/", ["a/b", "a//b"]),
        ("t", ["t/tx", "tx"]),
        ("a/", ["a/b", "a/b/c"]),
        ("a/", ["a/b/c/d", "a/b"]),
    ],
)
def test_what_cannot_be_a_tree_of_files_is_refused(prefix, keys):
    with pytest.raises(InvalidSpec):
        check_layout(prefix, keys)


def test_the_folders_of_the_files():
    assert check_layout("d/", ["d/a", "d/b/c/x", "d/b/c/y", "d/e/x"]) == {"", "b", "b/c", "e"}


@pytest.mark.parametrize(("key", "path"), [("d/a.csv.gz", "a.csv"), ("d/a.csv", "a.csv"), ("d/b/.gz", "b/.gz")])
def test_what_is_unpacked_loses_its_ending(key, path):
    assert path_of("d/", key, unpacked=True) == path


def test_two_objects_that_are_one_file_once_unpacked():
    with pytest.raises(InvalidSpec, match=r"the same file as 'd/a'"):
        check_layout("d/", ["d/a", "d/a.gz"], unpacked=True)


def test_a_shard_is_every_nth_key_and_a_replica_everything():
    sharded, replicated = Channel("a", distribution="ShardedByS3Key"), Channel("a")
    assert [list(instances_of(index, sharded, 3)) for index in range(5)] == [[0], [1], [2], [0], [1]]
    assert [list(instances_of(index, replicated, 3)) for index in range(2)] == [[0, 1, 2]] * 2


def test_a_manifest_names_keys_below_its_prefix_each_once_in_order():
    content = rb'[{"prefix": "s3://other/some/pre-"}, "b", "a/x", "b", "\u00e4"]'
    root, keys = read_manifest(content, "s3://bucket/manifest")
    assert root == Location("other", "some/pre-")
    assert keys == ["some/pre-a/x", "some/pre-b", "some/pre-\u00e4"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"{}", "no list"),
        (b'["s3://bucket/a"]', "no list"),
        (b'[{"prefix": "s3://bucket/"}]', "no list"),
        (b'[{"prefix": 1}, "a"]', "no list"),
        (b'[{"prefix": "s3://bucket/", "more": 1}, "a", {"key": 3}]', r'manifest\[2\]: is \{"key": 3\}'),
        (b'[{"prefix": "s3://bucket/"}, "a", ""]', r'manifest\[2\]: is ""'),
        (b'[{"prefix": "https://host/"}, "a"]', r"\[0\]\.prefix: 'https://host/'"),
        (b'[{"prefix": "s3://bucket/../"}, "a"]', "leads out"),
        (b'[{"prefix": "file:///etc/"}, "passwd"]', "another kind"),
    ],
)
def test_a_manifest_that_is_none_names_the_entry_and_the_form(content, said):
    with pytest.raises(InvalidSpec, match=said) as caught:
        read_manifest(content, "s3://bucket/manifest")
    assert caught.value.remedy


def test_a_manifest_that_leads_out_of_its_prefix():
    root, keys = read_manifest(b'[{"prefix": "file:///data/"}, "../etc/passwd"]', "file:///manifest")
    with pytest.raises(InvalidSpec, match="cannot be the name of a file"):
        check_layout(root.key, keys)
