import base64

import pytest

from tunewright_gateway.core.refusals import Refusal
from tunewright_gateway.core.tokens import Listing

LIST = "ListTrainingJobs"
LISTING = Listing(b"secret", LIST, {"StatusEquals": "Completed", "MaxResults": 5})


@pytest.mark.parametrize("place", ["a token of the scheduler's", [2, "Stopped", "job-001"], [1, 0.1, ""], ""])
def test_a_token_goes_on_where_it_was_made(place: object) -> None:
    assert LISTING.place(LISTING.token(place)) == place


def test_the_size_of_pages_and_an_absent_filter_may_change_on_the_way() -> None:
    filters = {"StatusEquals": "Completed", "MaxResults": 100, "NextToken": "x", "NameContains": None}
    assert Listing(b"secret", LIST, filters).place(LISTING.token("here")) == "here"


@pytest.mark.parametrize(
    "other",
    [
        Listing(b"another owner", LIST, LISTING.filters),
        Listing(b"secret", "ListHyperParameterTuningJobs", LISTING.filters),
        Listing(b"secret", LIST, {"StatusEquals": "Failed"}),
        Listing(b"secret", LIST, {}),
    ],
)
def test_a_token_of_another_listing_is_refused(other: Listing) -> None:
    with pytest.raises(Refusal, match="ValidationException: Invalid NextToken"):
        LISTING.place(other.token("here"))


def test_no_bit_of_a_token_can_be_changed() -> None:
    signed = bytearray(base64.urlsafe_b64decode(LISTING.token("here")))
    for index in range(len(signed)):
        signed[index] ^= 1
        with pytest.raises(Refusal, match="Invalid NextToken"):
            LISTING.place(base64.urlsafe_b64encode(signed).decode())
        signed[index] ^= 1


@pytest.mark.parametrize("text", ["x", "AAAA", "=", "é", "%%%%", " " * 100, "\ud800"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="Invalid NextToken"):
        LISTING.place(text)
