"""The banks the pretended Paystack knows, whose accounts they hold, and the recipients made of them."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from portal.core.db import db
from portal.core.errors import Invalid
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.sandbox.models import SandboxRecipient
from portal.gateways.sandbox.wire import iso

KINDS = ("nuban", "ghipss", "mobile_money", "mobile_money_business", "basa", "authorization", "kepss")
NUBAN = re.compile(r"[0-9]{10}")
ACCOUNT = re.compile(r"\+?[0-9]{5,20}")
#: Accounts are held by these people, chosen by the last digits; an account of zeros is held by nobody.
HOLDERS = (
    "ADA OBI",
    "BOLA ADEYEMI",
    "CHIDI EZE",
    "DAYO BELLO",
    "EFE OKORO",
    "FATIMA SANI",
    "GRACE MWANGI",
    "HASSAN ALI",
)
SINCE = iso(datetime(2020, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank, or a mobile wallet that is treated as one."""

    number: int
    name: str
    code: str
    country: str
    currency: str
    kind: str


BANKS = (
    Bank(1, "Access Bank", "044", "Nigeria", "NGN", "nuban"),
    Bank(7, "First Bank of Nigeria", "011", "Nigeria", "NGN", "nuban"),
    Bank(9, "Guaranty Trust Bank", "058", "Nigeria", "NGN", "nuban"),
    Bank(18, "United Bank For Africa", "033", "Nigeria", "NGN", "nuban"),
    Bank(21, "Zenith Bank", "057", "Nigeria", "NGN", "nuban"),
    Bank(28, "MTN", "MTN", "Ghana", "GHS", "mobile_money"),
    Bank(36, "GCB Bank", "040100", "Ghana", "GHS", "ghipss"),
    Bank(230, "M-PESA", "MPESA", "Kenya", "KES", "mobile_money"),
    Bank(231, "M-PESA Till", "MPTILL", "Kenya", "KES", "mobile_money_business"),
    Bank(240, "Equity Bank", "68", "Kenya", "KES", "kepss"),
    Bank(140, "Absa Bank", "632005", "South Africa", "ZAR", "basa"),
)


class CannotResolve(Invalid):
    """Nobody is known to hold that account."""

    code = "invalid_bank_code"


class NotARecipient(Invalid):
    """Money cannot be sent to these details."""

    code = "invalid_params"


def listed(*, country: str | None = None, currency: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
    """The banks of a country, currency or kind."""
    return [
        document(each)
        for each in BANKS
        if (country is None or each.country.lower() == country.lower())
        and (currency is None or each.currency == currency.upper())
        and (kind is None or each.kind == kind)
    ]


def document(bank: Bank) -> dict[str, Any]:
    """A bank as Paystack lists it."""
    return {
        "name": bank.name,
        "slug": bank.name.lower().replace(" ", "-"),
        "code": bank.code,
        "longcode": bank.code,
        "gateway": None,
        "pay_with_bank": False,
        "supports_transfer": True,
        "available_for_direct_debit": False,
        "active": True,
        "is_deleted": False,
        "country": bank.country,
        "currency": bank.currency,
        "type": bank.kind,
        "id": bank.number,
        "createdAt": SINCE,
        "updatedAt": SINCE,
    }


def resolve(*, account_number: str, bank_code: str) -> dict[str, Any]:
    """Who holds an account."""
    bank = next((each for each in BANKS if each.code == bank_code), None)
    shaped = NUBAN.fullmatch(account_number) if bank and bank.kind == "nuban" else ACCOUNT.fullmatch(account_number)
    if bank is None or not shaped or not account_number.strip("+0"):
        raise CannotResolve(_("Could not resolve account name. Check parameters or try again."))
    holder = HOLDERS[int(account_number[-2:]) % len(HOLDERS)]
    return {"account_number": account_number, "account_name": holder, "bank_id": bank.number}


@transactional
def create_recipient(
    *, kind: str, name: str, account_number: str, bank_code: str, currency: str | None, description: str
) -> SandboxRecipient:
    """Somebody money may be sent to; the same account gives the same recipient again."""
    bank = next((each for each in BANKS if each.code == bank_code), None)
    if kind not in KINDS or bank is None or (currency or bank.currency) != bank.currency:
        raise NotARecipient(_("Account details are invalid"))
    resolve(account_number=account_number, bank_code=bank_code)
    known = db.session.scalar(
        select(SandboxRecipient).where(
            SandboxRecipient.account_number == account_number, SandboxRecipient.bank_code == bank_code
        )
    )
    if known is not None:
        return known
    made = SandboxRecipient(
        code=f"RCP_{secrets.token_hex(8)[:15]}",
        kind=kind,
        name=name,
        description=description,
        account_number=account_number,
        bank_code=bank_code,
        bank_name=bank.name,
        currency=bank.currency,
    )
    db.session.add(made)
    db.session.flush()
    return made
