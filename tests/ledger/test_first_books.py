"""What was paid before there were books is in them after the migration: balanced, and fit to its payments."""

import uuid

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from portal.core.db import db
from portal.reporting import books_check, revenue
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing, trial_balance
from portal.web.books.asked import BEGINNING, END
from tests.house.test_migrations import MIGRATIONS, scratch

__all__ = ["scratch"]
pytestmark = pytest.mark.database
BUSINESS, PLACE, UNIT = (uuid.UUID(int=number) for number in (1, 2, 3))
#: Reference, status, payer, and of the payment: amount, fee, remainder, counted, and when (in UTC).
PAID = (
    ("PLAIN-1", "succeeded", "Ada@Example.com", 1_000_000, 15_000, 0, True, "2026-03-01T23:30Z"),
    ("OVER-1", "succeeded", "ada@example.com", 1_250_000, 18_750, 250_000, True, "2026-03-02T10:00Z"),
    ("CREDIT-1", "succeeded", "bola@example.com", 400_000, 0, 400_000, True, "2026-03-03T10:00Z"),
    ("HELD-1", "review", "cem@example.com", 90_000, 1_350, 90_000, False, "2026-03-04T10:00Z"),
    ("BACK-1", "refunded", "dele@example.com", 70_000, 1_050, 0, False, "2026-03-05T10:00Z"),
)


def paid_before_there_were_books():
    """A business at the version before the books, as it was written by the program of that day."""
    run = db.session.execute
    run(text("insert into business (id, name) values (:b, 'Old')"), {"b": BUSINESS})
    run(
        text(
            "insert into asset (id, business_id, asset_number, kind, name, timezone, currency) values"
            " (:p, :b, 'OLD1234', 'hotel', 'Old hotel', 'Africa/Lagos', 'NGN')"
        ),
        {"p": PLACE, "b": BUSINESS},
    )
    for number, (reference, status, payer, amount, fee, remainder, counted, at) in enumerate(PAID, 10):
        values = {
            "id": uuid.UUID(int=number), "p": PLACE, "u": UNIT, "r": reference, "s": status, "e": payer, "a": amount,
            "f": fee, "m": remainder, "c": counted, "t": at,
        }  # fmt: skip
        run(
            text(
                "insert into payment_intent (id, reference, provider, purpose, asset_id, subject_id, payer_email,"
                " amount, currency, price, period_minutes, status, opened_by, expires_at, settled_at) values (:id, :r,"
                " 'sandbox', 'unit_access', :p, :u, :e, :a, 'NGN', 100000, 1440, :s, 'user:x', :t, :t)"
            ),
            values,
        )
        run(
            text(
                "insert into payment (id, intent_id, asset_id, provider, provider_txn_id, amount, fee, currency,"
                " remainder, counted, paid_at, settled_via) values (:id, :id, :p, 'sandbox', :r, :a, :f, 'NGN', :m, :c,"
                " :t, 'webhook')"
            ),
            values,
        )
    db.session.commit()


def test_payments_of_before_are_booked_when_the_books_come(scratch):
    where = str(MIGRATIONS)
    upgrade(directory=where, revision="0009")
    paid_before_there_were_books()
    for _time in range(2):  # up, down and up again
        upgrade(directory=where)
        assert [each.wrong for each in books_check.run() if not each.well] == []
        stands = {
            code: standing(BUSINESS, PLACE, account, "NGN")
            for code, account in {
                "provider": chart.money_at("sandbox"),
                "charges": chart.PROVIDER_CHARGES,
                "hire": chart.HIRE,
                "held": chart.HELD,
            }.items()
        }
        assert stands == {
            "provider": 2_810_000 - 36_150 - 70_000,
            "charges": 36_150,
            "hire": 2_000_000,
            "held": 90_000,
        }
        credit = dict(
            db.session.execute(
                text(
                    "select c.email, -b.balance from ledger_balance b join ledger_account a on a.id = b.account_id"
                    " join customer c on c.id::text = a.owner"
                )
            ).all()
        )
        assert credit == {"ada@example.com": 250_000, "bola@example.com": 400_000}
        assert trial_balance(PLACE, "NGN", BEGINNING, END).balanced
        days = db.session.execute(text("select booked_on::text from ledger_entry order by id")).scalars().all()
        assert days == ["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-05"]
        assert revenue.of_unit(UNIT) == (2_000_000, 3)
        db.session.rollback()
        downgrade(directory=where, revision="0009")
