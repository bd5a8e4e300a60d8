"""Money on folios: taken at the desk, by a link or a phone, from credit, held until the guest comes, and given back.

The keeper that payments ask: whichever way money comes or goes, it is one line here and one entry in the books.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.errors import Invalid
from portal.core.money import Money
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import money
from portal.shared.assets.queries import asset_of
from portal.shared.customers.queries import get_customer
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.ledger.services import entries
from portal.shared.payments import owed
from portal.shared.payments.errors import CannotFulfil, CreditTooLow, RefundTooLarge, WrongCurrency
from portal.shared.payments.models import Bill, BillKind, Payment, PaymentIntent
from portal.shared.payments.providers import called
from portal.shared.payments.purposes import About, Offer, Terms
from portal.shared.payments.services import bills, desk
from portal.trades.hotel.errors import AmountWrong, FolioClosed
from portal.trades.hotel.models import Folio, FolioLine, FolioStatus, LineKind, Stay
from portal.trades.hotel.queries.folios import (
    balance_of,
    folio_of_id,
    line_by_key,
    lines_of,
    lock_folio,
    lock_folios,
    money_on,
    windows_of,
)
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.services.folio_closing import city_line, open_again
from portal.trades.hotel.services.folio_lines import Item, book, open_day, still_open, write
from portal.trades.hotel.services.folios import note


class FolioOver(CannotFulfil):
    """The folio was closed before the money came."""


def hold(folio_id: uuid.UUID) -> None:
    """Lock a folio, and the day its money is counted on."""
    lock_day(folio_of_id(folio_id).asset_id, shared=True)
    lock_folio(folio_id)


def account(folio_id: uuid.UUID) -> str:
    """Where a folio's money goes: held until its guest comes, then against what they owe, at last against the debt."""
    folio = folio_of_id(folio_id)
    if folio.status == FolioStatus.CLOSED:
        return chart.owed_by(folio.payer_id)
    return chart.DEPOSITS if folio.waiting else chart.GUEST_LEDGER


def origin(folio_id: uuid.UUID, payment: Payment) -> str:
    """What a payment goes back from: where it stands on the folio, or the debt that it paid after the folio closed."""
    folio = folio_of_id(folio_id)
    if not _stands(folio, payment):
        return chart.owed_by(folio.payer_id)
    return chart.DEPOSITS if folio.waiting else chart.GUEST_LEDGER


def _stands(folio: Folio, payment: Payment) -> bool:
    return any(each.payment_id == payment.id for each in lines_of([folio.id]).get(folio.id, []))


def came(folio_id: uuid.UUID, amount: int, by: str, payment: Payment | None, key: str, actor: Actor) -> None:
    """Write money that came on its folio; on a closed one it pays what was left owing, and no more."""
    folio = folio_of_id(folio_id)
    place = asset_of(folio.asset_id)
    if folio.status == FolioStatus.CLOSED:
        debt = standing(place.business_id, place.id, chart.owed_by(folio.payer_id), folio.currency)
        if city_line(folio) is None or debt < amount:
            raise FolioOver(_("Folio %(number)s was closed before the money came.", number=folio.number))
        return
    kind = LineKind.DEPOSIT if folio.waiting else LineKind.PAYMENT
    words = _("Customer's credit") if by == desk.CREDIT else called(by)
    item = Item(
        folio=folio, kind=kind, code=by, words=words, amount=-amount, key=key,
        payment_id=payment.id if payment else None,
    )  # fmt: skip
    write(place, open_day(place.id), [item], actor)


def went(folio_id: uuid.UUID, amount: int, payment: Payment, key: str, actor: Actor, *, gone: bool) -> None:
    """Write money that goes back; never more than came, unless it has gone already."""
    folio = folio_of_id(folio_id)
    if not _stands(folio, payment):
        return
    place = asset_of(folio.asset_id)
    if folio.status == FolioStatus.CLOSED:
        if not gone:
            still_open(folio)
        open_again(place, open_day(place.id), folio, _("The payment was taken back"), actor, whole=False)
    _no_more_than_came(folio, amount, gone)
    item = Item(
        folio=folio, kind=LineKind.REFUND, code=payment.provider, amount=amount, key=key, payment_id=payment.id,
        words=_("%(provider)s, given back", provider=called(payment.provider)),
    )  # fmt: skip
    write(place, open_day(place.id), [item], actor)


