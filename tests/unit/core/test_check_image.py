"""Which names of images are taken: those that an engine can pull, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.specs import spec
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec

DIGEST = "sha256:" + "0123456789abcdef" * 4


def with_image(image: str):
    made = spec()
    return replace(made, definitions=(replace(made.definitions[0], image=image),))


@pytest.mark.parametrize(
    "image",
    [
        "img",
        "busybox:1",
        "team/my-image:1.0_rc.1",
        "a__b/c.d/e---f",
        "localhost:5000/team/image",
        "[2001:db8::1]:5000/image",
        "Registry.Example/image:Tag",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
        "763104351884.dkr.ecr.cn-north-1.amazonaws.com.cn/pytorch-training:2.1.0-gpu-py310-cu121-ubuntu20.04-sagemaker",
        f"team/image@{DIGEST}",
        f"team/image:1@{DIGEST}",
        DIGEST,
        "file:///home/me/My Program.py",
    ],
)
def test_what_an_engine_can_pull_is_taken(image):
    check(with_image(image))


@pytest.mark.parametrize(
    ("image", "remedy"),
    [
        ("UPPER/Case:1", "Did you mean upper/case:1"),
        ("docker://busybox", "Did you mean busybox"),
        ("http://x/y", "Did you mean x/y"),
        ("a b", "Give "),
        ("-rm", "Give "),
        ("../etc", "Give "),
        ("image:", "Give "),
        ("image:1\n", "Give "),
        ("team//image", "Give "),
        ("image@sha256:12", "Give "),
        ("a/" * 130 + "b", "Give "),
        ("a-" * 100_000, "Give "),
        ("file:/x", "Give "),
    ],
)
def test_what_none_takes_is_refused_once_with_a_remedy(image, remedy):
    with pytest.raises(InvalidSpec, match=r"^definitions\[0\]\.image: .* is no name of an image. " + remedy):
        check(with_image(image))
