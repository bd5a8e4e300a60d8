"""Whose paybill a message speaks of, and what the payer meant by the account they typed."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass

from portal.core.db import db
from portal.shared.assets.models import Asset, Unit
from portal.shared.assets.queries import find_asset, find_unit_by_label
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.bill_queries import UNPAID
from portal.shared.payments.models import Bill, GatewayAccount, MobileReceipt, PaymentIntent
from portal.shared.payments.providers import pay_bill_for
from portal.shared.payments.queries import serving_account

PROVIDER = "mpesa"
#: What the provider does with a payment while our validation is silent, in its own spelling.
RESPONSE_TYPES = ("Completed", "Cancelled")
#: The address of the settings' own paybill: a place's key, and a proof that this portal wrote it.
_BY_SETTINGS = re.compile(r"([0-9a-f]{32})([0-9a-f]{32})")
#: No place has raised so many bills.
_NUMBER = re.compile(r"\d{1,9}")
_key = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayBillAt:
    """One paybill: the place whose money it is where nothing else is said, and the rules it goes by."""

    place: Asset
    token: str
    account_id: uuid.UUID | None
    provider: str = PROVIDER
    #: Whether what fits nothing here is refused before it is paid; else it is taken, and waits for a person.
    strict: bool = False
    response_type: str = RESPONSE_TYPES[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What an account names: a bill, a room or vehicle, or a payment that was begun."""

    place: Asset
    bill: Bill | None = None
    unit: Unit | None = None
    intent: PaymentIntent | None = None

    @property
    def open(self) -> bool:
        """Whether anything can be paid for it."""
        if self.bill is not None:
            return self.bill.status in UNPAID
        return self.intent is None or self.intent.settled_at is None

    @property
    def most(self) -> int | None:
        """The most that is due for it, in minor units, where that is known."""
        if self.bill is not None:
            return self.bill.due.minor
        return self.intent.asked if self.intent is not None else None


def connect(key: str) -> None:
    """The key that proves the addresses of a paybill that stands in the settings."""
    global _key
    _key = key


def of_place(place: Asset) -> PayBillAt:
    """The paybill of a place's business: its own account, else the one in the settings."""
    account = serving_account(place.business_id, PROVIDER)
    if account is None:
        return PayBillAt(place=place, token=f"{place.id.hex}{_proof(place.id)}", account_id=None)
    return _of_account(account, place)


def by_token(token: str) -> PayBillAt | None:
    """The paybill whose addresses contain this."""
    account = queries.find_account_by_token(token)
    if account is not None:
        places = queries.places_of(account.business_id)
        return _of_account(account, places[0]) if places else None
    found = _BY_SETTINGS.fullmatch(token)
    if found is None or not hmac.compare_digest(found[2], _proof(uuid.UUID(found[1]))):
        return None
    place = db.session.get(Asset, uuid.UUID(found[1]))
    return PayBillAt(place=place, token=token, account_id=None) if place is not None else None


def of_receipt(receipt: MobileReceipt) -> PayBillAt:
    """The paybill a receipt came to."""
    return of_place(db.session.get_one(Asset, receipt.asset_id))


def account_for(place: Asset, bill: Bill) -> str:
    """What a payer types as the account to pay a bill from their own phone."""
    return f"{place.asset_number}-{bill.number}"


def pay_from_a_phone(place: Asset, bill: Bill) -> tuple[str, str]:
    """The number and the account a payer types to pay a bill from any phone, without being asked."""
    return pay_bill_for(PROVIDER, place.business_id).number, account_for(place, bill)


def meant_by(at: PayBillAt, typed: str) -> Meant | None:
    """What an account names among the places of the paybill's business; however it was spaced and spelled."""
    account = "".join(each for each in typed.upper() if each.isascii() and each.isalnum())
    if not account or len(account) > 40:
        return None
    places = queries.places_of(at.place.business_id)
    if _NUMBER.fullmatch(account):
        bill = queries.find_bill(at.place.id, int(account))
        if bill is not None:
            return Meant(place=at.place, bill=bill)
    for place in places:
        begins = place.asset_number.replace("-", "")
        if account.startswith(begins) and _NUMBER.fullmatch(number := account[len(begins) :]):
            bill = queries.find_bill(place.id, int(number))
            return Meant(place=place, bill=bill) if bill is not None else None
    here = {place.id: place for place in places}
    labelled = find_unit_by_label(account)
    if labelled is not None and labelled[1].id in here:
        return Meant(place=labelled[1], unit=labelled[0])
    intent = queries.find_begun(account, list(here), at.provider)
    return Meant(place=here[intent.asset_id], intent=intent) if intent is not None else None


def _of_account(account: GatewayAccount, otherwise: Asset) -> PayBillAt:
    rules = account.details.get("paybill") or {}
    home = find_asset(str(rules.get("place") or ""))
    return PayBillAt(
        place=home if home is not None and home.business_id == account.business_id else otherwise,
        token=account.token,
        account_id=account.id,
        strict=bool(rules.get("strict")),
        response_type=str(rules.get("response_type") or RESPONSE_TYPES[0]),
    )


def _proof(place_id: uuid.UUID) -> str:
    return hmac.new(_key.encode(), place_id.bytes, hashlib.sha256).hexdigest()[:32]
