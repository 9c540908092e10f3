"""A data folder beside a Docker engine, and programs turned into images of it."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from urllib.parse import quote

from tests.contract.runner_contract import World
from tests.servers.engine import Engine
from tunewright.core.spec import Resources
from tunewright_trainer.core.attempt import End, Launch
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.docker.runner import DockerRunner
from tunewright_trainer.runner.docker.settings import DockerSettings, Pull

SETTINGS = DockerSettings(images=("test/*",), pull=Pull.NEVER, engine_wait_s=1.0)


class DockerWorld(World):
    """Its trainer has an id of its own, by which its containers are told from those of other tests."""

    def __init__(self, engine: Engine, folders: Folders, settings: DockerSettings = SETTINGS) -> None:
        self.engine, self.settings, self.trainer_id = engine, settings, uuid.uuid4().hex[:12]
        super().__init__(
            folders,
            self.make_docker_runner,
            engine.program,
            is_running=lambda _: bool(self.running()),
            keeps_order_of_streams=False,
            ends_long_lines=True,
        )

    def make_docker_runner(self, **settings: object) -> DockerRunner:
        return DockerRunner(self.folders, self.engine.url, self.trainer_id, replace(self.settings, **settings))

    def containers(self) -> list[dict]:
        filters = quote(json.dumps({"label": [f"tunewright.trainer={self.trainer_id}"]}))
        return self.engine.get(f"/containers/json?all=1&filters={filters}")

    def running(self) -> list[dict]:
        return [item for item in self.containers() if item["State"] == "running"]

    def networks(self) -> list[str]:
        return self._own(self.engine.get("/networks"))

    def volumes(self) -> list[str]:
        return self._own(self.engine.get("/volumes")["Volumes"] or [])

    def _own(self, found: list[dict]) -> list[str]:
        return [item["Name"] for item in found if (item["Labels"] or {}).get("tunewright.trainer") == self.trainer_id]

    def inspected(self) -> dict:
        (container,) = self.containers()
        return self.engine.get(f"/containers/{container['Id']}/json")


async def ended(runner: DockerRunner, launch: Launch) -> End:
    await runner.start(launch)
    return await runner.wait(launch.attempt)


def pair(world: DockerWorld, source: str, **fields: object) -> Launch:
    return world.launch(source, resources=Resources(instance_count=2), **fields)
