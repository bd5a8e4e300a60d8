"""The three-way comparison itself, in a handful of statements however long the list: provider, payments, books."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import text

from portal.core.actor import system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.ledger import chart
from portal.shared.payments.models import DifferenceKind
from portal.shared.payments.queries import find_intent
from portal.shared.payments.reconciliation_queries import lock_run
from portal.shared.payments.services.settlement import alert

#: The entries that say how much money came and what the provider kept of it.
FACTS = ["payment.settled", "payment.held", "fee.corrected", "difference.booked"]
#: What a provider calls a sum that has not reached the bank yet, or never will.
NOT_PAID_OUT = ["pending", "processing", "queued", "failed", "open"]

#: Both sides side by side. `heard` is each listed charge with the payment, or the intent, that has it here.
_SIDES = """
with line as materialized (
  select * from reconciliation_line where reconciliation_id = :run and sort = 'charge'
), chosen as (
  select pay.id from payment pay join asset a on a.id = pay.asset_id
   where a.business_id = :business and pay.provider = :provider and pay.paid_at >= :since and pay.paid_at < :until
  union
  select payment_id from reconciliation_difference
   where business_id = :business and provider = :provider and status = 'open' and payment_id is not null
  union
  select pay.id from line join payment pay on pay.provider = :provider and pay.provider_txn_id = line.transaction_id
    join asset a on a.id = pay.asset_id where a.business_id = :business
), ours as materialized (
  select pay.*, i.reference, i.status as intent_status,
         pay.paid_at >= :since and pay.paid_at < :until as within
    from chosen join payment pay on pay.id = chosen.id join payment_intent i on i.id = pay.intent_id
), book as materialized (
  select e.subject_id as payment_id,
         bool_or(e.key = 'payment:' || e.subject_id) as booked,
         coalesce(sum(leg.amount) filter (where a.code = :charges), 0) as fee,
         coalesce(sum(leg.amount) filter (where a.code = any(:money)), 0) as net
    from ours join ledger_entry e on e.subject = 'payment' and e.subject_id = ours.id
    left join ledger_entry first on first.id = e.reverses
    join ledger_posting leg on leg.entry_id = e.id join ledger_account a on a.id = leg.account_id
   where coalesce(first.fact, e.fact) = any(:facts) group by e.subject_id
), back as (
  select payment_id, sum(refund.amount) as amount from refund join ours on ours.id = refund.payment_id
   where refund.status not in ('requested', 'declined', 'failed') group by payment_id
), heard as materialized (
  select line.*, ours.id as payment_id, ours.within, i.id as intent_id, i.status as intent_status,
         coalesce(ours.asset_id, i.asset_id) as asset_id,
         coalesce(ours.reference, i.reference, line.reference) as known_as,
         ours.id is null and (other.id is not null or coalesce(a.business_id <> :business, false)
                              or i.id is null and not :whole) as strange
    from line left join ours on ours.provider_txn_id = line.transaction_id
    left join payment_intent i on ours.id is null and i.reference = line.reference and i.provider = :provider
    left join asset a on a.id = i.asset_id
    left join payment other on ours.id is null and other.provider = :provider
      and other.provider_txn_id = line.transaction_id
)
"""

_FIND = text(
    _SIDES
    + """
, found (kind, name, asset_id, reference, payment_id, currency, ours, theirs, details) as (
  select 'missing_here', transaction_id, asset_id, known_as, null::uuid, currency, null::bigint, amount,
         jsonb_build_object('at', at, 'fee', fee, 'unknown', intent_id is null, 'status', intent_status)
    from heard where status = 'success' and payment_id is null and not strange and not exists (
      select from mobile_receipt r where r.provider = :provider and r.transaction_id = heard.transaction_id
         and r.status not in ('unverified', 'refused'))
  union all
  select k.kind, h.transaction_id, o.asset_id, h.known_as, o.id, o.currency,
         case k.kind when 'fee_differs' then o.fee else o.charged end,
         case k.kind when 'fee_differs' then h.fee when 'missing_there' then null when 'status_differs' then null
                     else h.amount end,
         jsonb_build_object('at', o.paid_at, 'status', h.status, 'their_currency', h.currency)
    from heard h join ours o on o.id = h.payment_id left join back on back.payment_id = o.id
   cross join lateral (select case
      when h.status = 'unknown' then 'missing_there'
      when h.status in ('failed', 'abandoned', 'pending', 'processing') then 'status_differs'
      when h.status not in ('success', 'reversed') then null
      when h.currency <> o.currency then 'currency_differs'
      when h.amount <> o.charged then 'amount_differs'
      when h.status = 'success' and h.fee <> o.fee then 'fee_differs'
      when h.status = 'reversed' and o.intent_status <> 'refunded' and coalesce(back.amount, 0) < o.amount
       and not exists (select from ledger_entry e where e.key = 'payment:' || o.id || '\\:reversed')
      then 'status_differs' end as kind) k
   where k.kind is not null
  union all
  select case when book.booked then 'books_differ' else 'not_in_books' end, o.provider_txn_id, o.asset_id,
         o.reference, o.id, o.currency, o.charged, case when book.booked then book.net + book.fee end,
         jsonb_build_object('at', o.paid_at, 'fee', o.fee, 'booked_fee', book.fee)
    from ours o left join book on book.payment_id = o.id
   where book.booked is not true or book.fee <> o.fee or book.net <> o.charged - o.fee
  union all
  select 'settlement_not_booked', transaction_id, null::uuid, null, null::uuid, currency, null::bigint, amount,
         jsonb_build_object('at', at, 'fee', fee, 'status', status)
    from reconciliation_line l
   where reconciliation_id = :run and sort = 'settlement' and amount > 0 and not status = any(:not_paid_out)
     and not exists (select from ledger_entry e where e.key = 'settlement:' || :provider || ':' || l.transaction_id)
)
insert into reconciliation_difference as d (id, reconciliation_id, business_id, asset_id, provider, kind, name,
  reference, transaction_id, payment_id, currency, ours, theirs, details)
