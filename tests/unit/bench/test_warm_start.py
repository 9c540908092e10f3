import math

import pytest
from bench.suggester.problems.parents import Relation, related
from bench.suggester.problems.problem import Kind, Problem
from bench.suggester.results import Run, Task
from bench.suggester.warm_start import Pair, made, rows_of

from tunewright.core.space import Choice, Float, Int, ScalingType

BUDGET = 4


def pair(cold, warm):
    return Pair("branin", cold, warm)


def test_a_parent_that_changes_nothing_saves_and_costs_nothing():
    same = pair((0.9, 0.5, 0.2, 0.2), (0.9, 0.5, 0.2, 0.2))
    assert same.saved(BUDGET) == same.cost(BUDGET) == 0


def test_savings_are_counted_until_the_value_without_a_parent():
    assert pair((0.9, 0.5, 0.4, 0.2), (0.2, 0.2, 0.1, 0.1)).saved(BUDGET) == 0.75


def test_a_parent_that_misleads_saves_less_than_nothing():
    assert pair((0.9, 0.2, 0.2, 0.2), (0.9, 0.9, 0.9, 0.8)).saved(BUDGET) == -1


def test_the_value_to_reach_may_be_that_of_an_earlier_training():
    assert pair((0.9, 0.5, 0.4, 0.2), (0.5, 0.5, 0.1, 0.1)).saved(2) == 0.5


def test_a_cost_is_the_logarithm_of_a_ratio_of_regrets_with_the_offset():
    assert pair((0.01,), (0.03,)).cost(1) == pytest.approx(math.log(2))


def test_a_parent_s_problem_is_the_child_s_shifted_negated_or_itself():
    space = {
        "x": Float(0.0, 10.0),
        "rate": Float(1e-4, 1.0, ScalingType.LOGARITHMIC),
        "k": Int(1, 10),
        "c": Choice("ab"),
    }
    seen = []

    def value(configuration):
        seen.append(configuration)
        return configuration["x"]

    problem = Problem("copied", Kind.MIXED, space, value)
    at = {"x": 4.0, "rate": 1e-2, "k": 1, "c": "b"}
    assert related(problem, Relation.SAME) is problem
    assert related(problem, Relation.NEGATED).value(at) == -4.0
    assert related(problem, Relation.SHIFTED).value(at) == pytest.approx(3.0)
    assert seen[-1] == {"x": pytest.approx(3.0), "rate": pytest.approx(10**-2.4), "k": 1, "c": "b"}


def test_a_run_with_a_parent_begins_with_what_the_parent_knows():
    cold, warm = (made(Task("branin", name, 0, 1)) for name in ("ours", "ours+same/identical"))
    assert warm.trace[0] < cold.trace[0]
    assert warm.errors == 0


def test_rows_say_what_holds():
    """A negated parent that costs too much, and another parent that saves three quarters."""
    good, bad, cold = (0.5, 0.5, 0.5, 0.5), (40.0, 40.0, 40.0, 40.0), (40.0, 40.0, 40.0, 0.5)
    traces = {"ours": cold, "ours+same/identical": good, "ours+same/transfer": good, "ours+shifted/transfer": cold}
    traces["ours+negated/transfer"] = bad
    runs = [Run("branin", name, 0, 25, 1, "", (trace[0],) * 21 + trace, 1.0) for name, trace in traces.items()]
    holds = {row.name: row.holds for row in rows_of(runs)}
    assert holds["warm start, same/identical: trainings saved"]
    assert not holds["warm start, negated/transfer: regret at 25"]
    assert "warm start, negated/transfer: regret at 50" not in holds
