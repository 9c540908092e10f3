"""Programs made with AWS's sagemaker-training toolkit run unchanged, in script mode, without a container.

The image is a folder whose `train` is the toolkit's own entry point; what happens is the toolkit's doing.
"""

from __future__ import annotations

import json
import sys
import tarfile
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.contract.runner_contract import until
from tests.e2e.served import Served, job
from tunewright.core.spec import Channel, Definition, Limits
from tunewright.core.states import EndCause, TrainingState
from tunewright_trainer.core.attempt import Attempt, End, Launch
from tunewright_trainer.fetching import Fetching
from tunewright_trainer.folder import AttemptFolder, Folders, read_failure
from tunewright_trainer.runner.process import ProcessRunner
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.disk import Disk

pytest.importorskip("sagemaker_training", reason="the sagemaker-training toolkit comes with `make setup`")

PLAIN = "from sagemaker_training.cli.train import main\nmain()\n"
EXAMPLE = Path(__file__).parents[2] / "examples/toolkit"
TELLING = (EXAMPLE / "train").read_text().partition("\n")[2]
"""The example's, which tells the script of a stop."""
TELLS = """
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "variables": dict(os.environ)}))
"""
SCORES = """
import argparse, os, pathlib, shift
parser = argparse.ArgumentParser()
parser.add_argument("-x", "--x", type=float)  # the toolkit gives a name of one letter one hyphen
given = parser.parse_args()
pathlib.Path(os.environ["SM_MODEL_DIR"], "x").write_text(str(given.x))
print(f"score={given.x + shift.by(os.environ['SM_CHANNEL_TRAIN'])};")
"""
SHIFT = "import pathlib\ndef by(folder):\n    return float(pathlib.Path(folder, 'shift').read_text())\n"


def make_image(folder: Path, train: str = PLAIN) -> str:
    folder.mkdir()
    (folder / "train").write_text(f"#!{sys.executable}\n{train}")
    (folder / "train").chmod(0o755)
    return folder.as_uri()


def pack(path: Path, **files: str) -> None:
    """Make a tar.gz as the SageMaker SDK does; `files` are Python modules."""
    sources = path.parent / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, source in files.items():
            (sources / f"{name}.py").write_text(source)
            tar.add(sources / f"{name}.py", f"{name}.py")


@dataclass
class World:
    """A trainer's folder, its buckets and its runner, without the services around it."""

    root: Path
    train: str = PLAIN
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.image = make_image(self.root / "image", self.train)
        self.folders = Folders(self.root / "data")
        self.runner = ProcessRunner(self.folders, [self.root])

    def launch(self, submitted: str, program: str = "train.py", **hyperparameters: str) -> Launch:
        """As the SageMaker SDK asks for it: every hyperparameter as JSON."""
        script_mode = {"sagemaker_program": program, "sagemaker_submit_directory": submitted}
        told = {name: json.dumps(value) for name, value in script_mode.items()} | hyperparameters
        definition = Definition(self.image, channels=(Channel("train", ""),), environment=self.variables)
        return Launch(Attempt("job/000001", 1), "job-001", definition, told)

    @property
    def folder(self) -> AttemptFolder:
        return self.folders.of(Attempt("job/000001", 1))

    @property
    def printed(self) -> str:
        return self.folder.first.spool.read_text()

    async def start(self, launch: Launch) -> None:
        self.folder.root.mkdir(parents=True)
        with closing(Fetching(Buckets(self.root / "s3", Disk((self.root, EXAMPLE))))) as fetching:
            await fetching.fetch(
                Launch(launch.attempt, "job-001", Definition(self.image), launch.hyperparameters), self.folder
            )
        await self.runner.start(launch)

    async def end(self, launch: Launch) -> End:
        await self.start(launch)
        return await self.runner.wait(launch.attempt)


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    if world.folder.first.spool.exists():
        await world.runner.stop(Attempt("job/000001", 1), EndCause.LOST, 0)
        await world.runner.wait(Attempt("job/000001", 1))
    await world.runner.close()


