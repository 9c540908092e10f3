"""Which programs the embedded server takes on: what is below a named root, and nothing that is no path."""

from __future__ import annotations

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Definition
from tunewright.local.images import image_check
from tunewright_trainer.runner.making import RunnerKind


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "train.py").touch()
    (tmp_path / "outside.py").touch()
    return tmp_path / "root"


def test_a_script_below_a_root_is_taken(root):
    image_check((root,))("here", Definition(f"file://{root}/train.py"))


def test_a_folder_with_a_program_is_taken(root):
    (root / "train").touch(0o755)
    image_check((root,))("here", Definition(f"file://{root}"))


def test_a_folder_without_one_is_taken_if_the_entrypoint_replaces_it(root):
    image_check((root,))("here", Definition(f"file://{root}", entrypoint=("train.py",)))


@pytest.mark.parametrize(
    ("runner", "image", "words"),
    [
        (RunnerKind.PROCESS, "docker.io/image:1", "tunewright local --runner docker"),
        (RunnerKind.DOCKER, "file:///train.py", "tunewright local --runner auto"),
    ],
)
def test_what_another_runner_would_run_is_refused_with_the_option_that_names_it(root, runner, image, words):
    with pytest.raises(InvalidSpec, match=words):
        image_check((root,), runner)("here", Definition(image))


@pytest.mark.parametrize("runner", [RunnerKind.DOCKER, RunnerKind.AUTO])
def test_images_are_taken_where_containers_can_be_run(root, runner, monkeypatch):
    image_check((root,), runner)("here", Definition("team/image:1", network_isolation=True))
    monkeypatch.setattr("tunewright.local.images.find_spec", lambda _name: None)
    with pytest.raises(InvalidSpec, match=r"pip install 'tunewright\[docker\]'"):
        image_check((root,), runner)("here", Definition("team/image:1"))


def test_programs_and_images_stand_side_by_side(root):
    image_check((root,), RunnerKind.AUTO)("here", Definition(f"file://{root}/train.py"))


@pytest.mark.parametrize(
    "image",
    [
        "docker.io/image:1",
        "file://{root}/../outside.py",
        "file://{root}/%2e%2e/outside.py",
        "file://{root}/link.py",
        "file://{root}/loop",
        "file://{root}/missing.py",
        "file://{root}",
        "file://{root}/not-executable",
        "file://{root}/nul%00",
        "file://{root}/" + "a" * 5000,
    ],
)
def test_everything_else_is_refused_by_the_name_of_its_field(root, image):
    (root / "link.py").symlink_to(root.parent / "outside.py")
    (root / "loop").symlink_to(root / "loop")
    (root / "not-executable").touch(0o644)
    with pytest.raises(InvalidSpec) as refused:
        image_check((root,))("here", Definition(image.format(root=root)))
    assert refused.value.field == "here.image"


def test_a_program_here_is_not_promised_a_network_of_its_own(root):
    with pytest.raises(InvalidSpec) as refused:
        image_check((root,))("here", Definition(f"file://{root}/train.py", network_isolation=True))
    assert refused.value.field == "here.network_isolation"
