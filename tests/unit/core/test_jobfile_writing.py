"""A job file that is written reads back to the specification, is short, and names what it cannot say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.specs import JOB_FILE, PLACE, amt_body, spec
from tunewright.core.amt import from_amt
from tunewright.core.check import check_new
from tunewright.core.durations import duration_text, parse_duration
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile import Place, from_jobfile, to_jobfile
from tunewright.core.program_variables import PYTHON_VARIABLE
from tunewright.core.ranges_text import default_regex
from tunewright.core.space import Float
from tunewright.core.spec import BayesianConfig, EnqueuedConfiguration, Parameter, Resources, StoppingCondition
from tunewright.platform.yaml_text import read_tree, write_tree

NAMES = st.text("abcdefgh_", min_size=1, max_size=6)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["yes", "no", "on", "null", "~", "1e-3", "0.10", "010", "0x1f", "1_000", "1:30", "2020-01-01", "=", "<<", "*a",
     "&a", "true", "True", ".inf", ".nan", "-.5", "- a", "a: b", "#x", "", " ", "'", '"', "{", "!x", "1e3", "9" * 70,
     "\\", "\x85", "\r"]
)  # fmt: skip
HINTED = Parameter("lr", Float(0.0, 1.0), hint=0.5)
REALS = st.floats(1e-300, 1e300)


@st.composite
def ranges(draw):
    match draw(st.integers(0, 2)):
        case 0:
            low, high = sorted((draw(REALS), draw(REALS)))
            return f"{draw(st.sampled_from(['linear', 'log', 'auto']))}({low!r}, {high!r})"
        case 1:
            low, high = sorted((draw(st.integers(-99, 99)), draw(st.integers(-99, 99))))
            return f"{low}..{high}"
        case _:
            return draw(st.lists(TEXTS | st.integers() | REALS | st.booleans(), min_size=1, max_size=4, unique_by=str))


OPTIONAL = {
    "reading": st.sampled_from(["last", "best", "mean of last 3"]),
    "metrics": st.lists(NAMES, unique=True, max_size=3)
    | st.dictionaries(NAMES, st.none() | TEXTS.filter(bool) | st.just(default_regex("acc")), max_size=3),
    "params": st.dictionaries(NAMES, ranges(), max_size=4),
    "fixed": st.dictionaries(NAMES, TEXTS | st.integers() | REALS, max_size=4),
    "autotune": st.dictionaries(NAMES, TEXTS, max_size=2),
    "environment": st.dictionaries(NAMES, TEXTS, max_size=2),
    "strategy": st.sampled_from(["bayesian", "random", "grid", "hyperband"]),
    "hyperband": st.fixed_dictionaries({}, optional={"min_resource": st.integers(0, 9), "max_resource": st.integers()}),
    "trials": st.integers(-1, 99) | st.just(30),
    "parallel": st.integers(0, 9),
    "max_runtime": st.integers(0, 10**6) | st.sampled_from(["2h", "1d"]),
    "max_cost": REALS,
    "target": st.floats(allow_nan=False, allow_infinity=False),
    "not_improving": st.integers(1, 99),
    "on_convergence": st.booleans(),
    "seed": st.integers(0, 2**62),
    "early_stopping": st.sampled_from(["auto", "off"])
    | st.fixed_dictionaries({}, optional={"type": st.just("auto"), "patience": st.integers(1, 9), "threshold": REALS}),
    "reevaluate": st.just({"top": 2, "repeats": 3}) | st.just({"top": 1, "repeats": 1, "seed": "s"}),
    "warm_start": NAMES | st.lists(NAMES, min_size=1, max_size=3),
    "try_first": st.just([{"free": "x"}, {}]),
    "channels": st.dictionaries(
        NAMES, st.sampled_from(["data/a b%", "/data", "s3://b/p q", "file:///a%20b"]), max_size=2
    ),
    "output": st.sampled_from(["", "out", "s3://b/p", "file:///a#b"]),
    "checkpoints": st.sampled_from(["", "c c"]),
    "instance": st.sampled_from(["local", "ml.m5.large"]),
    "instances": st.integers(1, 4),
    "share_gpus": st.booleans(),
    "spot": st.booleans(),
    "max_training_runtime": st.sampled_from([60, "90m", "1d"]),
    "max_wait": st.sampled_from([61, "2d"]),
    "retries": st.integers(0, 3),
    "pool": NAMES,
    "network_isolation": st.booleans(),
    "priority": st.integers(-9, 9),
    "prices": st.dictionaries(NAMES, REALS, max_size=2),
    "tags": st.dictionaries(NAMES, TEXTS, max_size=2),
    "python": st.sampled_from(["python3", "venv/bin/python"]),
    "workdir": st.sampled_from([".", "/srv"]),
}
PROGRAMS = st.sampled_from([{"script": "train.py"}, {"script": "/srv/a b.py"}, {"image": "registry/img:1"}])
FILES = st.tuples(
    PROGRAMS,
    st.sampled_from([{"maximize": "acc"}, {"minimize": "the loss"}]),
    st.fixed_dictionaries({}, optional=OPTIONAL),
).map(lambda parts: {"name": "of-the-file", **parts[0], **parts[1], **parts[2]})


@given(FILES)
@settings(max_examples=300, deadline=None)
def test_what_was_read_is_written_so_that_it_reads_the_same_wherever_it_is_read(file):
    try:
        given_spec = from_jobfile(file, PLACE)
    except InvalidSpec:
        return
    written = to_jobfile(given_spec)
    assert written.not_short == ""
    tree, _ = read_tree(write_tree(written.tree))
    assert from_jobfile(tree, Place("/elsewhere", "pypy", "other")) == given_spec
    assert from_jobfile(tree, Place(None, "python3", "")) == given_spec


@given(FILES)
@settings(max_examples=50, deadline=None)
def test_nothing_can_be_left_out_of_what_is_written(file):
    try:
        given_spec = from_jobfile(file, PLACE)
    except InvalidSpec:
        return
    tree = to_jobfile(given_spec).tree
    for name in tree:
        rest = {key: value for key, value in tree.items() if key != name}
        try:
            assert from_jobfile(rest, Place("/elsewhere", "pypy", "other")) != given_spec
        except InvalidSpec:
            continue


def test_a_short_job_file_stays_short():
    tree = to_jobfile(from_jobfile(JOB_FILE, PLACE)).tree
    assert write_tree(tree) == (
        "name: digits-1\n"
        "script: /home/me/digits/train.py\n"
        "python: /usr/bin/python3\n"
        "workdir: /home/me/digits\n"
        "maximize: val_acc\n"
        "params:\n"
        "  lr: log(0.0001, 0.1)\n"
        "  batch: [32, 64, 128]\n"
        "  epochs: 10..50\n"
        "trials: 20\n"
    )


@pytest.mark.parametrize(
    ("metrics", "written"),
    [
        (None, None),
        (["f1"], ["f1"]),
        (["f1", "val_acc"], ["f1", "val_acc"]),
        (["val_acc", "f1"], ["f1"]),
        ({"f1": "F1 (.)"}, {"f1": "F1 (.)"}),
        ({"val_acc": None}, {"val_acc": None}),
        ({"f1": None, "val_acc": "a (.)"}, {"f1": None, "val_acc": "a (.)"}),
    ],
)
def test_metrics_are_written_as_shortly_as_can_be(metrics, written):
    given_spec = from_jobfile(JOB_FILE | {"metrics": metrics}, PLACE)
    assert to_jobfile(given_spec).tree.get("metrics") == written


def test_what_autotune_and_a_grid_have_filled_in_is_written_as_it_is():
    chosen = check_new(from_jobfile({"image": "i:1", "maximize": "acc", "autotune": {"lr": 0.01, "n": 32}}, PLACE))
    tree = to_jobfile(chosen).tree
    assert check_new(from_jobfile(tree, PLACE)) == chosen


@pytest.mark.parametrize(
    ("exotic", "field"),
    [
        ({"bayesian": BayesianConfig("fast")}, "bayesian"),
        ({"suggest_wait_s": 9.0}, "suggest_wait_s"),
        ({"summary_due_s": 9.0}, "summary_due_s"),
        ({"role_arn": "r", "priority": 3}, "definitions[0].role_arn"),
        ({"stopping": StoppingCondition(max_pending_s=7), "priority": 3}, "definitions[0].stopping.max_pending_s"),
        ({"resources": Resources(volume_size_gb=7), "priority": 3}, "definitions[0].resources.volume_size_gb"),
        (
            {"parameters": (Parameter("lr", Float(0.0, 1.0), hint=0.5),), "priority": 3},
            "definitions[0].parameters[0].hint",
        ),
        ({"environment": {PYTHON_VARIABLE: "python3"}, "priority": 3}, "definitions[0].environment"),
        ({"enqueued": (EnqueuedConfiguration({}, "other"),)}, "enqueued[0].definition_name"),
    ],
)
def test_what_no_form_can_say_is_refused_by_its_field(exotic, field):
    with pytest.raises(InvalidSpec) as caught:
        to_jobfile(spec(**exotic))
    assert caught.value.field == field


def test_several_definitions_are_not_said_shortly():
    one = spec().definitions[0]
    with pytest.raises(InvalidSpec) as caught:
        to_jobfile(spec(definitions=(replace(one, name="a"), replace(one, name="b")), priority=3))
    assert caught.value.field == "definitions"


def test_a_job_of_amts_is_written_in_its_form_which_says_it_all():
    given_spec = from_amt(amt_body())
    written = to_jobfile(given_spec)
    assert written.not_short == "definitions[0].parameters[0].low_text"
    assert read_tree(write_tree(written.tree))[0] == amt_body()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, 0), (59, 59), (60, "1m"), (90, 90), (5400, "90m"), (86_400, "1d"), (172_800, "2d")]
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds, text):
    assert duration_text(seconds) == text
    assert parse_duration(text, "") == seconds


def test_what_only_amts_body_says_is_written_of_a_specification_that_never_was_one():
    before = spec()
    (definition,) = before.definitions
    asked = check_new(replace(before, definitions=(replace(definition, resources=Resources(volume_size_gb=7)),)))
    written = to_jobfile(asked)
    assert written.not_short == "definitions[0].resources.volume_size_gb"
    read = from_amt(written.tree)
    assert [item.range for item in read.definitions[0].parameters] == [
        item.range for item in asked.definitions[0].parameters
    ]
    assert read.definitions[0].resources.volume_size_gb == 7
