"""A change is carried out once for a signature, however often it is sent."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.gateway.edge.asking import House, Request, ask, signed
from tunewright.core.errors import Unavailable
from tunewright_gateway.edge import replays


def create(invocation: str = "one", **given: object) -> Request:
    request = signed("CreateIt", **given)  # type: ignore[arg-type]
    return request.but("amz-sdk-invocation-id", invocation) if invocation else request


@pytest.mark.parametrize("later", [0, 1, 60, 299])
async def test_a_change_that_is_sent_again_is_answered_again_and_not_made_again(later: float):
    house = House()
    first = await house.ask(create())
    house.clocks.on(later)
    again = await house.ask(create())
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["x-amzn-requestid"] != first.headers["x-amzn-requestid"]
    assert house.done == ["CreateIt"]


async def test_beyond_its_time_it_is_expired_and_still_not_made_again():
    house = House()
    await house.ask(create())
    house.clocks.on(301)
    assert (await house.ask(create())).code == "InvalidSignatureException"
    assert house.done == ["CreateIt"]


async def test_a_signature_of_the_future_is_remembered_as_long_as_it_is_good():
    house = House()
    house.clocks.on(-300)
    await house.ask(create())
    house.clocks.on(599)
    assert (await house.ask(create())).status == 200
    assert house.done == ["CreateIt"]


async def test_a_replay_with_another_id_of_the_client_is_a_replay():
    """The id is not signed: whoever replays may put any."""
    house = House()
    await house.ask(create("one"))
    house.clocks.on(2.5)
    for other in ("two", "", "three"):
        assert (await house.ask(create(other))).status == 200
    assert house.done == ["CreateIt"]


async def test_two_honest_requests_of_one_second_are_two():
    """boto3 signs seconds, so tagging, untagging and tagging again may bear one signature twice."""
    house = House()
    for number, operation in enumerate(("AddTags", "DeleteTags", "AddTags")):
        await house.ask(signed(operation).but("amz-sdk-invocation-id", f"{number}"))
        house.clocks.on(0.1)
    assert house.done == ["AddTags", "DeleteTags", "AddTags"]


async def test_reads_are_answered_afresh():
    house = House()
    answers = [await house.ask(signed("DescribeIt")) for _ in range(3)]
    assert [answer.tree["Done"] for answer in answers] == [1, 2, 3]


async def test_what_failed_may_be_tried_again_with_the_same_signature():
    """A client that tries again within the second signs the same bytes."""
    house = House()
    house.fault = Unavailable("the scheduler")
    assert (await house.ask(create())).status == 503
    house.fault = None
    assert (await house.ask(create())).status == 200
    assert house.done == ["CreateIt"]


async def test_the_same_at_once_is_carried_out_once():
    house = House()
    house.hold = asyncio.Event()
    asked = [asyncio.create_task(ask(house.door, create())) for _ in range(5)]
    await asyncio.sleep(0)
    house.hold.set()
    answers = await asyncio.gather(*asked)
    assert {answer.body for answer in answers} == {b'{"Done": 1}'}
    assert house.done == ["CreateIt"]


async def test_who_waited_for_one_that_failed_tries_for_itself():
    house = House()
    house.hold, house.fault = asyncio.Event(), Unavailable("the scheduler")
    first = asyncio.create_task(ask(house.door, create()))
    for _ in range(5):
        await asyncio.sleep(0)
    assert house.door._replays._carried
    second = asyncio.create_task(ask(house.door, create()))
    house.hold.set()
    assert (await first).status == 503
    house.fault = None
    assert (await second).status == 200
    assert house.done == ["CreateIt"]


async def test_memory_is_bounded_and_what_does_not_fit_waits(monkeypatch: pytest.MonkeyPatch):
    """To forget one that is still good would open the door to it again."""
    monkeypatch.setattr(replays, "REMEMBERED", 3)
    house = House()
    for number in range(3):
        assert (await house.ask(create(body=b"%d" % number))).status == 400  # no object: not carried out
    for number in range(4):
        answer = await house.ask(create(body=b'{"a": %d}' % number))
    assert answer.code == "ThrottlingException"
    assert len(house.done) == 3
    house.clocks.on(601)
    for number in range(3):
        assert (await house.ask(create(body=b'{"a": %d}' % number, at=house.clocks.now))).status == 200
    assert len(house.door._replays._carried) <= 3
