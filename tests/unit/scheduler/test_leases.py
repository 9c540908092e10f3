"""A session's lease moves by its table only."""

from __future__ import annotations

import pytest

from tunewright.core.errors import IllegalTransition
from tunewright_scheduler.core.session import LEASE_MOVES, LeaseState, Session, check_epoch, fenced, renewed

LEASE_S = 30.0
OPEN = Session("t", 3, "owner", "default", 1, 0, "host", opened_at=100.0, expires_at=100.0 + LEASE_S)


def test_a_fenced_lease_is_of_an_epoch_that_nobody_has_and_is_not_fenced_again():
    over = fenced(OPEN)
    assert (over.lease, over.epoch) == (LeaseState.FENCED, OPEN.epoch + 1)
    with pytest.raises(IllegalTransition, match="at epoch 4"):
        check_epoch(over, "t", OPEN.epoch)  # nor renewed: who held it does not know its epoch
    with pytest.raises(IllegalTransition, match="session of trainer t is FENCED"):
        fenced(over)


def test_a_lease_that_drains_is_renewed_and_says_so_at_once():
    draining = renewed(OPEN, 101.0, LEASE_S, draining=True)
    assert (draining.lease, draining.expires_at) == (LeaseState.DRAINING, 101.0 + LEASE_S)
    assert fenced(draining).lease is LeaseState.FENCED


def test_every_state_of_a_lease_has_a_way_on():
    assert set(LEASE_MOVES) == set(LeaseState)
    assert all(LEASE_MOVES.values())
