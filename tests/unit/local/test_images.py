"""Which programs the embedded server takes on: what is below a named root, and nothing that is no path."""

from __future__ import annotations

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.local.images import image_check


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "train.py").touch()
    (tmp_path / "outside.py").touch()
    return tmp_path / "root"


def test_a_script_below_a_root_is_taken(root):
    image_check((root,))("image", f"file://{root}/train.py")


@pytest.mark.parametrize(
    "image",
    [
        "docker.io/image:1",
        "file://{root}/../outside.py",
        "file://{root}/%2e%2e/outside.py",
        "file://{root}/link.py",
        "file://{root}/loop",
        "file://{root}/missing.py",
        "file://{root}/nul%00",
        "file://{root}/" + "a" * 5000,
    ],
)
def test_everything_else_is_refused_by_the_name_of_its_field(root, image):
    (root / "link.py").symlink_to(root.parent / "outside.py")
    (root / "loop").symlink_to(root / "loop")
    with pytest.raises(InvalidSpec) as refused:
        image_check((root,))("image", image.format(root=root))
    assert refused.value.field == "image"
