"""Nobody rewrites the trail, and when somebody with the keys does, the chain names the row."""

import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.core.actor import system
from portal.core.db import db
from portal.core.errors import Conflict
from portal.core.transaction import transactional
from portal.shared.audit import queries, services

pytestmark = pytest.mark.database


@transactional
def write(n: int = 1) -> None:
    for number in range(n):
        services.record(
            "unit.renamed",
            actor=system("test"),
            subject="unit",
            subject_id=uuid.uuid4(),
            reason="Sign was wrong",
            before={"number": "204"},
            after={"number": f"20{number}é"},
        )


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set reason = 'x'",
        "delete from audit_entry",
        "truncate audit_entry cascade",
        "update audit_link set chain = ''",
        "delete from audit_link",
        "truncate audit_link",
    ],
)
def test_the_trail_cannot_be_rewritten(committed, statement):
    write(3)
    services.seal()
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(statement))
    db.session.rollback()


def test_an_entry_of_a_refused_command_is_not_kept(committed):
    @transactional
    def refused():
        write()
        raise Conflict("No.")

    with pytest.raises(Conflict):
        refused()
    assert queries.trail(subject="unit") == []


def test_an_untouched_chain_holds(committed):
    write(5)
    assert services.seal() == 5
    write(4)
    assert services.seal() == 4
    assert services.seal() == 0
    report = queries.check_chain()
    assert report.intact
    assert (report.checked, report.unsealed) == (9, 0)


def tamper(statement: str) -> None:
    """What an operator with the owner's password could do."""
    with db.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ('update audit_entry set after = \'{"number": "999"}\' where id = :id', "altered"),
        ("update audit_entry set at = at + interval '1 second' where id = :id", "altered"),
        ("delete from audit_entry where id = :id", "removed"),
    ],
)
def test_the_first_altered_row_is_named(committed, statement, what):
    write(10)
    services.seal()
    fourth = db.session.scalar(text("select entry_id from audit_link where position = 4"))
    db.session.rollback()
    tamper(statement.replace(":id", str(fourth)))
    report = queries.check_chain()
    assert not report.intact
    assert report.broken_entry == fourth
    assert what in report.what


def test_a_slow_commands_entry_is_chained_later_and_the_chain_still_holds(committed):
    slow = db.engine.connect()
    started = slow.begin()
    slow.execute(
        text(
            "insert into audit_entry (actor_kind, actor_name, action, subject_type)"
            " values ('user', 'Slow', 'unit.renamed', 'unit')"
        )
    )
    write(2)
    assert services.seal() == 0, "younger entries wait for the older open one"
    started.commit()
    slow.close()
    assert services.seal() == 3
    assert queries.check_chain().intact
