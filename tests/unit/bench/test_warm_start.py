from bench.suggester.problems.problem import Relation
from bench.suggester.warm_start import Pair

from tunewright.core.spec import WarmStartType


def pair(cold, warm):
    return Pair("branin", Relation.SAME, WarmStartType.TRANSFER_LEARNING, 0, cold, warm)


def test_a_parent_that_changes_nothing_saves_nothing():
    assert pair((0.9, 0.5, 0.2, 0.2), (0.9, 0.5, 0.2, 0.2)).saved == 0


def test_savings_are_counted_until_the_value_at_the_end_without_a_parent():
    assert pair((0.9, 0.5, 0.4, 0.2), (0.2, 0.2, 0.1, 0.1)).saved == 0.75


def test_a_parent_that_misleads_saves_nothing_or_less():
    assert pair((0.9, 0.2, 0.2, 0.2), (0.9, 0.9, 0.9, 0.8)).saved == -1
