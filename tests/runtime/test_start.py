"""`run.py` from nothing to serving, and back: what dies comes back, and nothing is left behind."""

import json
import os
import signal
import time
from http.client import HTTPConnection

import pytest

from portal.runtime.process import command_line, wait_until
from tests.runtime.test_run import said
from tests.support.servers import Server


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
    assert "flask create-user --admin" in server.output(), "nobody can sign in yet"

    code, words = said(VAR_DIR=str(server.folder), PORT="0")
    assert code == 1
    assert words.startswith(f"A portal already runs on {server.folder} at {ready['url']}")

    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 10
    assert not (server.folder / "run.json").exists()
    assert not [each for each in ready["processes"] if command_line(each["pid"])]

    server.start()
    assert server.output().count("Preparing the database") == 1, "a second start finds its data"


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
    again = server.start()
    assert "The last run did not stop cleanly" in server.output()
    assert not [each for each in now if command_line(each["pid"])], "nobody outlives a killed portal"
    assert healthy(again["url"])
