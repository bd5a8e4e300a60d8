"""Money sent out: drafted by one person, approved by another, confirmed with a one-time password."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from flask import g

from portal.api import fields
from portal.api.assets import local
from portal.api.door import View, door, speaks
from portal.api.guards import current_actor, permission, require, signed_in
from portal.api.schemas import Given, Page, Paging, Taken
from portal.core import parse
from portal.core.money import Money
from portal.core.words import _
from portal.gateways.base import Bank
from portal.shared.assets.queries import asset_of
from portal.shared.identity.errors import NoSuchPlace
from portal.shared.ledger import chart
from portal.shared.payments.models import Payout, PayoutStatus
from portal.shared.payments.payout_queries import PayoutsWanted, get_payout, no_such_payout, payouts_of
from portal.shared.payments.services import payouts

#: What the money is for, on the wire, and where it goes in the books.
PURPOSES = {
    "own_bank": chart.BANK,
    "supplier": chart.PAYABLE,
    "costs": chart.COSTS,
    "owner": chart.CAPITAL,
}
OTP = {"type": "string", "pattern": "^[0-9]{4,10}$", "examples": ["123456"]}
ACCOUNT = {"type": "string", "pattern": r"^\+?[0-9]{5,20}$", "examples": ["0123456789"]}


def account_number(value: object, field: str) -> str:
    """An account number or telephone as a bank writes it: figures, without spaces."""
    text = parse.text(value, field, max_length=40).replace(" ", "")
    plain = text.removeprefix("+")
    if not (plain.isascii() and plain.isdigit() and 5 <= len(plain) <= 20):
        raise parse.ParseError(_("An account number has 5 to 20 figures."), field)
    return text


def one_time_password(value: object, field: str) -> str:
    """A one-time password: a few figures."""
    text = parse.text(value, field, max_length=40).replace(" ", "")
    if not (text.isascii() and text.isdigit() and 4 <= len(text) <= 10):
        raise parse.ParseError(_("A one-time password has 4 to 10 figures."), field)
    return text


class TransferIn(Taken):
    """Who is to get how much, for what. The name on the account is asked of the bank."""

    asset_number: fields.Code
    amount: fields.Amount
    currency: fields.Currency | None = None
    bank_code: fields.Code
    account_number: Annotated[str, *fields.read_by(account_number, ACCOUNT)]
    purpose: fields.choice(*PURPOSES)  # type: ignore[valid-type]
    description: fields.text(100)  # type: ignore[valid-type]
    recipient_name: fields.text(100) | None = None  # type: ignore[valid-type]
    provider: fields.Code | None = None


class OtpIn(Taken):
    """The one-time password that was sent to the account's owner."""

    otp: Annotated[str, *fields.read_by(one_time_password, OTP)]


class TransfersQuery(Paging):
    """Whose transfers, and which."""

    asset_number: fields.Code
    status: fields.choice(*PayoutStatus) | None = None  # type: ignore[valid-type]


class BanksQuery(Taken):
    """For which place, through which provider, in which currency."""

    asset_number: fields.Code
    provider: fields.Code | None = None
    currency: fields.Currency | None = None


class Recipient(Given):
    """Who gets it, by the name the bank has."""

    name: str
    bank_code: str
    bank_name: str
    account_number: str


class Otp(Given):
    """What the one-time password still has: time by the portal's clock, and tries."""

    deadline: datetime
    seconds_left: int
    tries_left: int


class TransferOut(Given):
    """A payout and how far it has come; `fee` is what is reserved for its charge, at the end what it came to."""

    id: uuid.UUID
    asset_number: str
    reference: str
    status: str
    amount: fields.AmountText
    fee: fields.AmountText
    currency: str
    provider: str
    purpose: str
    description: str
    recipient: Recipient
    requested_by: str
    approved_by: str | None
    otp: Otp | None
    said: str | None
    created_at: datetime
    approved_at: datetime | None
    submitted_at: datetime | None
    finished_at: datetime | None


class BankOut(Given):
    """Where money can be sent."""

    code: str
    name: str
    kind: str


class BanksOut(Given):
    """Where money of a currency can be sent, by name."""

    results: list[BankOut]


def _on_payout(right: str) -> Callable[[View], View]:
    """The payout of the address, for somebody with this right at its place; another's reads as not there."""

    def guard(view: View) -> View:
        @functools.wraps(view)
        def run(transfer_id: uuid.UUID, **given: Any) -> Any:
            g.payout = get_payout(transfer_id)
            try:
                require(right, asset_id=g.payout.asset_id)
            except NoSuchPlace:
                raise no_such_payout() from None
            return view(**given)

        return run

    return guard


def _whose(body: TransferIn) -> tuple[payouts.Holder, str, str]:
    """The holder of the account, the provider and the currency: asked of the bank before anything is written."""
    currency = body.currency or g.place.currency
    parse.money(body.amount, "amount", currency=currency, minimum=1)
    provider = payouts.sender(g.place, body.provider)
    holder = payouts.look_up(
        g.place,
        provider=provider,
        currency=currency,
        bank_code=body.bank_code,
        account_number=body.account_number,
        name=body.recipient_name,
    )
    return holder, provider, currency


