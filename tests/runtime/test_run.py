"""`run.py` as a person meets it: one command, sentences, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest

import run
from config import ROOT
from portal.runtime.process import command_line, wait_until
from tests.support.servers import Server


def said(*arguments: str, **environ: str) -> tuple[int, str]:
    """Exit code and words of a start that goes no further."""
    done = subprocess.run(
        [sys.executable, "run.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_an_unknown_command_is_answered_with_the_near_one(capsys):
    with pytest.raises(SystemExit) as leaving:
        run.main(["wrker"])
    assert leaving.value.code == 2
    assert capsys.readouterr().err == "No such command 'wrker'. Did you mean 'worker'?\n"


def test_an_unknown_option_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as leaving:
        run.main(["--prot", "80"])
    assert leaving.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_wrong_settings_end_the_start_with_their_sentences():
    code, words = said(PORT="http", ENVIRONMENT="staging")
    assert code == 1
    assert words.splitlines() == [
        "ENVIRONMENT must be one of development, production, not 'staging'.",
        "PORT must be a whole number from 0 to 65535, not 'http'.",
    ]


def test_a_role_alone_says_what_it_lacks(tmp_path):
    code, words = said("worker", VAR_DIR=str(tmp_path))
    assert (code, words) == (
        1,
        "DATABASE_URL must be set, or run.py all must run on the same VAR_DIR.\n",
    )


def test_a_closed_terminal_and_plain_ascii_do_no_harm(tmp_path):
    (tmp_path / "var").write_text("")
    command = f"exec {sys.executable} run.py 2>&1 | true"
    code = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env={"LANG": "C", "VAR_DIR": str(tmp_path / "var")}, check=False
    ).returncode
    assert code == 0


@pytest.fixture
def server(tmp_path):
    """A portal with everything embedded, on an empty folder."""
    server = Server(tmp_path / "var", DEMO="0")
    yield server
    if server.process and server.process.poll() is None:
        server.stop()


def healthy(url: str) -> bool:
    """Whether a request is answered."""
    host, port = url.removeprefix("http://").split(":")
    connection = HTTPConnection(host, int(port), timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_one_command_from_nothing_and_back(server):
    ready = server.start()
    assert healthy(ready["url"])
    assert (server.folder / "run.json").stat().st_mode & 0o777 == 0o600
    assert {"web", "worker", "mqtt", "postgres"} <= {each["role"] for each in ready["processes"]}
    assert ready["demo"] is False
    assert "accounts" not in ready

    code, words = said(VAR_DIR=str(server.folder), PORT="0")
    assert code == 1
    assert words.startswith(f"A portal already runs on {server.folder} at {ready['url']}")

    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 10
    assert not (server.folder / "run.json").exists()
    assert not [each for each in ready["processes"] if command_line(each["pid"])]

    begun = time.monotonic()
    server.start()
    assert time.monotonic() - begun < 5, "a second start finds its data"


def test_what_dies_comes_back_and_a_killed_portal_starts_again(server):
    ready = server.start()
    victims = [each for each in ready["processes"] if each["role"] in ("web", "worker", "postgres")]
    for each in victims:
        os.kill(each["pid"], signal.SIGKILL)

    def recovered() -> bool:
        processes = json.loads((server.folder / "run.json").read_text())["processes"]
        return len(processes) == len(ready["processes"]) and not (
            {each["pid"] for each in victims} & {each["pid"] for each in processes}
        )

    assert wait_until(recovered, 10), server.output()
    assert wait_until(lambda: healthy(ready["url"]), 5), server.output()

    now = json.loads((server.folder / "run.json").read_text())["processes"]
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    begun = time.monotonic()
    again = server.start()
    assert time.monotonic() - begun < 5
    assert "The last run did not stop cleanly" in server.output()
    assert not [each for each in now if command_line(each["pid"])], "nobody outlives a killed portal"
    assert healthy(again["url"])
