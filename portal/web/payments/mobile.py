"""Money sent to the paybill: the list of what nobody has claimed, and what can be done with each receipt."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _, lazy_, ngettext
from portal.shared.access.services.offers import OUT_OF_USE, PURPOSE
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import units_of
from portal.shared.assets.services.units import called as unit_called
from portal.shared.audit.queries import trail
from portal.shared.customers.queries import customers_by_id
from portal.shared.payments import bill_queries
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.mobile_queries import ReceiptsWanted
from portal.shared.payments.models import MobileReceipt, ReceiptStatus
from portal.shared.payments.paybill_accounts import meant_by, of_receipt
from portal.shared.payments.services import receipts, verification
from portal.web.context import NOTICES, Notice
from portal.web.download import csv_file
from portal.web.forms import BaseForm, ChoiceField, CodeField, EmailField, StrictStringField, WholeField
from portal.web.guards import current_actor, permission, require
from portal.web.htmx import go, page, toast
from portal.web.payments import mobile_words
from portal.web.payments.views import blueprint

RECEIPT = "/<asset_number>/mobile/<transaction>"


class BillClaimForm(BaseForm):
    """For which bill the money was sent."""

    number = WholeField(lazy_("Bill number"), minimum=1, maximum=2**31 - 1)


class UnitClaimForm(BaseForm):
    """For which room or vehicle, and whose guest."""

    unit = ChoiceField(lazy_("Room or vehicle"))
    email = EmailField(lazy_("Guest's e-mail"), description=lazy_("The receipt goes there; the same guest extends."))


class WhyForm(BaseForm):
    """Why: kept with the money."""

    reason = StrictStringField(
        lazy_("Why"), called=lazy_("reason"), max_length=300, description=lazy_("Kept with the money.")
    )


class CodeForm(BaseForm):
    """The receipt number as the provider's own statement has it."""

    code = CodeField(
        lazy_("Receipt number"), max_length=40, description=lazy_("As it stands on the provider's own statement.")
    )


#: What makes money of an unsigned message, or nothing, on a person's word: not for everybody who claims.
BY_HAND = ("vouch", "dismiss")
FORMS: dict[str, type[BaseForm]] = {
    "bill": BillClaimForm,
    "unit": UnitClaimForm,
    "vouch": CodeForm,
    "dismiss": WhyForm,
    "back": WhyForm,
}


@blueprint.get("/<asset_number>/mobile", endpoint="mobile")
@permission("payments.view")
def index(asset_number: str) -> Response:
    """What was sent to the paybill, the youngest first; what nobody claimed unless others are asked for."""
    found = queries.receipts_of(g.place.id, _wanted(), cursor=request.args.get("cursor") or None)
    return page(
        "payments/mobile.html",
        "rows",
        found=found,
        unclaimed=queries.unclaimed_money(g.place.id),
        waiting=queries.count_unclaimed([g.place.id]).get(g.place.id, 0),
        words=mobile_words,
    )


@blueprint.get("/<asset_number>/mobile.csv")
@permission("payments.view")
def mobile_export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    heads = ["receipt", "sent", "amount", "currency", "account", "name", "phone", "status", "claimed_at"]
    rows = (
        (each.transaction_id, each.paid_at, each.money.to_major_str(), each.currency, each.account_reference,
         each.payer_name, each.payer_phone, each.status, each.claimed_at)
        for each in queries.all_receipts_of(g.place.id, _wanted())
    )  # fmt: skip
    return csv_file(f"mobile-money-{g.place.asset_number}", heads, rows)


@blueprint.get(RECEIPT)
@permission("payments.view")
def mobile_show(asset_number: str, transaction: str) -> Response:
    """One receipt: who sent it, for what as it seems, and what can be done."""
    return _show(_receipt(transaction))


@blueprint.post(f"{RECEIPT}/<any(bill, unit, vouch, dismiss, back):step>")
@permission("payments.claim")
def mobile_step(asset_number: str, transaction: str, step: str) -> Response:
    """Claim it, confirm it by hand, set it aside, or ask for it to go back."""
    receipt = _receipt(transaction)
    if step in BY_HAND:
        require("payments.review", asset_id=g.place.id)
    form = _form(step, receipt)
    if form.validate_on_submit():
        try:
            toast(_done(step, receipt, form))
            return go(_address(receipt))
        except DomainError as error:
            form.refuse(error)
    return _show(_receipt(transaction), **{step: form})


@blueprint.post(f"{RECEIPT}/keep")
@permission("payments.claim")
def mobile_keep(asset_number: str, transaction: str) -> Response:
    """It is not to go back after all."""
    receipt = receipts.keep(receipt_id=_receipt(transaction).id, actor=current_actor())
    toast(_("It can be claimed again."))
    return go(_address(receipt))


