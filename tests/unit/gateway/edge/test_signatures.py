"""SigV4 against botocore's own signing: what is honest comes in, and whatever was changed after signing does not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.gateway.edge.asking import NOON, SECRET, House, Request, refused, signed

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
UNKNOWN = (400, "UnrecognizedClientException", "The security token included in the request is invalid.")


async def answered(request: Request) -> tuple[int, str, str]:
    house = House(names=("127.0.0.1", "localhost", "door.example", "[::1]"))
    answer = await house.ask(request)
    assert bool(house.done) == (answer.status == 200)
    return (200, "OK", "") if answer.status == 200 else refused(answer)


@pytest.mark.parametrize(
    "request_",
    [
        signed(),
        signed("CreateIt", b'{"Name": "\xc3\xa4"}'),
        signed(region="local"),
        signed(region="us-gov-west-1"),
        signed(host="localhost"),
        signed(host="door.example"),
        signed(host="[::1]:9"),
        signed(query="b=2&a=1%20x"),
        signed(more={"Date": "now"}),
        signed(more={"X-Custom": "  two   blanks  "}),
        signed().but("User-Agent", "Boto3/1.44.5"),
        signed().but("amz-sdk-invocation-id", "not signed"),
    ],
)
async def test_what_was_signed_comes_in(request_: Request):
    assert await answered(request_) == (200, "OK", "")


@pytest.mark.parametrize(
    "tampered",
    [
        signed(secret="another"),
        replace(signed(body=b'{"a": 1}'), body=b'{"a": 2}'),
        replace(signed(), query="a=1"),
        replace(signed(query="a=1"), query="a=2"),
        signed("DescribeIt").but("X-Amz-Target", "SageMaker.CreateIt"),
        signed().but("Host", "localhost:8080"),
        signed().but("X-Amz-Date", "20261122T120001Z"),
        signed(more={"X-Custom": "a"}).but("X-Custom", "b"),
        signed(more={"X-Custom": "a"}).but("X-Custom", None),
        signed().but("Authorization", signed().authorization[:-1]),
        signed().but("Authorization", signed().authorization + "0"),
        signed().but("Authorization", signed().authorization.replace("eu-west-1", "eu-west-2")),
    ],
)
async def test_what_was_changed_after_signing_does_not(tampered: Request):
    assert await answered(tampered) == (400, "InvalidSignatureException", MISMATCH)


@pytest.mark.parametrize("said", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "0" * 64])
async def test_a_hash_that_is_not_the_bodys_is_no_hash(said: str):
    """botocore signs what this header says; the body has to be what it says."""
    assert (await answered(signed(more={"X-Amz-Content-SHA256": said})))[1] == "InvalidSignatureException"


@pytest.mark.parametrize("header", ["Host", "X-Amz-Target", "X-Amz-Date"])
async def test_what_gives_a_request_its_meaning_must_be_signed(header: str):
    """Else one signature would do for another operation, another time or another server."""
    names = ["content-type", "host", "x-amz-date", "x-amz-target"]
    without = ";".join(name for name in names if name != header.lower())
    request = signed().but("Authorization", signed().authorization.replace(";".join(names), without))
    _, code, text = await answered(request)
    assert code == "InvalidSignatureException"
    assert "must be a 'SignedHeader' in the AWS Authorization." in text


async def test_headers_that_botocore_never_signs_may_have_been_signed_by_others():
    """Other signers include User-Agent, which botocore's leaves out."""
    request = signed(more={"User-Agent": "aws-sdk-go"})
    assert "user-agent" not in request.authorization
    names = request.authorization.replace("content-type;host;", "content-type;host;user-agent;")
    assert (await answered(request.but("Authorization", names)))[1] == "InvalidSignatureException"


@pytest.mark.parametrize("name", ["Authorization", "Host", "X-Amz-Date", "X-Amz-Target", "Content-Type"])
async def test_a_header_with_a_meaning_stands_once(name: str):
    request = signed()
    doubled = replace(request, headers=(*request.headers, (name, dict(request.headers)[name])))
    assert (await answered(doubled))[:2] == (400, "IncompleteSignatureException")


async def test_other_headers_may_be_repeated():
    request = signed()
    assert (await answered(replace(request, headers=(*request.headers, ("X-Other", "a"), ("X-Other", "b")))))[0] == 200


async def test_a_key_that_is_not_ours_and_a_session_are_unknown_alike():
    assert await answered(signed(key="AKIAOTHER")) == UNKNOWN
    assert await answered(signed(token="FwoGZXIvYXdzE")) == UNKNOWN


