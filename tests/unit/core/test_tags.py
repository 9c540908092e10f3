"""Tags that a resource cannot have."""

from __future__ import annotations

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.tags import check_tags, retagged


@pytest.mark.parametrize("key", ["aws:x", "AWS:x", "aws:"])
def test_keys_of_awss_own_are_refused(key):
    with pytest.raises(InvalidSpec, match="which is AWS's own") as caught:
        check_tags({"team": "a", key: "1"}, "tags")
    assert caught.value.field == "tags"


def test_a_key_may_hold_the_word():
    assert retagged({}, {"laws:x": "1", "aws-x": "2"}, ()) == {"laws:x": "1", "aws-x": "2"}