async def test_a_script_sees_what_the_toolkit_promises(world):
    (world.root / "mine").mkdir()
    (world.root / "mine" / "train.py").write_text(TELLS)
    values = {"lr": "-1e-05", "my-name": "fancy", "layers": "[64, 32]", "b": "true"}
    launch = world.launch((world.root / "mine").as_uri(), **values, _tuning_objective_metric="score")
    end = await world.end(launch)
    assert (end.cause, end.exit_code) == (EndCause.EXITED, 0), world.printed
    told = next(json.loads(line) for line in world.printed.splitlines() if line.startswith('{"argv"'))
    base, variables = world.folder.first.base, told["variables"]
    assert told["argv"] == ["-b", "True", "--layers", "[64, 32]", "--lr", "-1e-05", "--my-name", "fancy"]
    assert told["cwd"] == str(base / "code")
    assert (base / "output" / "success").exists()
    assert variables["SM_HP_LR"] == "-1e-05"
    assert json.loads(variables["SM_HPS"]) == {"b": True, "layers": [64, 32], "lr": -1e-05, "my-name": "fancy"}
    assert (variables["SM_CURRENT_HOST"], variables["SM_HOSTS"]) == ("algo-1", '["algo-1"]')
    assert (variables["SM_CHANNELS"], variables["SM_CHANNEL_TRAIN"]) == ('["train"]', str(base / "input/data/train"))
    assert variables["SM_MODEL_DIR"] == str(base / "model")
    assert variables["SM_OUTPUT_DATA_DIR"] == str(base / "output/data")
    assert (variables["SM_USER_ENTRY_POINT"], variables["SM_MODULE_NAME"]) == ("train.py", "train")
    assert json.loads(variables["SM_TRAINING_ENV"])["job_name"] == "job-001"


async def test_a_script_that_fails_says_why_in_the_failure_file(world):
    (world.root / "image" / "train.py").write_text("import sys\nsys.exit(3)\n")
    end = await world.end(world.launch(str(world.root / "image")))
    assert (world.folder.first.code / "train.py").exists(), "the toolkit itself has brought it: a path has no scheme"
    assert (end.cause, end.exit_code) == (EndCause.EXITED, 1), "the toolkit's own; the script's is in its words"
    assert read_failure(world.folder.first, 1024).startswith("ExecuteUserScriptError:\nExitCode 3\n")


@pytest.mark.parametrize(
    ("train", "exit_code", "saved"), [(PLAIN, 143, False), (TELLING, 0, True)], ids=["the toolkit alone", "the example"]
)
async def test_a_stop_ends_the_toolkit_and_the_example_tells_the_script(world, train, exit_code, saved):
    (world.root / "image" / "train").write_text(f"#!{sys.executable}\n{train}")
    launch = world.launch(EXAMPLE.as_uri(), steps="100000", pause="0.01")
    await world.start(launch)
    await until(lambda: "loss=" in world.printed)
    await world.runner.stop(launch.attempt, EndCause.STOPPED, 60)
    end = await world.runner.wait(launch.attempt)
    assert (end.cause, end.exit_code) == (EndCause.STOPPED, exit_code), world.printed
    assert (world.folder.first.model / "model.json").exists() is saved


def test_a_job_in_script_mode_is_tuned_with_its_code_in_a_bucket(tmp_path):
    served = Served(tmp_path)
    image = make_image(tmp_path / "image")
    served.start()
    try:
        bucket = served.data_dir / "s3" / "code"
        pack(bucket / "job" / "source" / "sourcedir.tar.gz", train=SCORES, shift=SHIFT)
        (bucket / "shift").write_text("10")
        static = {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": '"s3://code/job/source/sourcedir.tar.gz"',
        }
        spec = job(image, limits=Limits(max_parallel=1, max_trainings=2))
        (definition,) = spec.definitions
        channels = (Channel("train", "s3://code/shift"),)
        definition = replace(definition, static_hyperparameters=static, channels=channels)
        with served.client() as client:
            client.create(replace(spec, definitions=(definition,)))
            client.wait("job")
            trainings = list(client.trainings("job"))
            assert [training.state for training in trainings] == [TrainingState.COMPLETED] * 2
            for training in trainings:
                expected = 10 + float(training.configuration["x"])
                assert training.objective_value == pytest.approx(expected)
    finally:
        served.end()
