"""The journal: entries a second, product and bare, with unbounded accounts only and with one bounded account each."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from bench.ground import Ground
from bench.served import asked, bare, behind_http
from bench.settle import say
from bench.twins import by_pgbench, copy_of, logged
from portal.core.actor import system
from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.shared.ledger import chart
from portal.shared.ledger.services import entries
from tests.factories import assets as factories

ENTRIES = 800
HANDS = 8
CUSTOMERS = 50
BY = system("bench")


def run(ground: Ground) -> None:
    """Prints entries a second and their ratios to the same statements behind a bare view."""
    with ground.app.app_context():
        place = factories.place()
        customers = [str(uuid.uuid4()) for _n in range(CUSTOMERS)]
        for customer in customers:  # a place's accounts are opened before anything is measured
            post(place, chart.SALES)
            post(place, chart.credit_of(customer))
        db.session.commit()
        db.session.expunge_all()
    two: tuple[tuple[str, Callable[[int], str]], ...] = (
        ("unbounded", lambda _n: chart.SALES),
        ("one bounded", lambda n: chart.credit_of(customers[n % CUSTOMERS])),
    )
    for name, against in two:
        with copy_of(ground, "journal_log") as app:
            logs = []
            for n in range(ENTRIES):
                with logged(app) as seen, app.app_context():
                    post(place, against(n))
                logs.append(seen)
        with copy_of(ground, "journal_bare") as app, behind_http(app, bare(logs)) as port:
            reference = asked(port, ENTRIES, HANDS)
        with copy_of(ground, "journal_pgbench") as app:
            alone = by_pgbench(app, HANDS, logs)
        with copy_of(ground, "journal_product") as app, behind_http(app, by(place, against)) as port:
            product = asked(port, ENTRIES, HANDS)
        say(f"journal, {name}", product.rate, reference.rate, alone)


def by(place: Asset, against: Callable[[int], str]) -> Callable[[int], None]:
    """The n-th entry."""
    return lambda n: post(place, against(n))


def post(place: Asset, against: str) -> None:
    """One cash sale, or one payment into a customer's credit."""
    fact = entries.Draft(
        fact="entry.made",
        key=f"bench:{uuid.uuid4()}",
        legs=[entries.Leg(chart.CASH, 100), entries.Leg(against, -100)],
        subject="manual",
        subject_id=None,
        occurred_at=datetime.now(UTC),
    )
    entries.post(place=place, currency=place.currency, drafts=[fact], actor=BY)
