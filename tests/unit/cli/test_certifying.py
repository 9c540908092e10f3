"""`tunewright admin certs`, as a shell takes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from typer.testing import CliRunner

from tunewright.cli.app import app
from tunewright.core.errors import InvalidSpec
from tunewright.platform.rpc.tls import CallerTls, Tls
from tunewright.platform.settings import CallerSettings, ServerSettings, from_environment


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["admin", "certs", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_it_prints_sets_servers_and_callers_up_so_that_they_meet(tmp_path: Path):
    folder = tmp_path / "a folder"
    script = f"{run(str(folder), '--name', 'tuner.example')}\nenv -0"
    said = subprocess.run(
        ["sh", "-euc", script], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    variables = dict(item.split("=", 1) for item in said.stdout.split("\0") if item)
    needed = {"TUNEWRIGHT_CREDENTIALS": "x"} | variables
    server, caller = (
        from_environment(ServerSettings, needed).tls(),
        from_environment(CallerSettings, needed).caller_tls(),
    )
    assert server == Tls(folder / "server.pem", folder / "server-key.pem", folder / "authority.pem")
    assert caller == CallerTls(folder / "authority.pem", folder / "client.pem", folder / "client-key.pem")
    server.check()
    caller.check()


def test_again_it_says_that_all_is_kept(tmp_path: Path):
    assert run(str(tmp_path)).count(": new, until ") == 3
    assert run(str(tmp_path)).count(": kept, until ") == 3


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    done = CliRunner().invoke(app, ["admin", "certs", str(tmp_path / "file")])
    assert isinstance(done.exception, InvalidSpec)
    assert "FOLDER" in str(done.exception)
