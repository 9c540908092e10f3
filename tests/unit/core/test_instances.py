"""Instance types: their sizes, what an operator adds, and what is said of a name that nobody knows."""

from __future__ import annotations

import re

import botocore.loaders
import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.instances import GIB, Need, read_sizes
from tunewright.core.spec import Definition, Resources
from tunewright.platform.instance_types import instance_types, packaged_types

UNPUBLISHED = re.compile(r"ml\.g7\..*")
"""Types of botocore's whose sizes we do not know."""


def of(instance_type: str, **fields) -> Definition:
    return Definition("file:///train", resources=Resources(instance_type, **fields))


def test_every_training_type_that_aws_names_has_its_size_here():
    model = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")
    named = model["shapes"]["TrainingInstanceType"]["enum"]
    assert [name for name in named if name not in packaged_types() and not UNPUBLISHED.fullmatch(name)] == []


@pytest.mark.parametrize(
    ("name", "need"),
    [
        ("local", Need()),
        ("local_gpu", Need(gpus=1)),
        ("ml.m5.xlarge", Need(4, 16 * GIB)),
        ("ml.c4.xlarge", Need(4, 15 * GIB // 2)),
        ("ml.p4d.24xlarge", Need(96, 1152 * GIB, 8)),
        ("ml.g5.12xlarge", Need(48, 192 * GIB, 4)),
    ],
)
def test_sizes_are_those_that_aws_publishes(name, need):
    assert packaged_types().need(Resources(name)) == need


def test_a_need_is_told_in_words():
    assert str(Need(96, 1152 * GIB, 8)) == "96 CPUs, 1152 GiB, 8 GPUs"
    assert str(Need(1, 0, 1)) == "1 CPU, 1 GPU"
    assert str(Need()) == "nothing"


def test_gpus_are_shared_if_the_definition_says_so():
    assert packaged_types().need(Resources("local_gpu", gpus_shared=True)) == Need(gpus=1, gpus_shared=True)


def test_a_made_up_name_is_refused_with_the_nearest_ones():
    with pytest.raises(InvalidSpec, match=r"Did you mean ml\.g5\.xlarge") as refused:
        packaged_types().check(of("ml.g5.xlarg"), "definitions[0]")
    assert refused.value.field == "definitions[0].resources.instance_type"


def test_sharing_what_a_type_does_not_have_is_refused():
    with pytest.raises(InvalidSpec, match="has no GPU") as refused:
        packaged_types().check(of("ml.m5.large", gpus_shared=True), "definitions[0]")
    assert refused.value.field == "definitions[0].resources.gpus_shared"


def test_an_operators_file_adds_types_and_gives_known_ones_other_sizes(tmp_path):
    file = tmp_path / "types.toml"
    file.write_text('"ml.m5.large" = { cpus = 1.5, memory_gib = 7 }\nbig = { gpus = 2 }\n')
    types = instance_types(file, "TUNEWRIGHT_INSTANCE_TYPES")
    assert types.need(Resources("ml.m5.large")) == Need(1.5, 7 * GIB)
    assert types.need(Resources("big")) == Need(gpus=2)
    assert types.need(Resources("ml.m5.xlarge")) == Need(4, 16 * GIB)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = { cpus = -1 }", "a.cpus: is -1"),
        ("a = { cpus = inf }", "a.cpus: is inf"),
        ("a = { cpu = 1 }", "a.cpu: is not known. Did you mean cpus?"),
        ("a = 4", "a: must be a mapping"),
        ("a = { gpus = 1.5 }", "a.gpus: must be an integer"),
        ("a = {}\nb = = 1", "is not TOML: .*line 2"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_what_to_do(tmp_path, text, said):
    file = tmp_path / "types.toml"
    file.write_text(text)
    with pytest.raises(InvalidSpec, match=said) as refused:
        instance_types(file, "TUNEWRIGHT_INSTANCE_TYPES")
    assert refused.value.remedy
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidSpec, match="No such file") as refused:
        instance_types(tmp_path / "none.toml", "TUNEWRIGHT_INSTANCE_TYPES")
    assert refused.value.field == "TUNEWRIGHT_INSTANCE_TYPES"


def test_sizes_that_are_left_out_are_none():
    assert read_sizes({"a": {}}) == {"a": Need()}
