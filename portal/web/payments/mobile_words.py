"""Money sent to the paybill in the words of the people who look for whom it is."""

from __future__ import annotations

from collections.abc import Sequence

from portal.core.words import _
from portal.shared.audit.models import AuditEntry
from portal.shared.payments.models import MobileReceipt, ReceiptStatus
from portal.shared.payments.paybill_accounts import Meant
from portal.web.payments.life import Moment

#: The list and a receipt's page look again when one of these is announced.
LIVE = "payments.receipt.moved from:body, every 30s"
LOOKS = {
    ReceiptStatus.UNVERIFIED: ("info", "hourglass"),
    ReceiptStatus.UNCLAIMED: ("warn", "eye"),
    ReceiptStatus.CLAIMED: ("good", "circle-check"),
    ReceiptStatus.RETURNING: ("info", "send"),
    ReceiptStatus.RETURNED: ("idle", "receipt-refund"),
    ReceiptStatus.REFUSED: ("idle", "ban"),
}


def status_words(receipt: MobileReceipt) -> str:
    """How a receipt stands."""
    if receipt.status == ReceiptStatus.UNCLAIMED and receipt.return_asked_by:
        return _("To go back")
    return chip_words(receipt.status)


def chip_words(status: str) -> str:
    """A state of receipts."""
    return {
        ReceiptStatus.UNVERIFIED: _("Being checked"),
        ReceiptStatus.UNCLAIMED: _("Unclaimed"),
        ReceiptStatus.CLAIMED: _("Claimed"),
        ReceiptStatus.RETURNING: _("Going back"),
        ReceiptStatus.RETURNED: _("Sent back"),
        ReceiptStatus.REFUSED: _("Never came"),
    }[ReceiptStatus(status)]


def chips() -> list[tuple[str, str]]:
    """The chips of the list: value and words."""
    return [(status.value, chip_words(status)) for status in ReceiptStatus]


def look_of(receipt: MobileReceipt) -> tuple[str, str]:
    """Tone and icon of a receipt's state."""
    return LOOKS[ReceiptStatus(receipt.status)]


def why_unclaimed(receipt: MobileReceipt, meant: Meant | None) -> str:
    """Why money was not claimed by itself."""
    if meant is None:
        return _("Nothing here has the account that was typed.")
    if meant.bill is not None:
        number = meant.bill.number
        if not meant.open:
            return _("Bill %(number)s is paid or cancelled already.", number=number)
        if receipt.amount > meant.bill.due.minor:
            return _("It is more than bill %(number)s still asks for.", number=number)
        if receipt.amount < meant.bill.due.minor:
            return _("It is less than bill %(number)s asks for.", number=number)
        return _("It fits bill %(number)s, and somebody has to say so.", number=number)
    if meant.unit is not None:
        return _("It names a room or vehicle; say for which guest.")
    return _("It names a payment that was begun, and does not fit it.")


def life_of(happened: Sequence[AuditEntry]) -> list[Moment]:
    """Everything that happened to a receipt, in order."""
    return [_told(entry) for entry in reversed(happened)]


def _told(entry: AuditEntry) -> Moment:
    words, tone, icon = {
        "mobile_receipt.verified": (_("Confirmed, and booked as unclaimed"), "good", "circle-check"),
        "mobile_receipt.claimed": (_("Claimed"), "good", "check"),
        "mobile_receipt.refused": (_("It never came"), "idle", "ban"),
        "mobile_receipt.return_asked": (_("Somebody wants it to go back"), "warn", "receipt-refund"),
        "mobile_receipt.kept": (_("It is kept after all"), "idle", "arrow-back-up"),
        "mobile_receipt.return_sent": (_("Sent back; the provider was told"), "info", "send"),
        "mobile_receipt.returned": (_("The provider says that it went back"), "good", "receipt-refund"),
        "mobile_receipt.return_refused": (_("The provider did not send it back"), "bad", "circle-x"),
    }.get(entry.action, (entry.action.replace("_", " ").replace(".", ": "), "idle", "circle-dot"))
    return Moment(entry.at, words, entry.reason, entry.actor_name, tone, icon)
