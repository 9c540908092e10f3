"""Which early stopping is asked for, what goes with what, and how it is written."""

from __future__ import annotations

import math

import pytest

from tests.unit.core.specs import ABSENT, PLACE, amt_body, definition, spec
from tunewright.core.amt import from_amt, to_amt
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile import from_jobfile
from tunewright.core.spec import EarlyStopping, EarlyStoppingRule, HyperbandConfig, Strategy
from tunewright.core.stopping import StopEvidence, active, sentence

NOTHING = EarlyStoppingRule()
AUTO, OFF = EarlyStopping.AUTO, EarlyStopping.OFF
CONFIG = "HyperParameterTuningJobConfig"
TYPE = f"{CONFIG}/TrainingJobEarlyStoppingType"


def refusal(rule=NOTHING, **fields):
    with pytest.raises(InvalidSpec) as caught:
        check(spec(early_stopping=rule, **fields))
    assert caught.value.remedy
    return caught.value


def test_where_nobody_has_said_one_it_is_off():
    assert not active(check(spec()).early_stopping)
    assert active(check(spec(early_stopping=EarlyStoppingRule(patience=3))).early_stopping)


def test_the_median_rule_takes_patience_and_a_threshold_beside_it():
    rule = EarlyStoppingRule(AUTO, patience=10, threshold=0.3)
    assert check(spec(early_stopping=rule)).early_stopping == rule


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("percentile", 0.0),
        ("percentile", -1.0),
        ("percentile", 100.1),
        ("percentile", math.nan),
        ("patience", 0),
        ("patience", 1_000_001),
        ("threshold", math.inf),
        ("threshold", math.nan),
    ],
)
def test_what_is_out_of_range_is_refused_by_its_field(field, value):
    assert refusal(EarlyStoppingRule(**{field: value})).field == f"early_stopping.{field}"


def test_the_median_and_a_percentile_are_one_too_many():
    error = refusal(EarlyStoppingRule(AUTO, percentile=40))
    assert (error.field, error.remedy) == ("early_stopping.percentile", "Give one of the two")


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (EarlyStoppingRule(AUTO), "type"),
        (EarlyStoppingRule(percentile=40), "percentile"),
        (EarlyStoppingRule(patience=4), "patience"),
        (EarlyStoppingRule(threshold=0.5), "threshold"),
    ],
)
def test_hyperband_takes_no_other_early_stopping(rule, field):
    error = refusal(rule, strategy=Strategy.HYPERBAND, hyperband=HyperbandConfig(1, 9))
    assert error.field == f"early_stopping.{field}"
    assert "TrainingJobEarlyStoppingType must be Off" in error.why


def several(rule):
    definitions = tuple(definition(name=name, objective=spec().objective) for name in ("a", "b"))
    return spec(definitions=definitions, early_stopping=rule)


@pytest.mark.parametrize(
    ("rule", "field"), [(EarlyStoppingRule(AUTO), "type"), (EarlyStoppingRule(percentile=40), "percentile")]
)
def test_trainings_of_several_definitions_are_not_compared(rule, field):
    with pytest.raises(InvalidSpec) as caught:
        check(several(rule))
    assert caught.value.field == f"early_stopping.{field}"


def test_what_is_about_one_training_alone_goes_with_several_definitions():
    rule = EarlyStoppingRule(OFF, patience=4, threshold=0.5)
    assert check(several(rule)).early_stopping == rule


def test_resources_of_hyperband_are_refused_where_they_would_be_ignored():
    assert refusal(hyperband=HyperbandConfig(1, 9)).field == "hyperband"


def read(**members):
    tree = {"script": "train.py", "maximize": "acc", "params": {"lr": "0.0..1.0"}, **members}
    return check(from_jobfile(tree, PLACE))


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("auto", EarlyStoppingRule(AUTO)),
        ("Off", EarlyStoppingRule(OFF)),
        (False, EarlyStoppingRule(OFF)),
        ({"percentile": 40, "patience": 10, "threshold": 0.3}, EarlyStoppingRule(None, 40, 10, 0.3)),
        ({"type": "auto", "patience": 10}, EarlyStoppingRule(AUTO, patience=10)),
    ],
)
def test_a_job_file_says_it_in_a_word_or_in_numbers(written, rule):
    assert read(early_stopping=written).early_stopping == rule


def test_a_job_file_asks_for_hyperband():
    assert read(strategy="hyperband", hyperband={"max_resource": 27}).hyperband == HyperbandConfig(1, 27)
    assert read(strategy="hyperband", fixed={"epochs": 9}).hyperband == HyperbandConfig(1, 9)


@pytest.mark.parametrize(("sent", "type_"), [("Auto", AUTO), ("Off", OFF), (ABSENT, OFF)])
def test_amts_request_says_it_and_it_is_always_echoed(sent, type_):
    body = amt_body(TYPE, sent)
    body["TrainingJobDefinition"]["OutputDataConfig"]["S3OutputPath"] = "file:///out"
    checked = check(from_amt(body))
    assert checked.early_stopping.type is (None if sent is ABSENT else type_)
    assert to_amt(checked)[CONFIG]["TrainingJobEarlyStoppingType"] == type_.value


SENTENCES = [
    (
        StopEvidence("median", 12, 0.61, 0.78, tuple(range(1, 24))),
        (
            "stopped early by the median rule: at value 12 its acc 0.61 was worse than 0.78, the median of the running "
            "means of 23 completed trainings"
        ),
    ),
    (
        StopEvidence("percentile", 12, 0.61, 0.78, (1, 2)),
        (
            "stopped early by the percentile rule: at value 12 its acc 0.61 was worse than 0.78, where the best 40 % "
            "of the running means of 2 completed trainings end"
        ),
    ),
    (
        StopEvidence("threshold", 2, math.nan, 0.3),
        "stopped early by the threshold rule: at value 2 its acc, no finite number, was worse than 0.3",
    ),
    (
        StopEvidence("patience", 9, 0.2, 0.25),
        "stopped early by the patience rule: up to value 9 its acc had been no better than 0.25 for too long",
    ),
    (
        StopEvidence("patience", 9, math.nan),
        "stopped early by the patience rule: none of its 9 values of acc was a finite number",
    ),
    (
        StopEvidence("rung", 3, 0.2, 0.4, (1, 2, 3, 4, 5)),
        (
            "stopped early by Hyperband: at value 3 its acc 0.2 was not among the best third; 0.4, of 5 other "
            "trainings, would have been"
        ),
    ),
    (StopEvidence("max_resource", 27, 0.9), "stopped by Hyperband at value 27 of acc: that is its MaxResource"),
]


@pytest.mark.parametrize(("evidence", "said"), SENTENCES, ids=[row[0].rule for row in SENTENCES])
def test_every_rule_says_why_in_a_sentence(evidence, said):
    assert sentence(evidence, "acc", percentile=40) == said
