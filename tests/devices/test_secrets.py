"""Secrets of devices: shown once, kept as the broker's own hash, compared without telling how near a guess was."""

import re
import shutil
import subprocess

import pytest

from portal.shared.devices import secrets


def test_a_secret_fits_only_its_own_hash():
    one, other = secrets.make_secret(), secrets.make_secret()
    kept = secrets.hash_secret(one)
    assert secrets.secret_fits(one, kept)
    assert not secrets.secret_fits(other, kept)
    assert not secrets.secret_fits("", kept)


UNREADABLE = [None, "", "$7$", "plain", "$6$101$AAAA$BBBB", "$7$x$AAAA$BBBB", "$7$0$AAAA$BBBB", "$7$101$-$-"]


@pytest.mark.parametrize("kept", UNREADABLE)
def test_a_device_without_a_readable_hash_lets_nobody_in(kept):
    assert not secrets.secret_fits("anything", kept)
    assert not secrets.secret_fits("", kept)


def test_the_same_secret_is_hashed_with_another_salt_each_time():
    secret = secrets.make_secret()
    assert secrets.hash_secret(secret) != secrets.hash_secret(secret)


def test_secrets_and_claim_codes_can_be_typed_and_are_never_the_same():
    made = {secrets.make_secret() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", each) for each in made)
    codes = {secrets.make_claim_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", each) for each in codes)


def test_the_hash_has_the_form_mosquitto_itself_writes(tmp_path):
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed")
    secret = secrets.make_secret()
    subprocess.run([program, "-b", "-c", str(tmp_path / "passwords"), "lock-101", secret], check=True)
    kept = (tmp_path / "passwords").read_text().strip().partition(":")[2]
    assert secrets.secret_fits(secret, kept)
