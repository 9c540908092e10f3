"""What the door answers, and what it keeps to itself."""

from __future__ import annotations

import asyncio
import gc
import threading
import uuid
from dataclasses import replace

import pytest
import structlog
from prometheus_client import REGISTRY

from tests.unit.gateway.edge.asking import KEY, SECRET, Client, House, Request, ask, refused, signed
from tunewright.core.errors import Fault, InvalidSpec, Unavailable
from tunewright_gateway.edge import body as bodies


@pytest.fixture
def house() -> House:
    return House()


async def test_every_answer_has_a_request_id_and_amazons_media_type(house: House):
    for request in (signed(), signed(secret="wrong"), signed("Nothing"), replace(signed(), method="GET")):
        answer = await house.ask(request)
        uuid.UUID(answer.headers["x-amzn-requestid"])
        assert answer.headers["content-type"] == "application/x-amz-json-1.1"
        assert int(answer.headers["content-length"]) == len(answer.body)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
async def test_only_post_is_answered(house: House, method: str):
    answer = await house.ask(replace(signed(), method=method))
    assert (answer.status, answer.code) == (404, "UnknownOperationException")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/json", "application/x-www-form-urlencoded"])
async def test_only_amazons_json_is_taken(house: House, kind: str):
    """What a form of a web page can send is none of it."""
    answer = await house.ask(signed().but("Content-Type", kind))
    assert (answer.status, answer.code) == (404, "UnknownOperationException")


async def test_the_first_requests_wait_for_one_loading():
    """Two at once would read each other's half of the model."""
    loads: list[str] = []
    begun, done = threading.Event(), threading.Event()

    def load() -> None:
        loads.append("begun")
        begun.set()
        done.wait(30)
        loads.append("done")

    house = House(load)
    asked = [asyncio.ensure_future(house.ask(signed(body=b'{"n": %d}' % number))) for number in range(3)]
    await asyncio.to_thread(begun.wait, 30)
    assert house.done == []
    done.set()
    assert [answer.status for answer in await asyncio.gather(*asked)] == [200, 200, 200]
    assert loads == ["begun", "done"]


async def test_a_charset_may_be_named(house: House):
    request = signed(more={"Content-Type": "application/x-amz-json-1.1; charset=UTF-8"})
    assert (await house.ask(request)).status == 200


@pytest.mark.parametrize("target", ["", "SageMaker.", "SageMaker.CreateModel", "DescribeIt", "sagemaker.DescribeIt"])
async def test_an_operation_that_is_not_served_is_unknown(house: House, target: str):
    answer = await house.ask(signed(more={"X-Amz-Target": target}))
    assert (answer.status, answer.code) == (400, "UnknownOperationException")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.2", "", "::1"])
async def test_a_page_that_names_itself_after_us_is_refused(host: str):
    """DNS rebinding: also where any credentials will do, which a browser could send."""
    house = House(any_credentials=True)
    answer = await house.ask(signed().but("Host", host))
    assert (answer.status, answer.code) == (403, "AccessDeniedException")
    assert house.done == []


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8080", "null", ""])
async def test_a_web_page_is_refused_whatever_its_origin(origin: str):
    house = House(any_credentials=True)
    answer = await house.ask(signed().but("Origin", origin))
    assert (answer.status, answer.code) == (403, "AccessDeniedException")
    assert house.done == []


async def test_a_name_that_was_configured_is_ours():
    house = House(names=("tuner.example",))
    assert (await house.ask(signed(host="tuner.example:8443"))).status == 200
    assert (await house.ask(signed(host="Tuner.Example"))).status == 200
    assert (await house.ask(signed(host="localhost"))).status == 403


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"a"', b"1", b"\xff", b'{"a": "\\ud800"}', b"[" * 200_000, b'{"a":' * 100_000, b"1" * 5000]
)
async def test_what_is_no_json_object_is_the_callers_fault(house: House, body: bytes):
    answer = await house.ask(signed(body=body))
    assert (answer.status, answer.code) == (400, "SerializationException")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_its_limit_is_refused(house: House, announced: bool):
    request = signed(body=b" " * (bodies.LARGEST + 1))
    if announced:
        request = request.but("Content-Length", str(len(request.body)))
    client = Client(request)
    await house.door(request.scope(), client.receive, client.send)
    assert client.answered is not None
    assert (client.answered.status, client.answered.code) == (413, "RequestEntityTooLarge")
    assert (client.read == 0) == announced


async def test_the_largest_body_is_taken(house: House):
    assert (await house.ask(signed(body=b"{}" + b" " * (bodies.LARGEST - 2)))).status == 200


async def test_a_large_body_is_read_beside_other_work():
    begun, done = threading.Event(), threading.Event()

    def read(_operation: str, raw: bytes) -> dict[str, object]:
        if len(raw) > 100_000:
            begun.set()
            assert done.wait(30)
        return {}

    house = House(read=read)
    large = asyncio.ensure_future(house.ask(signed(body=b'{"a": "%s"}' % (b"a" * 100_000))))
    await asyncio.to_thread(begun.wait, 30)
    assert (await house.ask(signed())).status == 200
    done.set()
    assert (await large).status == 200


async def test_nothing_is_read_of_a_stranger(house: House):
    for request in (signed(key="stranger", body=b" " * 999), signed(body=b" " * 999).but("Authorization", None)):
        client = Client(request)
        await house.door(request.scope(), client.receive, client.send)
        assert client.read == 0