def of_payment(payment_id: uuid.UUID) -> uuid.UUID | None:
    """The folio that a payment stands on, or None."""
    found: uuid.UUID | None = db.session.scalar(
        select(FolioLine.folio_id).where(FolioLine.payment_id == payment_id).order_by(FolioLine.id).limit(1)
    )
    return found


def stayed(folio_id: uuid.UUID, key: str, actor: Actor) -> None:
    """Write that money which was to go back did not."""
    line = line_by_key(key)
    if line is None:
        return
    folio = folio_of_id(folio_id)
    place = asset_of(folio.asset_id)
    if folio.status == FolioStatus.CLOSED:
        open_again(place, open_day(place.id), folio, _("A refund failed"), actor, whole=False)
    item = Item(
        folio=folio, kind=LineKind.REVERSAL, code=line.code, words=_("The refund failed"), amount=-line.amount,
        key=f"{key}:failed", reverses=line,
    )  # fmt: skip
    write(place, open_day(place.id), [item], actor)


def _no_more_than_came(folio: Folio, amount: int, gone: bool = False) -> None:
    left = money_on(folio.id)
    if amount > left and not gone:
        raise RefundTooLarge(
            _("%(left)s of what came for this folio can still go back.", left=Money(left, folio.currency)),
            field="amount",
        )


def prepare(offer: Offer) -> Terms:
    """The terms of paying for a folio; refused when it is closed or in another currency."""
    folio = folio_of_id(offer.subject_id)
    place = asset_of(folio.asset_id)
    if offer.currency is not None and offer.currency != folio.currency:
        raise WrongCurrency(
            _("%(place)s takes %(currency)s.", place=place.name, currency=folio.currency), field="currency"
        )
    if folio.status == FolioStatus.CLOSED and city_line(folio) is None:
        raise FolioClosed(_("Folio %(number)s is closed, and nothing is owed on it.", number=folio.number))
    return Terms(
        asset_id=place.id,
        currency=folio.currency,
        description=f"{place.name}, {named(folio)}",
        customer_id=folio.payer_id,
    )


def fulfil(intent: PaymentIntent, payment: Payment, actor: Actor) -> int:
    """Count money on its folio: all of it, since what is too much stands there for everybody to see."""
    hold(intent.subject_id)
    came(intent.subject_id, payment.amount, payment.provider, payment, f"payment:{payment.id}:line", actor)
    return payment.amount


def earned(intent: PaymentIntent) -> str:
    """The account that its money is booked to."""
    return account(intent.subject_id)


def about(intent: PaymentIntent) -> About:
    """What was paid for."""
    folio = folio_of_id(intent.subject_id)
    return About(named(folio), ((_("Guest"), get_customer(folio.payer_id).name),))


def named(folio: Folio) -> str:
    """A folio's name as people say it."""
    return _("Folio %(number)s", number=folio.number)


@transactional
def take(
    *,
    folio_id: uuid.UUID,
    way: str,
    amount: int,
    actor: Actor,
    slip: str | None = None,
    tendered: int | None = None,
    idem_key: str | None = None,
) -> desk.Taken:
    """Take cash or a card slip for a folio."""
    payer = get_customer(folio_of_id(folio_id).payer_id)
    return desk.take(
        purpose=owed.PURPOSE,
        subject_id=folio_id,
        way=way,
        amount=amount,
        payer_email=payer.email or "",
        payer_phone=payer.phone,
        slip=slip,
        tendered=tendered,
        idem_key=idem_key,
        actor=actor,
    )


@transactional
def ask(*, folio_id: uuid.UUID, amount: int, actor: Actor) -> Bill:
    """A bill for a folio, or for a part of it: its page takes every way to pay, and its link goes to the payer."""
    folio = folio_of_id(folio_id)
    if amount < 1:
        raise AmountWrong(_("Ask for more than nothing."), field="amount")
    place = asset_of(folio.asset_id)
    return bills.raise_bill(
        place=place,
        kind=BillKind.FOLIO,
        subject_id=folio.id,
        customer=get_customer(folio.payer_id),
        description=named(folio),
        amount=amount,
        actor=actor,
    )


