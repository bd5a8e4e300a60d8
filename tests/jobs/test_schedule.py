"""Every job of the schedule: it does what is due, and run again at once it finds nothing left."""

from sqlalchemy import text

from jobs.schedule import SCHEDULE, Job
from portal.core.db import db
from portal.core.runs import heartbeats
from portal.shared.assets.models import Unit
from tests.factories import payments
from tests.factories.assets import room

LAST_OF = "c.unit_id = u.id and c.seq = u.command_seq and u.number ="
ABANDONED = "(select id from payment_intent where status = 'abandoned' limit 1)"
#: Something for each job to do, in the words of the tables.
MEANWHILE = {
    "access that has ended": [
        "update unit set expires_at = now() - interval '1 second' where number = '101'",
        "update access_grant g set during = tstzrange(lower(during), now() - interval '1 second') from unit u"
        " where u.id = g.unit_id and u.number = '101' and g.ended_at is null",
    ],
    "commands to say again": [f"update device_command c set status = 'expired' from unit u where {LAST_OF} '105'"],
    "commands nobody answered": [
        f"update device_command c set status = 'sent', not_after = now() - interval '1 second' from unit u"
        f" where {LAST_OF} '106'"
    ],
    "payment messages": [
        "update gateway_message set status = 'new', next_attempt_at = now(), attempts = 0"
        " where id = (select id from gateway_message order by id desc limit 1)"
    ],
    "payments nobody made": [
        f"update payment_intent set status = 'pending', expires_at = now() where id = {ABANDONED}"
    ],
    "payments to ask about": [
        "update payment_intent set status = 'pending', next_poll_at = now(), expires_at = now() + interval '1 hour'"
        f" where id = {ABANDONED}"
    ],
    "old idempotency keys": [
        "insert into idempotency_key (id, created_at, actor, key, request_hash)"
        " values (gen_random_uuid(), now() - interval '31 days', 'a', 'k', '')"
    ],
    "old throttle windows": ["insert into throttle_window values ('sign-in', 'a', now() - interval '3 days', 1)"],
    "old sessions and links": [
        "insert into user_session (id, user_id, token_hash, expires_at) select gen_random_uuid(), id, 'x',"
        " now() - interval '40 days' from user_account limit 1"
    ],
    "audit seal": [],
}


def job(name: str) -> Job:
    return next(job for job in SCHEDULE if job.name == name)


def test_a_job_does_what_is_due_and_then_nothing(seeded):
    for name, statements in MEANWHILE.items():
        for statement in statements:
            assert db.session.execute(text(statement)).rowcount > 0, name
        db.session.commit()
        assert job(name).run() > 0, name
        db.session.rollback()
        assert job(name).run() == 0, name


def test_every_job_twice_in_a_row_on_a_whole_business(seeded):
    for each in SCHEDULE:
        while each.run():
            pass
    assert {each.name: done for each in SCHEDULE if (done := each.run())} == {}
    assert "scheduler" in heartbeats()


def test_next_months_partition_is_made_before_it_is_needed(committed):
    job("event partitions").run()
    coming = db.session.scalar(text("select to_char(now() + interval '2 months', '\"asset_event_p\"YYYY_MM')"))
    db.session.execute(text(f"drop table {coming}"))
    db.session.commit()
    assert job("event partitions").run() == 1
    assert job("event partitions").run() == 0


def test_a_month_that_has_begun_without_its_partition_does_not_stop_the_next_ones(committed):
    unit = room()
    job("event partitions").run()
    names = "to_char(date_trunc('month', now()) + n * interval '1 month', '\"asset_event_p\"YYYY_MM')"
    for name in db.session.scalars(text(f"select {names} from generate_series(2, 3) n")).all():
        db.session.execute(text(f"drop table {name}"))
    db.session.execute(
        text(
            "insert into asset_event (id, at, asset_id, unit_id, kind, value) values (gen_random_uuid(),"
            " date_trunc('month', now()) + interval '2 months 3 days', :a, :u, 'occupancy', '1')"
        ),
        {"a": unit.asset_id, "u": unit.id},
    )
    db.session.commit()
    assert job("event partitions").run() == 1
    db.session.execute(text("set session_replication_role = replica"))
    db.session.execute(text("delete from asset_event"))
    db.session.execute(text("set session_replication_role = origin"))
    db.session.commit()
    assert job("event partitions").run() == 1


def test_ended_access_is_told_to_the_door_once(committed):
    unit = room()
    payments.paid(unit)
    db.session.execute(text("update unit set expires_at = now() - interval '1 second'"))
    db.session.execute(text("update access_grant set during = tstzrange(now() - interval '1 day', now())"))
    db.session.commit()
    for _turn in range(3):
        job("access that has ended").run()
        job("commands to say again").run()
    assert db.session.scalar(db.select(Unit.status)) == "expired"
    assert db.session.scalar(text("select count(*) from device_command where action = 'lock'")) == 1
