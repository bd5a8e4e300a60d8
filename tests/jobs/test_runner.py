"""The clockwork: each job in one process at a time, on time whatever the wall clock does, and gone when told."""

import threading
import time
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text

from jobs.runner import Clockwork
from jobs.schedule import Job
from portal.core import outbox, runs
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.locks import Leadership
from tests.factories.assets import place

pytestmark = pytest.mark.database


@pytest.fixture
def clockworks(app, committed):
    """Start clockworks with a schedule; they are stopped when the test ends."""
    started = []

    def start(*schedule: Job) -> Clockwork:
        clockwork = Clockwork(app, schedule)
        clockwork.start()
        started.append(clockwork)
        return clockwork

    yield start
    for clockwork in started:
        clockwork.stop()


def eventually(seen, seconds: float = 8.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen():
            return True
        time.sleep(0.02)
    return False


def test_two_workers_run_each_job_once_between_them(clockworks):
    ran = []
    job = Job("count", 0.2, lambda: ran.append(threading.get_ident()) or 1)
    first, second = clockworks(job), clockworks(job)
    assert eventually(lambda: len(ran) >= 4)
    assert [first.leadership.leads("job count"), second.leadership.leads("job count")] in ([True, False], [False, True])
    assert runs.jobs()[0].runs <= len(ran)


def test_another_worker_takes_over_when_the_leader_ends(clockworks):
    ran = []
    first = clockworks(Job("count", 0.2, lambda: ran.append("first") or 1))
    assert eventually(lambda: "first" in ran)
    clockworks(Job("count", 0.2, lambda: ran.append("second") or 1))
    time.sleep(0.5)
    assert "second" not in ran
    first.stop()
    assert eventually(lambda: "second" in ran, seconds=3)


def test_a_leader_whose_connection_died_leads_again_or_not_at_all(committed):
    one, other = Leadership(), Leadership()
    one.LOOK_AGAIN_AFTER = 0
    assert one.leads("drum")
    assert not other.leads("drum")
    pid = one._connection.connection.dbapi_connection.info.backend_pid
    db.session.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
    assert eventually(lambda: other.leads("drum"))
    assert not one.leads("drum")
    one.resign()
    other.resign()


def test_a_clock_set_back_does_not_stop_the_jobs(clockworks):
    ran = []
    clockworks(Job("count", 0.3, lambda: ran.append(1) or 1))
    assert eventually(lambda: len(ran) >= 2)
    with time_machine.travel(utcnow() - timedelta(hours=2), tick=True):
        before = len(ran)
        assert eventually(lambda: len(ran) >= before + 3), "the scheduler waits for the old wall time"
    before = len(ran)
    assert eventually(lambda: len(ran) >= before + 3), "and it survives the way forward"


def test_a_failing_job_is_written_down_and_comes_round_again(clockworks):
    def fail():
        raise RuntimeError("no paper")

    clockworks(Job("print", 0.2, fail))
    assert eventually(
        lambda: [(job.failures >= 2, job.error) for job in runs.jobs()] == [(True, "RuntimeError: no paper")]
    )


def test_what_is_published_reaches_its_handler_within_a_second_or_two(clockworks):
    heard = []
    outbox.on("assets.asset.registered", "test ear", heard.append)
    try:
        clockworks(Job("outbox deliveries", 0.2, outbox.deliver_due, batches=True))
        hotel = place()
        assert eventually(lambda: [body["subject_id"] for body in heard] == [str(hotel.id)], seconds=3)
    finally:
        del outbox._handlers["assets.asset.registered"]["test ear"]


def test_a_long_queue_is_taken_in_batches_until_it_is_empty(clockworks):
    waiting = list(range(1000))
    clockworks(Job("eat", 60, lambda: len([waiting.pop() for _n in range(min(100, len(waiting)))]), batches=True))
    assert eventually(lambda: not waiting)


def test_a_stopping_worker_lets_its_job_finish(clockworks):
    began, ended = threading.Event(), []

    def slow():
        began.set()
        time.sleep(0.5)
        ended.append(True)
        return 1

    clockwork = clockworks(Job("slow", 60, slow))
    began.wait(5)
    assert clockwork.stop()
    assert ended == [True]
