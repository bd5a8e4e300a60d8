"""Money the hotel sent out: takings that reached its bank, a bill the bank refused, a draft that waits for an owner."""

from __future__ import annotations

from portal.core.actor import Actor, ActorKind
from portal.core.clock import utcnow
from portal.core.money import Money
from portal.demo.common import key
from portal.demo.people import PEOPLE
from portal.demo.places import HOTEL
from portal.gateways.base import Bank, TransferSaid, TransferStatus
from portal.gateways.sandbox import banks, transfers
from portal.gateways.sandbox.models import SandboxTransfer
from portal.shared.assets.queries import asset_of
from portal.shared.identity.models import Role
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.payments.models import Payout
from portal.shared.payments.payout_queries import payout_named
from portal.shared.payments.services import bands, payouts, sending

FIRST_BANK = Bank(code="011", name="First Bank of Nigeria", kind="nuban", currency="NGN")
ZENITH = Bank(code="057", name="Zenith Bank", kind="nuban", currency="NGN")


def load() -> None:
    """Draft, approve and send, as the people and the provider would have done it a moment ago."""
    bands.load_known()
    place = asset_of(HOTEL.id)
    own = place.bank_account_number or ""
    has = standing(place.business_id, place.id, chart.money_at("sandbox"), "NGN")
    takings = has * 2 // 3 // 1_000_000 * 1_000_000  # whole ten thousands; a month's takings differ from hour to hour
    _end(_sent(_drafted(FIRST_BANK, own, takings, chart.BANK, "Takings of the first half")), "success")
    _end(_sent(_drafted(ZENITH, "2087654321", 8_750_000, chart.PAYABLE, "Linen, bill 118")), "failed")
    _drafted(ZENITH, "2087654322", 4_250_000, chart.COSTS, "Generator service")


def _drafted(bank: Bank, account: str, minor: int, counter: str, words: str) -> Payout:
    name = banks.resolve(account_number=account, bank_code=bank.code)["account_name"]
    return payouts.draft(
        place=asset_of(HOTEL.id),
        provider="sandbox",
        holder=payouts.Holder(bank=bank, account_number=account, name=name, confirmed=True),
        amount=Money(minor, "NGN"),
        counter=counter,
        description=words,
        actor=_person(Role.MANAGER),
    )


def _sent(payout: Payout) -> SandboxTransfer:
    """Approved, and with the provider: it has the password too."""
    payouts.approve(payout_id=payout.id, actor=_person(Role.OWNER))
    recipient = banks.create_recipient(
        kind=payout.recipient_kind,
        name=payout.recipient_name,
        account_number=payout.account_number,
        bank_code=payout.bank_code,
        currency=payout.currency,
        description="",
    )
    sending.begin(payout.id, recipient.code, sending.BY_CLOCK)
    made = transfers.create(
        amount=payout.amount,
        recipient=recipient.code,
        reference=payout.reference,
        reason=payout.description,
        currency=payout.currency,
    )
    sending.hear(payout.id, _said(made), actor=sending.BY_CLOCK)
    made = transfers.finalize(code=made.code, otp=made.otp or "")
    sending.hear(payout.id, _said(made), actor=_person(Role.OWNER))
    return made


def _end(made: SandboxTransfer, how: str) -> None:
    """The bank took it, or did not."""
    made.ends = how
    transfers.move_due(now=utcnow() + transfers.STEP)
    payout = payout_named(made.reference)
    assert payout is not None, "it was drafted a moment ago"
    sending.hear(payout.id, _said(transfers.by_name(made.reference)), actor=sending.BY_CLOCK)


def _said(made: SandboxTransfer) -> TransferSaid:
    return TransferSaid(
        reference=made.reference,
        transfer_code=made.code,
        status=TransferStatus(made.status),
        amount=made.amount,
        currency=made.currency,
        fee=made.fee,
        reason=made.failure,
    )


def _person(role: Role) -> Actor:
    person = next(each for each in PEOPLE if each.role == role)
    return Actor(ActorKind.USER, person.name, key(person.email))
