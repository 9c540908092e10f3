"""What fits a host, and which claim gets which training: the rules, as functions of plain values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.core.instances import GIB, Capacity, Need
from tunewright_scheduler.core.fitting import Demand, fits, largest, left, less
from tunewright_scheduler.core.sharing_out import (
    ELSEWHERE_S,
    RESERVE_AFTER_S,
    Peer,
    Place,
    Reservation,
    Room,
    Waiting,
    place_for,
    reservation,
)

HOST = Capacity(8, 32 * GIB, 2)
SMALL, BIG = Demand("small", Need(1, GIB)), Demand("big", Need(8, GIB))
NOBODY = Reservation()


def demand(cpus=0.0, memory_bytes=0, gpus=0, instances=1, *, shared=False) -> Demand:
    return Demand("a", Need(cpus, memory_bytes, gpus, shared), instances)


def waiting(of: Demand = SMALL, since: float = 0.0, left_by: str = "") -> Waiting:
    return Waiting("uid/000001", of, since, left_by)


def place(trainer: str, slots: int, free: Capacity | None) -> Place:
    return Place(trainer, slots, Room(free), Room())


# -- What fits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "fit"),
    [
        (demand(8, 32 * GIB, 2), True),
        (demand(8.5), False),
        (demand(memory_bytes=32 * GIB + 1), False),
        (demand(gpus=3), False),
        (demand(2, 8 * GIB, instances=4), True),
        (demand(2, 8 * GIB, instances=5), False),
        (demand(gpus=1, instances=3), False),
        (demand(gpus=2, instances=3, shared=True), True),
        (demand(gpus=3, shared=True), False),
    ],
)
def test_all_instances_of_a_training_fit_one_host_together(wanted, fit):
    assert fits(wanted, HOST) is fit


def test_a_host_that_tells_no_sizes_holds_whatever_it_has_slots_for():
    assert fits(demand(10**6), None)


def test_a_gpu_is_whole_for_one_or_shared_by_those_who_share():
    one_gpu = Capacity(gpus=1)
    sharing, whole = demand(gpus=1, shared=True), demand(gpus=1)
    shared = less(one_gpu, sharing)
    assert (fits(sharing, shared), fits(whole, shared)) == (True, False)
    taken = less(one_gpu, whole)
    assert (fits(sharing, taken), fits(whole, taken)) == (False, False)


def test_where_only_gpus_count_nothing_else_keeps_a_training_out():
    two = Capacity(gpus=2, only_gpus=2)
    one, eight = Demand(need=Need(96, 768 * GIB, 1)), Demand(need=Need(gpus=8))
    assert fits(one, two)
    assert fits(eight, two), "it gets those that there are"
    beside = left(two, [one])
    assert fits(one, beside)
    assert not fits(eight, beside)
    assert not fits(one, left(two, [one, one]))
    assert not fits(one, left(two, [eight]))
    assert fits(Demand(need=Need(96)), left(two, [eight]))
    assert fits(Demand(need=Need(gpus=4, gpus_shared=True)), two)


def test_tenths_of_cpus_add_up_to_whole_ones():
    assert fits(demand(0.1), left(Capacity(0.3), [demand(0.1)] * 2))


DEMANDS = st.builds(
    demand,
    st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    st.sampled_from([0, GIB, 9 * GIB]),
    st.integers(0, 2),
    st.integers(1, 3),
    shared=st.booleans(),
)


@given(st.lists(DEMANDS, max_size=30))
def test_what_is_granted_one_by_one_never_exceeds_the_host(demands):
    free, held = HOST, []
    for one in demands:
        if fits(one, free):
            free, held = less(free, one), [*held, one]
    whole = [one.whole for one in held]
    assert sum(one.cpus for one in whole) <= HOST.cpus + 1e-6
    assert sum(one.memory_bytes for one in whole) <= HOST.memory_bytes
    assert sum(one.gpus for one in whole) + free.gpus_shared + free.gpus == HOST.gpus
    assert free.gpus_shared >= max((one.need.gpus for one in held if one.need.gpus_shared), default=0)


def test_the_largest_host_has_the_most_gpus():
    assert largest([Capacity(96), HOST, Capacity(4, GIB, 2)]) == HOST


# -- Who gets what ----------------------------------------------------------------------------------------------------


def test_the_first_claim_that_can_hold_a_training_gets_it():
    places = [place("a", 1, Capacity(1)), place("b", 1, Capacity(8, GIB))]
    assert place_for(waiting(BIG), places, NOBODY, (), 0.0) == 1
    assert place_for(waiting(demand(1)), places, NOBODY, (), 0.0) == 0


def test_a_claim_without_slots_gets_nothing():
    assert place_for(waiting(), [place("a", 0, None)], NOBODY, (), 0.0) is None


def test_what_one_claim_is_given_is_counted_all_together():
    only = place("a", 8, Capacity(2, 8 * GIB))
    for _ in range(2):
        assert place_for(waiting(), [only], NOBODY, (), 0.0) == 0
        only.take(SMALL)
    assert place_for(waiting(), [only], NOBODY, (), 0.0) is None


def test_several_claims_of_one_trainer_share_its_host():
    host = Room(Capacity(1, GIB))
    places = [Place("a", 1, Room(HOST), host) for _ in range(2)]
    places[0].take(SMALL)
    assert place_for(waiting(), places, NOBODY, (), 0.0) is None


def test_after_a_while_one_trainer_that_could_hold_it_is_kept_for_a_training():
    peers = [Peer("small", Capacity(4)), Peer("a", HOST), Peer("b", HOST)]
    big = waiting(BIG)
    assert reservation(big, peers, RESERVE_AFTER_S - 1) is None
    kept = reservation(big, peers, RESERVE_AFTER_S)
    assert kept is not None
    assert kept.trainer_id in {"a", "b"}
    assert reservation(big, list(reversed(peers)), RESERVE_AFTER_S) == kept
    places = [place("a", 8, HOST), place("b", 8, HOST)]
    index = place_for(waiting(), places, kept, (), RESERVE_AFTER_S)
    assert index is not None
    assert places[index].trainer_id != kept.trainer_id


def test_nobody_is_kept_for_what_fits_no_trainer():
    assert reservation(waiting(demand(100)), [Peer("a", HOST)], 10**6) is None


def test_a_lost_training_goes_to_another_trainer_if_one_could_hold_it():
    lost = waiting(BIG, left_by="a")
    places = [place("a", 1, HOST), place("b", 1, HOST)]
    able, unable = [Peer("a", HOST), Peer("b", HOST)], [Peer("a", HOST), Peer("b", Capacity(1))]
    assert place_for(lost, places, NOBODY, able, 1.0) == 1
    assert place_for(lost, places[:1], NOBODY, able, 1.0) is None
    assert place_for(lost, places[:1], NOBODY, able, ELSEWHERE_S) == 0
    assert place_for(lost, places[:1], NOBODY, unable, 1.0) == 0
    assert place_for(lost, places[:1], NOBODY, able[:1], 1.0) == 0