@door.get("/transfers/")
@permission("payouts.view")
@speaks("Payouts of a place", gives=Page[TransferOut], query=TransfersQuery)
def transfers(query: TransfersQuery) -> Page[TransferOut]:
    """The youngest first."""
    wanted = PayoutsWanted(statuses=(query.status,) if query.status else ())
    found = payouts_of(g.place.id, wanted, cursor=query.cursor, limit=query.limit)
    return Page(results=[shown(each) for each in found.items], next=found.next)


@door.get("/transfers/banks/")
@permission("payouts.draft")
@speaks("Where money can be sent, as the provider lists it", gives=BanksOut, query=BanksQuery)
def transfer_banks(query: BanksQuery) -> BanksOut:
    """The provider's list is kept for an hour."""
    provider = payouts.sender(g.place, query.provider)
    found = payouts.banks_of(g.place, provider, query.currency or g.place.currency)
    return BanksOut(results=[_bank(each) for each in found])


@door.post("/transfers/")
@permission("payouts.draft")
@speaks(
    "Draft a payout; the bank names the holder of the account", takes=TransferIn, gives=TransferOut, status=201,
    idempotent=True, asks=_whose,
)  # fmt: skip
def draft_transfer(body: TransferIn, asked: tuple[payouts.Holder, str, str]) -> TransferOut:
    """Nothing moves before somebody else approves it."""
    holder, provider, currency = asked
    made = payouts.draft(
        place=g.place,
        provider=provider,
        holder=holder,
        amount=parse.money(body.amount, "amount", currency=currency, minimum=1),
        counter=PURPOSES[body.purpose],
        description=body.description,
        actor=current_actor(),
    )
    return shown(made)


@door.get("/transfers/<uuid:transfer_id>/")
@signed_in
@_on_payout("payouts.view")
@speaks("One payout", gives=TransferOut)
def transfer() -> TransferOut:
    """How it stands in the portal's books."""
    return shown(g.payout)


@door.post("/transfers/<uuid:transfer_id>/approve/")
@signed_in
@_on_payout("payouts.approve")
@speaks(
    "Approve a payout somebody else drafted: amount and charge are reserved, and it is sent", gives=TransferOut,
    idempotent=True, asks=lambda: payouts.ask_balance(g.payout.id, current_actor()),
)  # fmt: skip
def approve_transfer(asked: payouts.BalanceSaid) -> TransferOut:
    """409 where the money at the provider does not cover it."""
    return shown(payouts.approve(payout_id=g.payout.id, actor=current_actor(), balance=asked))


@door.post("/transfers/<uuid:transfer_id>/cancel/")
@signed_in
@_on_payout("payouts.draft")
@speaks("Take back a payout that has not been sent", gives=TransferOut, idempotent=True)
def cancel_transfer() -> TransferOut:
    """What was reserved is free again."""
    return shown(payouts.cancel(payout_id=g.payout.id, actor=current_actor()))


@door.post("/transfers/<uuid:transfer_id>/finalize/")
@signed_in
@_on_payout("payouts.approve")
@speaks(
    "Confirm a transfer with its one-time password; the third wrong one locks", takes=OtpIn, gives=TransferOut,
    idempotent=True,
    asks=lambda body: payouts.finalize(payout_id=g.payout.id, otp=body.otp, actor=current_actor()),
)  # fmt: skip
def finalize_transfer(body: OtpIn, asked: Payout) -> TransferOut:
    """One that was confirmed before is answered as it stands."""
    return shown(asked)


@door.post("/transfers/<uuid:transfer_id>/resend-otp/")
@signed_in
@_on_payout("payouts.approve")
@speaks(
    "Have another one-time password sent; after three wrong ones only the approver may", gives=TransferOut,
    idempotent=True, asks=lambda: payouts.resend_otp(payout_id=g.payout.id, actor=current_actor()),
)  # fmt: skip
def resend_transfer_otp(asked: Payout) -> TransferOut:
    """Its half hour goes on from the beginning."""
    return shown(asked)


def shown(payout: Payout) -> TransferOut:
    """A payout for the JSON door."""
    place = asset_of(payout.asset_id)
    waits = payout.status == PayoutStatus.OTP and payout.otp_deadline is not None
    return TransferOut(
        id=payout.id,
        asset_number=place.asset_number,
        reference=payout.reference,
        status=payout.status,
        amount=payout.money.to_major_str(),
        fee=Money(payout.fee, payout.currency).to_major_str(),
        currency=payout.currency,
        provider=payout.provider,
        purpose=next(name for name, counter in PURPOSES.items() if counter == payout.counter),
        description=payout.description,
        recipient=Recipient(
            name=payout.recipient_name,
            bank_code=payout.bank_code,
            bank_name=payout.bank_name,
            account_number=payout.account_number,
        ),
        requested_by=payout.requested_by,
        approved_by=payout.approved_by,
        otp=Otp(
            deadline=local(payout.otp_deadline, place),
            seconds_left=payouts.otp_seconds_left(payout),
            tries_left=max(0, payouts.MOST_TRIES - payout.otp_tries),
        )
        if waits
        else None,
        said=payout.said,
        created_at=local(payout.created_at, place),
        approved_at=local(payout.approved_at, place),
        submitted_at=local(payout.submitted_at, place),
        finished_at=local(payout.finished_at, place),
    )


def _bank(bank: Bank) -> BankOut:
    return BankOut(code=bank.code, name=bank.name, kind=bank.kind)
