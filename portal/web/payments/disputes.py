"""Disputes: whose bank wants money back, why, until when it is to be answered, and what was done about it."""

from __future__ import annotations

import uuid

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.access.queries import grants_of_payments
from portal.shared.payments import refund_queries as found_by
from portal.shared.payments.models import DisputeStatus
from portal.shared.payments.services import disputes as told
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast
from portal.web.payments import refund_words
from portal.web.payments.refund_forms import DoneForm
from portal.web.payments.views import blueprint


@blueprint.get("/<asset_number>/disputes", endpoint="disputes")
@permission("payments.view")
def index(asset_number: str) -> Response:
    """Disputes of a place, the youngest first."""
    return _list(None, DoneForm(formdata=None))


@blueprint.post("/<asset_number>/disputes/<uuid:dispute_id>/done")
@permission("payments.approve_refund")
def disputes_handle(asset_number: str, dispute_id: uuid.UUID) -> Response:
    """Write down what was done about one."""
    form = DoneForm()
    found_by.get_dispute(dispute_id, asset_id=g.place.id)
    if form.validate_on_submit():
        try:
            told.handle(dispute_id=dispute_id, asset_id=g.place.id, note=form.note.data or "", actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Noted."))
            return go(url_for(".disputes", asset_number=asset_number))
    return _list(dispute_id, form)


def _list(filled: uuid.UUID | None, form: DoneForm) -> Response:
    asked = request.args.get("status", "")
    status = asked if asked in set(DisputeStatus) else None
    found = found_by.disputes_at(g.place.id, status=status, cursor=request.args.get("cursor") or None)
    return page(
        "refunds/disputes.html",
        "rows",
        found=found,
        grants=grants_of_payments([each.payment_id for each in found.items]),
        words=refund_words,
        form=form,
        filled=filled,
        status=422 if form.errors else 200,
    )
