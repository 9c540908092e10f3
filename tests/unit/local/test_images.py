"""Which programs the embedded server takes on: what is below a named root, and nothing that is no path."""

from __future__ import annotations

import re
import socket

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Definition
from tunewright.local import images
from tunewright.local.images import image_check, require_engine
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


async def refusal(image="team/image:1"):
    with pytest.raises(InvalidSpec) as refused:
        await require_engine("definitions[0]", Definition(image))
    assert refused.value.field == "definitions[0].image"
    return str(refused.value)


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("unix:///no/engine.sock", "No such file or directory"),
        ("tcp://127.0.0.1:1", "Connect call failed"),
        ("engine", "protocol"),
    ],
)
async def test_an_image_is_refused_where_no_engine_answers_with_the_place_that_was_asked(monkeypatch, host, why):
    monkeypatch.setenv("DOCKER_HOST", host)
    said = await refusal()
    assert re.search(f"'team/image:1' .*engine at {host} .*{why}.*Start Docker.*DOCKER_HOST", said), said


async def test_an_engine_that_hangs_is_not_waited_for(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
    monkeypatch.setattr(images, "ENGINE_WITHIN_S", 0.1)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "engine.sock"))
        silent.listen()
        assert "TimeoutError" in await refusal()


async def test_a_program_needs_no_engine(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/engine.sock")
    await require_engine("definitions[0]", Definition("file:///train.py"))
