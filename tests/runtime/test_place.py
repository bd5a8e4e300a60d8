"""VAR_DIR: usable or refused with path and reason, held by one portal, and remembered."""

import json
import os
import subprocess
import sys

import pytest

from config import ROOT
from portal.runtime.place import Place
from portal.runtime.process import StartError


@pytest.fixture
def place(tmp_path):
    """A folder this test holds."""
    place = Place(tmp_path)
    place.take()
    yield place
    place.release()


def refused(folder) -> str:
    """Why this folder cannot be used."""
    with pytest.raises(StartError) as caught:
        Place(folder).take()
    return str(caught.value)


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "var").write_text("")
    assert refused(tmp_path / "var") == f"VAR_DIR {tmp_path}/var cannot be used: it is a file, and must be a folder."


def test_a_missing_parent_is_named(tmp_path):
    assert refused(tmp_path / "a" / "b") == f"VAR_DIR {tmp_path}/a/b cannot be used: {tmp_path}/a does not exist."


def test_a_folder_that_takes_no_files_is_refused():
    assert "cannot be used" in refused(ROOT.__class__("/proc/self"))


def test_data_of_a_newer_version_is_left_alone(tmp_path):
    (tmp_path / "portal.json").write_text('{"version": 2}')
    assert refused(tmp_path) == f"{tmp_path} was made by version 2; this is 1. Nothing was touched."
    assert (tmp_path / "portal.json").read_text() == '{"version": 2}'


def test_a_second_portal_is_told_about_the_first(tmp_path, place):
    place.write_run_file({"pid": os.getpid(), "url": "http://127.0.0.1:8123", "processes": []})
    code = (
        "import sys; from pathlib import Path; from portal.runtime.place import Place\n"
        "try: Place(Path(sys.argv[1])).take()\n"
        "except Exception as error: print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == (
        f"A portal already runs on {tmp_path} at http://127.0.0.1:8123 (process {os.getpid()}). "
        "Stop it first, or choose another VAR_DIR."
    )


def test_what_a_killed_run_left_is_ended(place):
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "run.py"])
    bystander = subprocess.Popen(["sleep", "60"])
    processes = [{"role": "worker", "pid": left.pid}, {"role": "web", "pid": bystander.pid}]
    place.write_run_file({"pid": 1, "processes": processes})
    assert place.clear_leftovers() is True
    assert left.wait(5) != 0
    assert bystander.poll() is None, "a number may belong to another program by now"
    bystander.kill()
    bystander.wait()
    assert place.clear_leftovers() is False


def test_the_secret_is_made_once_and_for_our_eyes_only(tmp_path):
    place = Place(tmp_path)
    first = place.secret_key()
    assert len(first) >= 32
    assert Place(tmp_path).secret_key() == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_run_file_is_whole_and_private(tmp_path):
    place = Place(tmp_path)
    place.write_run_file({"url": "http://127.0.0.1:1"})
    assert json.loads((tmp_path / "run.json").read_text()) == {"url": "http://127.0.0.1:1"}
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600
