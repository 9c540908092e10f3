"""The table of what becomes of each member of AWS's requests, held against botocore's model."""

from __future__ import annotations

import copy
from functools import cache

import botocore.loaders
import botocore.model
import pytest

from tests.unit.core.specs import AMT_BODY, amt_body
from tunewright.core.amt.treatment import TRAINING, TUNING_JOB, check_members, refused_members, treatment_of
from tunewright.core.amt.treatments import Kind
from tunewright.core.errors import InvalidSpec

TABLES = {"CreateHyperParameterTuningJob": TUNING_JOB, "CreateTrainingJob": TRAINING}


@cache
def model():
    description = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")
    return botocore.model.ServiceModel(description, "sagemaker")


def members(shape, path=""):
    """Yield the path of each member below a shape, without indexes, and whether it is a leaf."""
    while shape.type_name == "list":
        shape = shape.member
    if shape.type_name != "structure":
        return
    for name, member in shape.members.items():
        here = f"{path}.{name}" if path else name
        below = list(members(member, here))
        yield here, not below
        yield from below


@pytest.mark.parametrize("operation", TABLES)
def test_every_member_of_the_model_has_a_row_and_every_row_a_member(operation):
    known = dict(members(model().operation_model(operation).input_shape))
    table = TABLES[operation]
    covered = {path for path in known if any(path == row or path.startswith(f"{row}.") for row in table)}
    assert {path for path, leaf in known.items() if leaf} - covered == set(), "members without a row"
    assert table.keys() - known.keys() == set(), "rows without a member"


@pytest.mark.parametrize("operation", TABLES)
def test_what_is_honoured_is_honoured_leaf_by_leaf_so_that_a_new_member_is_noticed(operation):
    leaves = dict(members(model().operation_model(operation).input_shape))
    whole = {path for path, treatment in TABLES[operation].items() if treatment.kind is Kind.HONOURED}
    assert {path for path in whole if not leaves[path]} == set()


def test_what_is_not_honoured_says_why():
    for table in TABLES.values():
        assert [
            path for path, row in table.items() if (row.kind is not Kind.HONOURED or row.only) and not row.note
        ] == []


def test_a_member_is_found_by_its_path_or_the_structure_that_holds_it():
    assert treatment_of("TrainingJobDefinition.ResourceConfig.VolumeKmsKeyId").kind is Kind.STORED
    assert treatment_of("TrainingJobDefinitions.VpcConfig.Subnets").kind is Kind.STORED
    assert treatment_of("ResourceConfig.InstanceGroups.InstanceType").kind is Kind.REFUSED
    for unknown in ("Nonsense", "TrainingJobDefinition", "TrainingJobDefinition.Nonsense"):
        with pytest.raises(KeyError):
            treatment_of(unknown)


def test_what_sdks_send_asks_for_nothing_that_is_refused():
    body = copy.deepcopy(AMT_BODY)
    definition = body["TrainingJobDefinition"]
    definition |= {
        "EnableManagedSpotTraining": False,
        "EnableNetworkIsolation": False,
        "CheckpointConfig": None,
        "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    }
    definition["AlgorithmSpecification"]["AlgorithmName"] = ""
    check_members(body)


@pytest.mark.parametrize(
    ("member", "value", "path", "why"),
    [
        (
            "InputDataConfig",
            [{}, {"DataSource": {"FileSystemDataSource": {"FileSystemId": "fs"}}}],
            "InputDataConfig[1].DataSource.FileSystemDataSource",
            "Mount it",
        ),
        ("InputDataConfig", [{}, {"InputMode": "Pipe"}], "InputDataConfig[1].InputMode", "no pipes"),
        ("AlgorithmSpecification", {"AlgorithmName": "xgboost"}, "AlgorithmSpecification.AlgorithmName", "not here"),
        ("OutputDataConfig", {"CompressionType": "NONE"}, "OutputDataConfig.CompressionType", "model.tar.gz"),
    ],
)
def test_what_is_refused_is_named_as_its_writer_knows_it(member, value, path, why):
    body = amt_body(f"TrainingJobDefinition/{member}", value)
    with pytest.raises(InvalidSpec, match=why) as caught:
        check_members(body)
    assert caught.value.field == f"TrainingJobDefinition.{path}"
    listed = {"TrainingJobDefinitions": [{}, {member: value}]}
    assert [found for found, _ in refused_members(listed)] == [f"TrainingJobDefinitions[1].{path}"]


def test_a_tree_that_is_no_request_is_no_trouble():
    deep = []
    for _ in range(5000):
        deep = [deep]
    assert list(refused_members({"TrainingJobDefinition": deep, "InputDataConfig": "text", "Nonsense": deep})) == []
