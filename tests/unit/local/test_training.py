"""What the embedded server runs trainings on, and with what."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.unit.trainer.test_capacity import nvidia_smi
from tunewright.core.errors import InvalidSpec
from tunewright.local.training import runner_settings, trainer_settings
from tunewright.platform.local_options import LocalOptions
from tunewright_trainer.runner.docker.settings import Pull

__all__ = ["nvidia_smi"]

GIB = 2**30
OPTIONS = LocalOptions(Path("data"))


async def test_a_gpu_of_this_machine_is_one_training_s(tmp_path, nvidia_smi):
    nvidia_smi("echo 'GPU 0: some GPU (UUID: GPU-a)'")
    settings = await trainer_settings(OPTIONS, tmp_path, None)
    assert (settings.inventory.gpus, settings.counted, settings.only_gpus) == (("GPU-a",), True, True)


async def test_where_there_is_no_gpu_only_slots_count(tmp_path, nvidia_smi):
    nvidia_smi("true")
    assert not (await trainer_settings(OPTIONS, tmp_path, None)).counted


def test_containers_are_as_the_variables_of_a_trainer_say():
    runs = runner_settings(
        OPTIONS,
        {
            "TUNEWRIGHT_DOCKER_HOST": "tcp://engine:2375",
            "TUNEWRIGHT_DOCKER_READ_ONLY_ROOT": "false",
            "TUNEWRIGHT_DOCKER_PULL": "never",
            "TUNEWRIGHT_DOCKER_SHM_GIB": "0.5",
        },
    )
    assert runs.docker_host == "tcp://engine:2375"
    assert (runs.docker.read_only_root, runs.docker.pull, runs.docker.shm_bytes) == (False, Pull.NEVER, GIB // 2)
    assert runs.docker.images == ("*",)


@pytest.mark.parametrize(
    ("name", "text"), [("READ_ONLY_ROOT", "maybe"), ("MEMORY_GIB", "-1"), ("HOST", "/var/run/docker.sock")]
)
def test_a_variable_that_cannot_be_is_refused_by_name(name, text):
    with pytest.raises(InvalidSpec, match=f"TUNEWRIGHT_DOCKER_{name}: "):
        runner_settings(OPTIONS, {f"TUNEWRIGHT_DOCKER_{name}": text})


def test_a_misspelt_variable_is_warned_of():
    with capture_logs() as said:
        runner_settings(OPTIONS, {"TUNEWRIGHT_DOCKER_USRE": "1000", "TUNEWRIGHT_DATA_DIR": "/data"})
    assert [(line["variable"], line["nearest"]) for line in said] == [
        ("TUNEWRIGHT_DOCKER_USRE", "TUNEWRIGHT_DOCKER_USER")
    ]
