"""One difference: what it means, both figures, and the button that mends it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _, lazy_
from portal.shared.assets.models import Asset
from portal.shared.payments import reconciliation_queries as queries
from portal.shared.payments.models import Difference, DifferenceKind, DifferenceStatus
from portal.shared.payments.queries import find_intent, find_payment
from portal.shared.payments.services import reconciliation_fixes as fixes
from portal.web.forms import BaseForm, StrictStringField
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast
from portal.web.payments.reconciliation import about, places_here
from portal.web.payments.views import blueprint

#: What a button does, and what is said when it has.
Fix = Callable[[Difference, Asset, str], object]
FIXES: dict[str, tuple[Fix, Any]] = {
    "take-over": (
        lambda difference, place, _note: fixes.take_over(difference, place=place, actor=current_actor()),
        lazy_("Taken over from the provider."),
    ),
    "charge": (
        lambda difference, _place, _note: fixes.book_fee(difference_id=difference.id, actor=current_actor()),
        lazy_("The charge is booked."),
    ),
    "payment": (
        lambda difference, _place, _note: fixes.book_payment(difference_id=difference.id, actor=current_actor()),
        lazy_("The payment is booked."),
    ),
    "settlement": (
        lambda difference, _place, _note: fixes.book_settlement(
            difference_id=difference.id, places=places_here(), actor=current_actor()
        ),
        lazy_("The settlement is booked."),
    ),
    "propose": (
        lambda difference, _place, note: fixes.propose(difference_id=difference.id, note=note, actor=current_actor()),
        lazy_("Proposed. Somebody else books it."),
    ),
    "book": (
        lambda difference, _place, _note: fixes.book_difference(difference_id=difference.id, actor=current_actor()),
        lazy_("The difference is booked."),
    ),
    "explain": (
        lambda difference, _place, note: fixes.explain(difference_id=difference.id, note=note, actor=current_actor()),
        lazy_("Explained. The same difference is not shown again."),
    ),
}
WITH_REASON = ("propose", "explain")


class WhyForm(BaseForm):
    """The reason that is kept with a difference."""

    note = StrictStringField(
        lazy_("Reason"), max_length=300, description=lazy_("What the provider said, or what happened.")
    )


@blueprint.get("/<asset_number>/reconciliation/differences/<uuid:difference_id>")
@permission("payments.reconcile")
def reconciliation_difference(asset_number: str, difference_id: uuid.UUID) -> Response:
    """A difference on a page of its own, or beside the list."""
    difference = queries.get_difference(difference_id, g.place.business_id, places_here())
    return _show(difference, WhyForm(formdata=None))


@blueprint.post("/<asset_number>/reconciliation/differences/<uuid:difference_id>/<step>")
@permission("payments.reconcile")
def reconciliation_fix(asset_number: str, difference_id: uuid.UUID, step: str) -> Response:
    """Do what one of its buttons says."""
    places = places_here()
    difference = queries.get_difference(difference_id, g.place.business_id, places)
    form = WhyForm()
    if step in FIXES and (form.validate_on_submit() or step not in WITH_REASON):
        work, said = FIXES[step]
        try:
            work(difference, g.place, (form.note.data or "") if step in WITH_REASON else "")
        except DomainError as error:
            form = WhyForm(formdata=None) if step not in WITH_REASON else form
            form.refuse(error)
        else:
            toast(said)
            return go(url_for(".reconciliation_difference", asset_number=asset_number, difference_id=difference_id))
    return _show(queries.get_difference(difference_id, g.place.business_id, places), form, status=422)


def _show(difference: Difference, form: WhyForm, status: int = 200) -> Response:
    payment = find_payment(difference.payment_id) if difference.payment_id else None
    open_one = difference.status == DifferenceStatus.OPEN
    correction = shares = None
    if payment and open_one and difference.kind in fixes.WRITTEN_OFF:
        correction = fixes.correction_of(difference, payment)
    if open_one and difference.kind == DifferenceKind.SETTLEMENT_NOT_BOOKED:
        shares = fixes.shares_of(difference, difference.theirs or 0)
    return page(
        "payments/reconciliation_difference.html",
        "panel" if request.headers.get("HX-Target") == "panel" else "difference",
        form=form,
        intent=find_intent(difference.reference or ""),
        payment=payment,
        correction=correction,
        shares=shares,
        step=_step(difference),
        mine=(difference.details.get("proposal") or {}).get("by") == current_actor().key,
        status=status,
        **about(difference),
    )


def _step(difference: Difference) -> tuple[str, str] | None:
    """The button of a difference: what it posts to and what it says."""
    unknown = difference.details.get("unknown")
    return {
        DifferenceKind.MISSING_HERE: ("take-over", _("Keep as unclaimed money") if unknown else _("Settle now")),
        DifferenceKind.FEE_DIFFERS: ("charge", _("Book the charge")),
        DifferenceKind.NOT_IN_BOOKS: ("payment", _("Book it")),
        DifferenceKind.SETTLEMENT_NOT_BOOKED: ("settlement", _("Book the settlement")),
        DifferenceKind.STATUS_DIFFERS: ("take-over", _("Take it over"))
        if difference.details.get("status") == "reversed"
        else None,
    }.get(DifferenceKind(difference.kind))
