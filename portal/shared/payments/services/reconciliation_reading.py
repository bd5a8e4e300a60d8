"""The provider's side of a comparison: its list read a day at a time, what is not listed asked for by reference.

Every call to the provider stands between commands, and what it said is kept at once: a comparison that was stopped
goes on with the day it had not finished.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from portal.core.db import db
from portal.core.transaction import transactional
from portal.gateways.base import Charge, Gateway, GatewayRefused, SettlementSaid, UnknownCharge
from portal.shared.payments import providers
from portal.shared.payments.models import PaymentIntent, Reconciliation, ReconciliationLine
from portal.shared.payments.queries import find_intent
from portal.shared.payments.reconciliation_queries import lock_run, oldest_open_settlement

DAY = timedelta(days=1)
KEPT_AT_ONCE = 200
ASKED_AT_ONCE = 20
#: Charges are listed by when they began; those that began before the stretch are asked for, so many at most.
MOST_ASKED = 300
T = TypeVar("T")

#: Payments of the stretch that were not listed, and open differences of any age: a provider has to say it of each.
_TO_ASK = text(
    """
    select transaction_id, reference from (
      select pay.provider_txn_id as transaction_id, i.reference, pay.paid_at as at
        from payment pay join payment_intent i on i.id = pay.intent_id join asset a on a.id = pay.asset_id
       where a.business_id = :business and pay.provider = :provider
         and pay.paid_at >= :since and pay.paid_at < :until
         and i.opened_by not like 'system:second payment of %'
      union
      select d.transaction_id, d.reference, d.created_at from reconciliation_difference d
       where d.business_id = :business and d.provider = :provider and d.status = 'open'
         and d.kind not in ('not_in_books', 'books_differ', 'settlement_not_booked')
    ) as wanted
    where reference is not null and transaction_id is not null and not exists (
      select from reconciliation_line l where l.reconciliation_id = :run and l.sort = 'charge'
         and l.transaction_id = wanted.transaction_id)
    group by transaction_id, reference order by min(at) limit :limit
    """
)


def read(run: Reconciliation) -> None:
    """The next piece of what the provider says: a day of its list, its settlements, or some single charges."""
    phase = run.counts["phase"]
    if phase == "charges":
        _day(run)
    elif phase == "settlements":
        _settlements(run)
    else:
        _ask(run)


def _day(run: Reconciliation) -> None:
    since = datetime.fromisoformat(run.counts["read_until"])
    until = min(since + DAY, run.until)
    listing = providers.listing_for(run.provider, run.business_id)
    db.session.commit()  # hold no connection while the provider is being waited for
    for some in _batches(listing.charges(since, until), KEPT_AT_ONCE):
        _keep(run.id, [_charge(each) for each in some], read=len(some))
    _keep(run.id, [], read_until=until.isoformat(), phase="charges" if until < run.until else "settlements")


def _settlements(run: Reconciliation) -> None:
    oldest = oldest_open_settlement(run.business_id, run.provider) or run.since
    since = min(oldest - DAY, run.since)
    listing = providers.listing_for(run.provider, run.business_id)
    db.session.commit()
    found = [_settlement(each) for each in listing.settlements(since, run.until)] if run.counts["whole"] else []
    _keep(run.id, found, phase="asking")


def _ask(run: Reconciliation) -> None:
    """What was not listed, by its reference, through the account it was begun with."""
    left = MOST_ASKED - run.counts["asked"]
    wanted = db.session.execute(
        _TO_ASK,
        {
            "run": run.id,
            "business": run.business_id,
            "provider": run.provider,
            "since": run.since,
            "until": run.until,
            "limit": max(0, min(ASKED_AT_ONCE, left)),
        },
    ).all()
    if not wanted:
        _keep(run.id, [], phase="comparing")
        return
    lines: list[dict[str, Any]] = []
    for transaction_id, reference in wanted:
        gateway = _through(find_intent(reference), run)
        db.session.commit()
        lines += _answer(gateway, transaction_id, reference)
    _keep(run.id, lines, asked=len(wanted))


def _answer(gateway: Gateway, transaction_id: str, reference: str) -> Iterator[dict[str, Any]]:
    """What the provider says of one charge; what it says of another one under that reference settles nothing."""
    nothing = {"sort": "charge", "transaction_id": transaction_id, "reference": reference, "amount": 0, "fee": 0,
               "currency": "", "at": None, "asked": True}  # fmt: skip
    try:
        said = gateway.verify(reference)
    except UnknownCharge:
        yield nothing | {"status": "unknown"}
        return
    except GatewayRefused:
        yield nothing | {"status": "unclear"}
        return
    yield _charge(said) | {"asked": True}
    if said.transaction_id != transaction_id:
        yield nothing | {"status": "unclear"}


@transactional
def _keep(run_id: uuid.UUID, lines: Sequence[dict[str, Any]], *, read: int = 0, asked: int = 0, **turn: str) -> None:
    """Write down what was said and how far the comparison has come; what was said later counts."""
    run = lock_run(run_id)
    if lines:
        once = {(each["sort"], each["transaction_id"]): each | {"reconciliation_id": run_id} for each in lines}
        new = insert(ReconciliationLine).values(list(once.values()))
        told = {name: new.excluded[name] for name in ("reference", "status", "amount", "fee", "currency", "at")}
        key = ["reconciliation_id", "sort", "transaction_id"]
        db.session.execute(new.on_conflict_do_update(index_elements=key, set_=told))
    counts = run.counts
    run.counts = counts | {"read": counts["read"] + read, "asked": counts["asked"] + asked} | turn


def _charge(said: Charge) -> dict[str, Any]:
    return {
        "sort": "charge",
        "transaction_id": said.transaction_id,
        "reference": said.reference,
        "status": said.status.value,
        "amount": said.amount,
        "fee": said.fee,
        "currency": said.currency,
        "at": said.paid_at,
        "asked": False,
    }


def _settlement(said: SettlementSaid) -> dict[str, Any]:
    return {
        "sort": "settlement",
        "transaction_id": said.id,
        "reference": None,
        "status": said.status,
        "amount": said.amount,
        "fee": said.fees,
        "currency": said.currency,
        "at": said.settled_at,
        "asked": False,
    }


def _through(intent: PaymentIntent | None, run: Reconciliation) -> Gateway:
    return providers.gateway_of(intent) if intent else providers.gateway_for(run.provider, run.business_id)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while some := list(islice(source, size)):
        yield some
