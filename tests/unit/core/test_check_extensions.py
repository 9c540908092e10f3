"""What AMT does not have is judged as strictly: by the name of its field, with a remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.specs import JOB_FILE, PLACE, spec
from tunewright.core import jobfile
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec
from tunewright.core.members import renamed
from tunewright.core.space import Choice
from tunewright.core.spec import Limits, Parameter, Reevaluation, Strategy

PRICED = {"prices_per_second": {"local": 0.1}}

WRONG = [
    ("priority", spec(priority=101)),
    ("priority", spec(priority=-101)),
    ("prices_per_second.local", spec(prices_per_second={"local": -0.1})),
    ("prices_per_second.local", spec(prices_per_second={"local": float("inf")})),
    ("prices_per_second.ml.m5.large", spec(prices_per_second={"ml.m5.large": float("nan")})),
    ("limits.max_cost", spec(limits=Limits(1, 20, max_cost=0.0), **PRICED)),
    ("limits.max_cost", spec(limits=Limits(1, 20, max_cost=float("nan")), **PRICED)),
    ("prices_per_second", spec(limits=Limits(1, 20, max_cost=3.0))),
    ("prices_per_second", spec(limits=Limits(1, 20, max_cost=3.0), prices_per_second={"local": 0.0})),
    ("prices_per_second", spec(limits=Limits(1, 20, max_cost=3.0), prices_per_second={"gpu": 1.0})),
    ("limits.max_trainings", spec(limits=Limits(1, max_cost=3.0), **PRICED)),
    ("reevaluation.top", spec(reevaluation=Reevaluation(0, 2))),
    ("reevaluation.top", spec(reevaluation=Reevaluation(33, 1), limits=Limits(1, 100))),
    ("reevaluation.repeats", spec(reevaluation=Reevaluation(2, 0))),
    ("reevaluation.seed_parameter", spec(reevaluation=Reevaluation(2, 2, "lr"))),
    ("reevaluation", spec(reevaluation=Reevaluation(5, 2), limits=Limits(1, 10))),
    ("reevaluation", spec(reevaluation=Reevaluation(5, 2), limits=Limits(1, max_runtime_s=60))),
]


@pytest.mark.parametrize(("field", "wrong"), WRONG, ids=[f"{i}-{field}" for i, (field, _) in enumerate(WRONG)])
def test_what_is_wrong_is_refused_by_the_name_of_its_field(field, wrong):
    with pytest.raises(InvalidSpec) as refused:
        check(wrong)
    assert refused.value.field == field


def test_a_limit_of_the_cost_without_a_price_says_which_price_to_give():
    with pytest.raises(InvalidSpec, match="Give the price of a second: local"):
        check(spec(limits=Limits(1, 20, max_cost=3.0)))


@pytest.mark.parametrize("field", sorted({field for field, _ in WRONG}))
def test_all_that_may_be_found_wrong_has_a_name_in_the_job_file(field):
    members = jobfile.members_of(jobfile.from_jobfile(JOB_FILE, PLACE))
    assert renamed(field, members).split(".")[0] in {"priority", "prices", "max_cost", "trials", "reevaluate"}


def test_a_grid_is_run_whole_and_its_repeats_come_on_top():
    wanted = spec(
        strategy=Strategy.GRID,
        limits=Limits(2),
        parameters=(Parameter("batch", Choice(("32", "64", "128"))),),
        reevaluation=Reevaluation(2, 2),
    )
    assert check(wanted).limits.max_trainings == 7
    assert check(check(wanted)) == check(wanted)
    with pytest.raises(InvalidSpec, match="the grid has 3 points and 4 are run again"):
        check(replace(wanted, limits=Limits(2, 3)))


def test_the_job_file_says_it_shortly():
    tree = {
        **JOB_FILE,
        "prices": {"local": "1e-4", "gpu": 1},
        "max_cost": 5,
        "priority": 3,
        "reevaluate": {"top": 3, "repeats": 2, "seed": "seed"},
    }
    read = check(jobfile.from_jobfile(tree, PLACE))
    assert read.prices_per_second == {"local": 1e-4, "gpu": 1.0}
    assert (read.limits.max_cost, read.limits.max_trainings, read.priority) == (5.0, 20, 3)
    assert read.reevaluation == Reevaluation(3, 2, "seed")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"prices": {"local": "cheap"}}, "prices.local"),
        ({"prices": 3}, "prices"),
        ({"reevaluate": {"top": 3}}, "reevaluate.repeats"),
        ({"reevaluate": {"top": 3, "repeats": 2, "sed": "seed"}}, "reevaluate.sed"),
        ({"max_cost": "cheap"}, "max_cost"),
    ],
)
def test_what_a_job_file_gets_wrong_is_named_by_member(members, field):
    with pytest.raises(InvalidSpec) as refused:
        jobfile.from_jobfile(JOB_FILE | members, PLACE)
    assert refused.value.field == field