@transactional
def spend_credit(*, folio_id: uuid.UUID, amount: int, actor: Actor, idem_key: str | None = None) -> None:
    """Pay a folio from what its payer has with us; raises CreditTooLow. The same key spends once."""
    hold(folio_id)
    folio = folio_of_id(folio_id)
    key = f"folio:{folio.id}:credit:{idem_key or uuid7()}"
    if line_by_key(key) is not None:
        return
    if amount < 1:
        raise Invalid(_("Use more than nothing of it."), field="amount")
    has = credit_for(folio)
    if amount > has.minor:
        raise CreditTooLow(_("The customer has %(has)s of credit here.", has=money(has)), field="amount")
    came(folio.id, amount, desk.CREDIT, None, key, actor)
    _book(folio, "credit.spent", key, amount, actor, credit=chart.credit_of(folio.payer_id), earned=account(folio.id))
    note("folio.paid", folio, actor, after={"by": desk.CREDIT, "amount": amount})


@transactional
def keep_as_credit(*, folio_id: uuid.UUID, amount: int, actor: Actor) -> None:
    """What was paid too much becomes the payer's credit, to be spent another time."""
    hold(folio_id)
    folio = folio_of_id(folio_id)
    still_open(folio)
    over = -balance_of(folio.id)
    if not 0 < amount <= over:
        raise AmountWrong(
            _("Up to %(over)s was paid too much.", over=Money(max(0, over), folio.currency)), field="amount"
        )
    _no_more_than_came(folio, amount)
    place, key = asset_of(folio.asset_id), f"folio:{folio.id}:kept:{uuid7()}"
    words = _("Kept as the customer's credit")
    item = Item(folio=folio, kind=LineKind.REFUND, code=desk.CREDIT, words=words, amount=amount, key=key)
    write(place, open_day(place.id), [item], actor)
    _book(folio, "credit.given", key, amount, actor, credit=chart.credit_of(folio.payer_id), counter=account(folio.id))
    note("folio.kept_as_credit", folio, actor, after={"amount": amount})


def credit_for(folio: Folio) -> Money:
    """What the payer of a folio has with the business."""
    place = asset_of(folio.asset_id)
    return Money(standing(place.business_id, place.id, chart.credit_of(folio.payer_id), folio.currency), folio.currency)


def arrived(stays: Sequence[Stay], actor: Actor) -> None:
    """Guests have come, or will not: what was held for them counts against what they owe. The stays are held."""
    _turn(stays, waiting=False, actor=actor)


def awaited(stays: Sequence[Stay], actor: Actor) -> None:
    """Guests are to come again, after all: what they paid is held for them. The stays are held."""
    _turn(stays, waiting=True, actor=actor)


def _turn(stays: Sequence[Stay], *, waiting: bool, actor: Actor) -> None:
    found = windows_of([stay.id for stay in stays])
    turning = [each.id for own in found.values() for each in own if each.waiting != waiting]
    for folio in lock_folios(turning).values():
        folio.waiting = waiting
        held = money_on(folio.id)
        if held and folio.status == FolioStatus.OPEN:
            fact = "deposit.held" if waiting else "deposit.applied"
            _book(folio, fact, f"folio:{folio.id}:{fact}:{uuid7()}", held, actor)
            note(f"folio.{fact.replace('.', '_')}", folio, actor, after={"amount": held})
    db.session.flush()


def _book(folio: Folio, fact: str, key: str, amount: int, actor: Actor, **roles: str) -> None:
    made = entries.draft(
        fact, key=key, amounts={"amount": amount}, subject="folio", subject_id=folio.id, occurred_at=utcnow(), **roles
    )
    book(asset_of(folio.asset_id), open_day(folio.asset_id), [made], actor)


def payments_on(lines: Sequence[FolioLine]) -> list[uuid.UUID]:
    """The payments among lines, the latest first."""
    kinds = (LineKind.PAYMENT, LineKind.DEPOSIT)
    return [each.payment_id for each in reversed(lines) if each.payment_id is not None and each.kind in kinds]