async def test_who_does_not_sign_is_told_so():
    missing = (400, "MissingAuthenticationTokenException", "Missing Authentication Token")
    assert await answered(signed().but("Authorization", None)) == missing
    assert await answered(signed().but("Authorization", "  ")) == missing


@pytest.mark.parametrize(
    ("authorization", "text"),
    [
        ("AWS4-HMAC-SHA256 Credential=a/20261122/r/sagemaker/aws4_request", "requires 'Signature' parameter"),
        ("AWS4-HMAC-SHA256 Signature=a, SignedHeaders=host", "Authorization header requires 'Credential' parameter."),
        ("AWS4-HMAC-SHA256", "requires 'SignedHeaders' parameter"),
        ("Bearer hidden-token", "Unsupported AWS 'algorithm'"),
        ("hidden-token", "Unsupported AWS 'algorithm'"),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;x-amz-date;x-amz-target, Signature=hidden",
            "Credential must have exactly 5 slash-delimited elements",
        ),
    ],
)
async def test_what_is_incomplete_is_named_and_not_quoted(authorization: str, text: str):
    status, code, told = await answered(signed().but("Authorization", authorization))
    assert (status, code) == (400, "IncompleteSignatureException")
    assert text in told
    assert "hidden" not in told


@pytest.mark.parametrize("date", ["", "yesterday", "2026-11-22T12:00:00Z", "20261132T120000Z", "20261122T1200Z"])
async def test_a_request_without_a_time_is_incomplete(date: str):
    request = signed().but("X-Amz-Date", None)
    if date:
        request = request.but("X-Amz-Date", date)
    _, code, text = await answered(request)
    assert code == "IncompleteSignatureException"
    assert text == "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (signed(service="s3"), "Credential should be scoped to correct service: 'sagemaker'."),
        (signed(region=""), "Credential should be scoped to a valid region."),
        (
            signed().but("Authorization", signed().authorization.replace("aws4_request", "aws5")),
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'.",
        ),
        (
            signed().but("Authorization", signed().authorization.replace("/20261122/", "/20261121/")),
            (
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                "'20261121' != '20261122', from '20261122T120000Z'."
            ),
        ),
    ],
)
async def test_a_signature_for_something_else_is_named(request_: Request, text: str):
    assert await answered(request_) == (400, "InvalidSignatureException", text)


@pytest.mark.parametrize("away", [-300, -299, 0, 299, 300])
async def test_clocks_may_differ_by_five_minutes(away: int):
    assert (await answered(signed(at=NOON + timedelta(seconds=away))))[0] == 200


async def test_beyond_five_minutes_it_is_told_as_aws_does():
    assert await answered(signed(at=NOON - timedelta(seconds=301))) == (
        400,
        "InvalidSignatureException",
        "Signature expired: 20261122T115459Z is now earlier than 20261122T115500Z (20261122T120000Z - 5 min.)",
    )
    assert await answered(signed(at=NOON + timedelta(seconds=301))) == (
        400,
        "InvalidSignatureException",
        "Signature not yet current: 20261122T120501Z is still later than 20261122T120500Z (20261122T120000Z + 5 min.)",
    )


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200), st.text(max_size=40), st.binary(max_size=40))
def test_whatever_stands_there_is_refused_as_the_callers_fault(authorization: str, date: str, body: bytes):
    date = date.encode("latin-1", errors="replace").decode("latin-1")
    request = replace(signed().but("Authorization", authorization).but("X-Amz-Date", date), body=body)
    assert asyncio.run(answered(request))[0] == 400


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_signature_with_a_part_changed_is_refused_as_the_callers_fault(data: st.DataObject):
    whole = signed().authorization
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start + 1, len(whole)))
    put = data.draw(st.text(alphabet="aA0/;,= \x00é", max_size=5))
    changed = whole[:start] + put + whole[end:]
    answer = asyncio.run(answered(signed().but("Authorization", changed)))
    assert answer[0] == 400 or changed.replace(" ", "") == whole.replace(" ", "")


async def test_no_answer_tells_the_secret_or_the_signature_that_was_expected():
    for request in (signed(secret="another"), replace(signed(), body=b"{} "), signed(key="none")):
        house = House()
        body = (await house.ask(request)).body.decode()
        right = replace(signed(), body=request.body).authorization.rpartition("=")[2]
        assert SECRET not in body
        assert right not in body