@blueprint.post(f"{RECEIPT}/send-back")
@permission("payments.review")
def mobile_send_back(asset_number: str, transaction: str) -> Response:
    """A second person sends it back."""
    receipt = _receipt(transaction)
    receipts.send_back(receipt_id=receipt.id, actor=current_actor())
    toast(_("The provider was told to send it back. Its answer comes here."), "info")
    return go(_address(receipt))


@blueprint.post(f"{RECEIPT}/check")
@permission("payments.claim")
def mobile_check(asset_number: str, transaction: str) -> Response:
    """Ask the provider about it now."""
    receipt = _receipt(transaction)
    if receipt.status in (ReceiptStatus.UNVERIFIED, ReceiptStatus.RETURNING):
        verification.ask_about(receipt)
        toast(_("The provider was asked. Its answer comes here."), "info")
    return go(_address(receipt))


def _waiting(place: Asset) -> list[Notice]:
    """The line under the bell while money waits for somebody to claim it."""
    number = queries.count_unclaimed([place.id]).get(place.id, 0)
    said = ngettext("%(num)s mobile payment is unclaimed", "%(num)s mobile payments are unclaimed", number)
    return (
        [Notice(said, url_for("payments.mobile", asset_number=place.asset_number), "device-mobile")] if number else []
    )


NOTICES.append(("payments.claim", _waiting))


def _receipt(transaction: str) -> MobileReceipt:
    return queries.get_receipt(g.place.id, parse.text(transaction, "transaction", max_length=60))


def _address(receipt: MobileReceipt) -> str:
    return url_for(".mobile_show", asset_number=g.place.asset_number, transaction=receipt.transaction_id)


def _done(step: str, receipt: MobileReceipt, form: Any) -> str:
    """Do what was asked, and say so."""
    what: dict[str, Any] = {"receipt_id": receipt.id, "actor": current_actor()}
    if step == "bill":
        bill = bill_queries.get_bill_by_number(g.place.id, form.number.data)
        receipts.claim_for_bill(bill_id=bill.id, **what)
        return _("Claimed for bill %(number)s.", number=bill.number)
    if step == "unit":
        unit = next(each for each in units_of(g.place.id) if str(each.id) == form.unit.data)
        receipts.claim(purpose=PURPOSE, subject_id=unit.id, payer=form.email.data, **what)
        return _("Claimed for %(unit)s; its door is being told.", unit=unit_called(unit))
    if step == "vouch":
        receipts.vouch(code=form.code.data, **what)
        return _("Confirmed and booked. Somebody else can claim it now.")
    if step == "dismiss":
        receipts.dismiss(reason=form.reason.data, **what)
        return _("Set aside: it never came.")
    receipts.ask_return(reason=form.reason.data, **what)
    return _("Noted. Somebody else sends it back.")


def _form(step: str, receipt: MobileReceipt, *, fresh: bool = False, **data: Any) -> Any:
    form = FORMS[step](**({"formdata": None} if fresh else {}), prefix=step, **data)
    if isinstance(form, UnitClaimForm):
        units = [each for each in units_of(g.place.id) if each.status not in OUT_OF_USE]
        form.unit.offer((each.id, unit_called(each)) for each in units)
    return form


def _show(receipt: MobileReceipt, **refused: Any) -> Response:
    meant = meant_by(of_receipt(receipt), receipt.account_reference)
    here = meant is not None and meant.place.id == g.place.id
    guessed = meant.bill.number if meant is not None and meant.bill is not None and here and meant.open else None
    fresh: dict[str, dict[str, Any]] = {
        "bill": {"number": guessed},
        "unit": {"unit": str(meant.unit.id) if meant is not None and meant.unit is not None and here else None},
    }
    fitting = queries.bills_due(g.place.id, receipt.amount) if receipt.status == ReceiptStatus.UNCLAIMED else []
    intent = queries.intent_with(receipt.intent_id) if receipt.intent_id else None
    return page(
        "payments/mobile_receipt.html",
        "receipt",
        receipt=receipt,
        meant=meant,
        intent=intent,
        fitting=fitting,
        customers=customers_by_id({each.customer_id for each in fitting}),
        forms={name: refused.get(name) or _form(name, receipt, fresh=True, **fresh.get(name, {})) for name in FORMS},
        opened=next(iter(refused), None),
        lets=g.place.kind in ("hotel", "fleet"),
        moments=mobile_words.life_of(trail(subject="mobile_receipt", subject_id=receipt.id)),
        mine=receipt.return_asked_by == current_actor().key,
        returns=receipts.can_go_back(receipt),
        words=mobile_words,
        status=422 if refused else 200,
    )


def _wanted() -> ReceiptsWanted:
    """The chips of the address, read leniently: a filter nobody knows filters nothing."""
    asked = request.args
    status = asked.get("status", "")
    return ReceiptsWanted(
        status=status if status in set(ReceiptStatus) else None,
        search=parse.text(asked.get("q"), "q", min_length=0, max_length=80) or None,
    )
