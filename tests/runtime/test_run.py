"""`run.py` as a person meets it: one command, sentences, and nothing left behind."""

import os
import subprocess
import sys

import pytest

import run
from config import ROOT


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
        "DATABASE_URL must be set, or run.py must run on the same VAR_DIR.\n",
    )


def test_a_closed_terminal_and_plain_ascii_do_no_harm(tmp_path):
    (tmp_path / "var").write_text("")
    command = f"exec {sys.executable} run.py 2>&1 | true"
    code = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env={"LANG": "C", "VAR_DIR": str(tmp_path / "var")}, check=False
    ).returncode
    assert code == 0


def flask(*arguments: str, **environ: str) -> tuple[int, str]:
    """Exit code and words of an operator's command."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_secret_can_be_made_before_anything_is_set():
    code, words = flask("make-secret", ENVIRONMENT="production")
    assert code == 0
    assert len(words.strip()) >= 32


def test_a_command_without_a_database_says_so(tmp_path):
    code, words = flask("audit", "verify", VAR_DIR=str(tmp_path))
    assert code == 1
    assert words == "DATABASE_URL must be set, or run.py must run on the same VAR_DIR.\n"
