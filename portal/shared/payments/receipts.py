"""The receipt of one payment: what stands on it, and the PDF, whose bytes are the same whenever it is made."""

from __future__ import annotations

from dataclasses import dataclass

from portal.core.money import Money
from portal.core.paper import Sheet
from portal.core.words import _
from portal.core.written import money, on_paper
from portal.shared.assets.queries import asset_of
from portal.shared.payments import purposes
from portal.shared.payments.models import IntentStatus, PaymentIntent
from portal.shared.payments.providers import BY_HAND, called
from portal.shared.payments.queries import no_such_payment
from portal.shared.payments.refund_queries import processed_of
from portal.shared.payments.services.desk import slip_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt in words: facts as pairs, sums as pairs of words and money, and the sentences below them."""

    place: str
    where: str
    number: str
    title: str
    facts: tuple[tuple[str, str], ...]
    sums: tuple[tuple[str, Money], ...]
    total: Money
    notes: tuple[str, ...]
    url: str


def receipt_of(intent: PaymentIntent, *, public_url: str) -> Receipt:
    """What stands on the receipt of an intent whose money came; raises NoSuchPayment before that."""
    payment = intent.payment
    if payment is None:
        raise no_such_payment()
    place, about = asset_of(intent.asset_id), purposes.purpose(intent.purpose).about(intent)
    charge = Money(payment.charged - payment.amount, payment.currency)
    back = Money(processed_of(payment.id), payment.currency)
    if intent.status == IntentStatus.REFUNDED and not back:
        back = payment.money
    slip = slip_of(payment) or payment.receipt
    number = None if intent.provider in BY_HAND else payment.provider_txn_id
    facts = (
        *about.lines,
        (_("Paid"), on_paper(payment.paid_at, place.timezone)),
        (_("Paid by"), intent.payer_email or intent.payer_phone or ""),
        (_("With"), called(payment.provider)),
        (_("Slip"), slip if slip != number else ""),
        (_("Transaction"), number or ""),
    )
    sums = [(about.title, payment.money)]
    if charge:
        sums.append((_("Charge for paying this way"), charge))
    if back:
        sums.append((_("Given back"), -back))
    notes = []
    if payment.remainder and payment.counted:
        kept = money(Money(payment.remainder, payment.currency))
        notes.append(_("Of this, %(money)s is kept as your credit.", money=kept))
    if not payment.counted and not back:
        notes.append(_("This payment waits for a decision at the desk; it has bought nothing yet."))
    return Receipt(
        place=place.name,
        where=place.location or place.asset_number,
        number=intent.reference,
        title=about.title,
        facts=tuple((name, words) for name, words in facts if words),
        sums=tuple(sums),
        total=payment.money + charge - back,
        notes=tuple(notes),
        url=f"{public_url}/pay/{intent.reference}/receipt",
    )


def pdf(receipt: Receipt) -> bytes:
    """The receipt on an A5 sheet."""
    sheet = Sheet(title=_("Receipt %(number)s", number=receipt.number), author=receipt.place)
    sheet.say(receipt.place, size=17, bold=True)
    sheet.say(receipt.where, size=9, grey=True)
    sheet.rule()
    sheet.gap(6)
    sheet.say(_("Receipt"), size=13, bold=True)
    sheet.say(receipt.number, size=9, grey=True)
    sheet.gap()
    for name, words in receipt.facts:
        sheet.pair(name, words)
    sheet.rule()
    for name, amount in receipt.sums:
        sheet.sum(name, money(amount))
    sheet.rule()
    sheet.sum(_("Total"), money(receipt.total), size=14, bold=True)
    sheet.rule()
    for note in receipt.notes:
        sheet.gap(4)
        sheet.say(note, size=9)
    sheet.code(receipt.url, _("Scan to see this receipt as it stands today:") + f" {receipt.url}")
    return sheet.finished()
