"""A log line says which request it belongs to and never tells a secret."""

import json
import logging as stdlib

import pytest
import structlog

from portal.core import logging


@pytest.fixture
def lines(capsys):
    """A function that answers the JSON lines written so far; the shape of the logs is put back afterwards."""
    logging.configure(production=True)
    logging.begin()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.begin()
    logging.configure(production=False)


def test_each_line_knows_its_request_whoever_writes_it(lines):
    logging.begin(request="r-1")
    structlog.get_logger("portal.till").info("sale_made", number=12)
    stdlib.getLogger("some.library").warning("slow %s", "disk")
    logging.begin(topic="rooms/H1/101/access")
    structlog.get_logger("portal.mqtt").info("stored")
    sale, library, stored = lines()
    assert (sale["request"], sale["event"], sale["number"], sale["level"]) == ("r-1", "sale_made", 12, "info")
    assert (library["request"], library["event"], library["logger"]) == ("r-1", "slow disk", "some.library")
    assert stored["topic"] == "rooms/H1/101/access"
    assert "request" not in stored


def test_secrets_are_hidden_wherever_they_stand(lines):
    log = structlog.get_logger("portal")
    log.info(
        "sent",
        password="hunter2",
        headers={"Authorization": "Bearer hunter2", "X-Paystack-Signature": "hunter2"},
        deep=[{"refresh_token": "hunter2"}],
        client_secret=b"hunter2",
    )
    log.info("failed with Authorization: Bearer hunter2 at redis://user:hunter2@10.0.0.1/0 token='hunter2'")
    stdlib.getLogger("lib").error("POST /x?password=hunter2&name=ada -> {'secret': 'hunter2'}")
    try:
        raise RuntimeError("postgresql://portal:hunter2@db/portal")
    except RuntimeError:
        log.exception("broke")
    written = lines()
    assert len(written) == 4
    assert "hunter2" not in json.dumps(written)
    assert "10.0.0.1" in written[1]["event"]
    assert "name=ada" in written[2]["event"]
    assert "RuntimeError" in written[3]["exception"]


def test_an_odd_value_does_not_stop_a_line(lines):
    loop = []
    loop.append(loop)
    structlog.get_logger().info("odd", surrogate="\ud800", raw=b"\xff", loop=loop, thing=object(), keys={1: 2})
    (line,) = lines()
    assert line["event"] == "odd"
    assert line["keys"] == {"1": 2}


def test_configuring_twice_writes_once(lines):
    logging.configure(production=True)
    structlog.get_logger().info("once")
    assert len(lines()) == 1


def test_in_development_a_person_reads_it_and_still_no_secret_shows(lines, capsys):
    logging.configure(production=False)
    password = "hunter2"
    try:
        raise RuntimeError("no")
    except RuntimeError:
        structlog.get_logger().exception("broke", password=password, number=5)
    written = capsys.readouterr().err
    assert "broke" in written
    assert "RuntimeError: no" in written
    assert "hunter2" not in written