async def test_bodies_have_one_room_together(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "ROOM", 1000)
    assert (await house.ask(signed(body=b"{}" + b" " * 1000))).code == "ThrottlingException"
    for _ in range(3):
        assert (await house.ask(signed(body=b"{}" + b" " * 900))).status == 200


async def test_an_unexpected_fault_is_told_as_an_id_and_nothing_else(house: House):
    for number, fault in enumerate((RuntimeError(f"secret {SECRET}"), Fault("secret path"), RecursionError())):
        house.fault = fault
        with structlog.testing.capture_logs() as logs:
            answer = await house.ask(signed("CreateIt", b'{"a": %d}' % number))
        assert refused(answer) == (500, "InternalFailure", "An internal error occurred.")
        (told,) = [line for line in logs if line["event"] == "fault"]
        assert told["request_id"] == answer.headers["x-amzn-requestid"]
        assert told["exc_info"] is fault


async def test_a_scheduler_that_is_away_is_503_which_clients_try_again(house: House):
    house.fault = Unavailable("the server", "ipv4:10.0.0.7:7070 refused")
    answer = await house.ask(signed())
    assert (answer.status, answer.code) == (503, "ServiceUnavailable")
    assert "10.0.0.7" not in answer.body.decode()


async def test_an_error_of_ours_is_told_as_amazon_would(house: House):
    house.fault = InvalidSpec("field", "is wrong")
    assert refused(await house.ask(signed())) == (400, "ValidationException", "field: is wrong")


async def test_a_read_ends_when_nobody_waits_for_it(house: House):
    house.hold = asyncio.Event()
    request = signed("DescribeIt")
    client = Client(request)
    asked = asyncio.create_task(house.door(request.scope(), client.receive, client.send))
    await asyncio.sleep(0)
    client.hang_up()
    await asked
    await asyncio.sleep(0)
    assert (client.answered, house.cancelled) == (None, 1)


async def test_a_change_goes_to_its_end_though_the_client_goes(house: House):
    house.hold = asyncio.Event()
    request = signed("CreateIt")
    client = Client(request)
    asked = asyncio.create_task(house.door(request.scope(), client.receive, client.send))
    await asyncio.sleep(0)
    client.hang_up()
    house.hold.set()
    await asked
    assert (house.cancelled, house.done) == (0, ["CreateIt"])


async def test_a_client_that_goes_in_the_midst_of_its_body_leaves_nothing(house: House):
    request = signed("CreateIt", b"{}" + b" " * 100)
    client = Client(request, part=10)
    del client._parts[3:]
    scope = request.scope()
    receive = client.receive

    async def cut() -> dict[str, object]:
        return {**(await receive()), "more_body": True} if client._parts else {"type": "http.disconnect"}

    await house.door(scope, cut, client.send)
    assert (client.answered, house.done, house.door._bodies._held) == (None, [], 0)


@pytest.mark.parametrize("request_", [signed(secret="x"), signed(key="x"), signed().but("Authorization", None)])
async def test_any_credentials_will_do_where_that_was_asked_for(request_: Request):
    assert (await House(any_credentials=True).ask(request_)).status == 200
    assert (await House().ask(request_)).status == 400


async def test_the_log_says_who_asked_for_what_and_no_secret(house: House):
    with structlog.testing.capture_logs() as logs:
        await house.ask(signed("CreateIt", b'{"Environment": {"A": "private"}}'))
        await house.ask(signed("Made" * 10))
    first, second = [line for line in logs if line["event"] == "request"]
    assert (first["operation"], first["code"], first["status"], first["key_id"]) == ("CreateIt", "OK", 200, KEY)
    assert (second["operation"], second["code"]) == ("other", "UnknownOperationException")
    text = str(logs)
    assert "private" not in text
    assert SECRET not in text
    assert signed("CreateIt", b'{"Environment": {"A": "private"}}').authorization.rpartition("=")[2] not in text


async def test_requests_are_counted_by_operation_and_code(house: House):
    def counted(operation: str, code: str) -> float:
        labels = {"operation": operation, "code": code}
        return REGISTRY.get_sample_value("tunewright_http_requests_total", labels) or 0.0

    before = counted("DescribeIt", "OK"), counted("other", "UnknownOperationException")
    await house.ask(signed())
    for number in range(50):
        await house.ask(signed(f"Made{number}"))
    assert (counted("DescribeIt", "OK"), counted("other", "UnknownOperationException")) == (
        before[0] + 1,
        before[1] + 50,
    )
    assert not [s for m in REGISTRY.collect() for s in m.samples if "Made" in str(s.labels)]


async def test_requests_leave_nothing_behind(house: House):
    async def many(count: int) -> None:
        for number in range(count):
            await house.ask(signed("DescribeIt", b'{"a": %d}' % number))
            await ask(house.door, signed(secret="wrong"))
            await asyncio.sleep(0)  # what was cancelled ends

    await many(20)
    gc.collect()
    before = len(asyncio.all_tasks()), len(gc.get_objects())
    await many(100)
    gc.collect()
    assert len(asyncio.all_tasks()) == before[0]
    assert len(gc.get_objects()) < before[1] + 500


async def test_of_wrong_signatures_of_one_host_few_are_answered_and_a_right_one_always():
    house = House()
    wrong = signed("DescribeIt", secret="another")
    codes = [(await house.ask(wrong)).code for _ in range(30)]
    assert codes == ["InvalidSignatureException"] * 20 + ["ThrottlingException"] * 10
    assert (await house.ask(signed("DescribeIt"))).code == "OK"
    house.clocks.on(1)
    assert (await house.ask(wrong)).code == "InvalidSignatureException"