select gen_random_uuid(), :run, :business, f.asset_id, :provider, f.kind, f.name, f.reference,
       f.name, f.payment_id, f.currency, f.ours, f.theirs, f.details
  from found f where not exists (
    select from reconciliation_difference e where e.business_id = :business and e.provider = :provider
       and e.kind = f.kind and e.name = f.name and e.status = 'explained' and e.currency = f.currency
       and e.ours is not distinct from f.ours and e.theirs is not distinct from f.theirs
       and e.details ->> 'status' is not distinct from f.details ->> 'status')
 order by f.kind, f.name
on conflict (business_id, provider, kind, name) where status = 'open' do update
  set reconciliation_id = excluded.reconciliation_id, payment_id = excluded.payment_id,
      currency = excluded.currency, ours = excluded.ours, theirs = excluded.theirs,
      details = d.details || excluded.details
returning d.id, d.kind, d.reference, xmax = 0 as fresh
"""
)

#: An open difference that this comparison judged, and did not find again, is in order by now.
_CLOSE = text(
    """
update reconciliation_difference d set status = 'gone', resolved_at = :now, resolved_by = :by
 where business_id = :business and provider = :provider and status = 'open' and reconciliation_id <> :run
   and (kind in ('not_in_books', 'books_differ')
        or exists (select from ledger_entry e where kind = 'settlement_not_booked'
                      and e.key = 'settlement:' || :provider || ':' || d.name)
        or exists (select from reconciliation_line l where l.reconciliation_id = :run and l.status <> 'unclear'
                      and l.sort = case when kind = 'settlement_not_booked' then 'settlement' else 'charge' end
                      and l.transaction_id = d.name))
returning d.id
"""
)

_SUM = text(
    _SIDES
    + """
select 'theirs' as side, asset_id, currency, count(*), sum(amount), sum(fee) from heard
 where not strange and status in ('success', 'reversed')
   and coalesce(within, at is null or at >= :since and at < :until) group by 2, 3
union all
select 'ours', asset_id, currency, count(*), sum(charged), sum(fee) from ours where within group by 2, 3
union all
select 'books', o.asset_id, o.currency, count(*), sum(book.net + book.fee), sum(book.fee)
  from ours o join book on book.payment_id = o.id and book.booked where within group by 2, 3
union all
select 'agreed', o.asset_id, o.currency, count(*), sum(charged), sum(fee) from ours o
 where within and (not :listed or exists (select from heard h where h.payment_id = o.id
                                             and h.status in ('success', 'reversed')))
   and not exists (select from reconciliation_difference d where d.payment_id = o.id and d.provider = :provider
                      and d.status in ('open', 'explained')) group by 2, 3
union all
select 'strange', null::uuid, currency, count(*), sum(amount), sum(fee) from heard
 where strange and status = 'success' group by 2, 3
"""
)


@transactional
def compare(run_id: uuid.UUID) -> None:
    """Find what does not agree, close what is in order by now, sum both sides, and finish the comparison."""
    run = lock_run(run_id)
    now, by = utcnow(), system("reconciliation")
    asked = {
        "run": run.id,
        "business": run.business_id,
        "provider": run.provider,
        "since": run.since,
        "until": run.until,
        "whole": run.counts["whole"],
        "listed": run.counts["listed"],
        "charges": chart.PROVIDER_CHARGES,
        "money": [chart.money_at(run.provider).partition(":")[0], chart.UNCLAIMED],
        "facts": FACTS,
        "not_paid_out": NOT_PAID_OUT,
    }
    found = db.session.execute(_FIND, asked).all()
    closed = db.session.execute(_CLOSE, asked | {"now": now, "by": by.key}).all()
    money = _by_place(db.session.execute(_SUM, asked))
    db.session.execute(text("delete from reconciliation_line where reconciliation_id = :run"), asked)
    kinds: dict[str, int] = {}
    for each in found:
        kinds[each.kind] = kinds.get(each.kind, 0) + 1
        if each.fresh and each.kind == DifferenceKind.MISSING_THERE:
            alert("not_at_the_provider", intent=find_intent(each.reference), reference=each.reference, actor=by)
    run.counts = run.counts | {
        "phase": "done",
        "kinds": kinds,
        "fresh": sum(each.fresh for each in found),
        "gone": len(closed),
        "money": money,
    }
    run.status, run.finished_at = "done", now


def _by_place(rows: Any) -> dict[str, dict[str, dict[str, list[int]]]]:
    """Count, gross and fee in minor units, by place ("" for what is of none), currency and side."""
    found: dict[str, dict[str, dict[str, list[int]]]] = {}
    for side, asset_id, currency, count, gross, fee in rows:
        place = found.setdefault(str(asset_id or ""), {})
        place.setdefault(currency, {})[side] = [int(count), int(gross or 0), int(fee or 0)]
    return found
