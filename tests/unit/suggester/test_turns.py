"""Whose turn it is: places are few, jobs are many, and some places know some jobs."""

from __future__ import annotations

import asyncio

import pytest

from tunewright_suggester.turns import Elsewhere, Turns


async def waiting(turns, job, wanted=None):
    """Start to wait for a place, and return once in the line."""
    task = asyncio.ensure_future(turns.take(job, wanted))
    await asyncio.sleep(0)
    return task


async def served(turns, tasks, places):
    """Give places back one after the other; return who got them, in order."""
    order = []
    for place in places:
        turns.give_back(place)
        await asyncio.sleep(0)
        order += [name for name, task in tasks.items() if task.done() and name not in order]
    return order


async def test_a_job_that_asks_much_delays_another_by_one_ask_at_most():
    turns = Turns(1)
    await turns.take("busy")
    tasks = {f"greedy{number}": await waiting(turns, "greedy") for number in range(5)}
    tasks["modest"] = await waiting(turns, "modest")
    assert (await served(turns, tasks, [0] * 6))[:2] == ["greedy0", "modest"]


async def test_an_ask_of_a_later_round_is_not_starved_by_new_jobs():
    turns = Turns(1)
    await turns.take("busy")
    tasks = {f"greedy{number}": await waiting(turns, "greedy") for number in range(3)}
    order = []
    for number in range(6):
        tasks[f"new{number}"] = await waiting(turns, f"new{number}")
        order += [name for name in await served(turns, tasks, [0]) if name not in order]
    assert {"greedy0", "greedy1", "greedy2"} <= set(order)


async def test_few_places_are_used_where_few_suffice():
    turns = Turns(4)
    taken = []
    for _ in range(3):
        taken.append(await turns.take("job"))
        turns.give_back(taken[-1])
    assert len(set(taken)) == 1


async def test_a_job_goes_to_the_place_that_knows_it():
    turns = Turns(3)
    assert [await turns.take("job", wanted) for wanted in (2, None)] == [2, 0]


async def test_a_job_is_sent_elsewhere_rather_than_wait_beside_an_idle_place():
    turns = Turns(2)
    mine = await turns.take("other")
    with pytest.raises(Elsewhere):
        await turns.take("job", mine)


async def test_a_job_waits_for_its_place_while_all_are_busy_and_not_longer():
    turns = Turns(2)
    first, second = [await turns.take(f"other{number}") for number in range(2)]
    patient = await waiting(turns, "patient", first)
    any_place = await waiting(turns, "any")
    turns.give_back(second)
    assert await any_place == second
    turns.give_back(second)
    with pytest.raises(Elsewhere):
        await patient
    assert await turns.take("patient") == second


async def test_who_gives_up_waiting_takes_no_place_along():
    turns = Turns(1)
    await turns.take("busy")
    early, late = await waiting(turns, "early"), await waiting(turns, "late")
    early.cancel()
    await asyncio.sleep(0)
    late.cancel()
    turns.give_back(0)  # to the later one, whose cancellation has not arrived yet
    await asyncio.gather(early, late, return_exceptions=True)
    assert await turns.take("next") == 0
