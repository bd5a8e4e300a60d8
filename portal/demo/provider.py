"""The month on the pretended provider's side: its charges, what it paid into the bank, and two slips to be found."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import text

from portal.core.actor import system
from portal.core.db import db
from portal.gateways.sandbox.models import SandboxSettlement
from portal.shared.assets.queries import asset_of
from portal.shared.ledger import chart
from portal.shared.ledger.services import entries

#: The last days are still to be paid out, so that there is something to book.
NOT_YET_PAID_OUT = timedelta(days=2)

_CHARGES = """
insert into sandbox_transaction (id, created_at, number, reference, access_code, email, requested_amount,
  requested_currency, amount, currency, fees, description, callback_url, status, outcome, paid_at)
overriding system value
select gen_random_uuid(), i.created_at, p.provider_txn_id::bigint, i.reference, 'demo-' || i.reference, i.payer_email,
       i.amount, i.currency, p.charged, p.currency, p.fee, 'Demo', '', 'success', 'paid', p.paid_at
  from payment p join payment_intent i on i.id = p.intent_id where p.provider = 'sandbox'
"""
#: A message that never came, and a charge that was dearer than it was said to be.
_SLIPS = (
    """
insert into sandbox_transaction (id, created_at, reference, access_code, email, requested_amount,
  requested_currency, amount, currency, fees, description, callback_url, status, outcome, paid_at)
select gen_random_uuid(), i.created_at, i.reference, 'demo-' || i.reference, i.payer_email, i.amount, i.currency,
       i.amount, i.currency, round(i.amount * 0.015), 'Demo', '', 'success', 'paid', i.created_at + interval '3 minutes'
  from payment_intent i where i.provider = 'sandbox' and i.status in ('abandoned', 'expired')
   and not exists (select from payment p where p.intent_id = i.id) order by i.created_at desc limit 1
""",
    """
update sandbox_transaction set fees = fees + 10000 where number = (
  select provider_txn_id::bigint from payment where provider = 'sandbox' and currency = 'NGN' and fee > 0
   order by paid_at desc limit 1)
""",
)
_DAYS = """
select t.paid_at::date as day, t.currency, p.asset_id, sum(t.amount) as gross, sum(t.fees) as fees
  from sandbox_transaction t join payment p on p.provider = 'sandbox' and p.provider_txn_id = t.number::text
 where t.paid_at < :until group by 1, 2, 3 order by 1, 2, 4 desc
"""


def load(now: datetime) -> None:
    """Let the provider have in its books what came, and pay out what is older than two days."""
    db.session.execute(text(_CHARGES))
    until = datetime.combine((now - NOT_YET_PAID_OUT).date(), time(), UTC)
    days = defaultdict(list)
    for day, currency, asset_id, gross, fees in db.session.execute(text(_DAYS), {"until": until}):
        days[day, currency].append((asset_id, int(gross), int(fees)))
    drafts = defaultdict(list)
    for (day, currency), shares in days.items():
        at = min(datetime.combine(day + timedelta(days=1), time(6), UTC), now)
        made = SandboxSettlement(
            currency=currency,
            processed=sum(gross for _place, gross, _fees in shares),
            fees=sum(fees for _place, _gross, fees in shares),
            settled_at=at,
        )
        db.session.add(made)
        db.session.flush()
        db.session.execute(
            text(
                "update sandbox_transaction set settlement_id = :id where currency = :currency"
                " and paid_at::date = :day and settlement_id is null"
            ),
            {"id": made.id, "currency": currency, "day": day},
        )
        for nth, (asset_id, gross, fees) in enumerate(shares):
            key = f"settlement:sandbox:{made.number}"
            drafts[asset_id, currency].append(_paid_out(key if nth == 0 else f"{key}:{nth}", made.id, gross - fees, at))
    for (asset_id, currency), found in drafts.items():
        entries.post(place=asset_of(asset_id), currency=currency, drafts=found, actor=system("demo"))
    for each in _SLIPS:
        db.session.execute(text(each))


def _paid_out(key: str, about: uuid.UUID, net: int, at: datetime) -> entries.Draft:
    return entries.draft(
        "settlement.received",
        key=key,
        amounts={"net": net, "gross": net},
        subject="settlement",
        subject_id=about,
        occurred_at=at,
        money=chart.money_at("sandbox"),
    )
