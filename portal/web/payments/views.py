"""The payments desk: the list, one payment's life, and the money that waits for a decision."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, request, url_for

from portal.core import parse
from portal.core.clock import utcnow
from portal.core.errors import DomainError
from portal.core.words import _, ngettext
from portal.shared.access.queries import find_grant_of_payment
from portal.shared.assets.models import Asset
from portal.shared.payments import queries
from portal.shared.payments.bill_queries import bills_by_id
from portal.shared.payments.exports import export_of
from portal.shared.payments.models import PaymentIntent
from portal.shared.payments.providers import called
from portal.shared.payments.refund_queries import payments_with_open_refunds
from portal.shared.payments.services import checkout, reviews
from portal.web.context import NOTICES, Notice
from portal.web.download import csv_file, sum_of
from portal.web.guards import current_actor, permission, platform_admin
from portal.web.htmx import go, page, toast
from portal.web.payments import refund_life, sections, words
from portal.web.payments.bill_forms import SendForm
from portal.web.payments.forms import DecisionForm
from portal.web.payments.life import life_of
from portal.web.payments.subjects import paid_for

blueprint = Blueprint("payments", __name__, url_prefix="/payments")
blueprint.context_processor(sections.context)
DAYS = {"1": 1, "7": 7, "30": 30}
DECISIONS = {"accept": reviews.accept, "send-back": reviews.send_back}


@blueprint.get("/<asset_number>/")
@permission("payments.view")
def index(asset_number: str) -> Response:
    """Payments of a place, the youngest first."""
    wanted = _wanted()
    found = queries.payments_of(g.place.id, wanted, cursor=request.args.get("cursor") or None)
    return page(
        "payments/list.html",
        "rows",
        found=found,
        about=paid_for(found.items),
        figures=queries.figures_of(g.place.id, wanted),
        waiting=queries.count_in_review([g.place.id]).get(g.place.id, 0),
        words=words,
    )


@blueprint.get("/<asset_number>/export.csv")
@permission("payments.view")
def export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    heads = ["reference", "started", "status", "for", "payer", "asked", "paid", "credit", "currency", "provider",
             "transaction", "paid_at"]  # fmt: skip
    return csv_file(f"payments-{g.place.asset_number}-{utcnow():%Y-%m-%d}", heads, _rows(g.place.id))


@blueprint.get("/<asset_number>/review")
@permission("payments.review")
def review(asset_number: str) -> Response:
    """Money that came and does not match, with the reason and what can be done."""
    held = queries.in_review(g.place.id)
    return page(
        "payments/review.html",
        "held",
        held=held,
        going_back=payments_with_open_refunds(held),
        about=paid_for(held),
        form=DecisionForm(formdata=None),
        words=words,
    )


@blueprint.get("/messages")
@platform_admin
def messages() -> Response:
    """Signed messages of the providers that belong to no payment here, or could not be worked off."""
    found = queries.troubled_messages(cursor=request.args.get("cursor") or None)
    return page("payments/messages.html", "rows", found=found, words=words)


@blueprint.get("/<asset_number>/<reference>")
@permission("payments.view")
def show(asset_number: str, reference: str) -> Response:
    """One payment from its start to the door."""
    return _show(queries.get_intent(reference, asset_id=g.place.id), DecisionForm(formdata=None))


@blueprint.get("/<asset_number>/<reference>/panel")
@permission("payments.view")
def panel(asset_number: str, reference: str) -> Response:
    """The short form of its page, beside the list."""
    intent = queries.get_intent(reference, asset_id=g.place.id)
    return page("payments/panel.html", "panel", **_life(intent))


@blueprint.post("/<asset_number>/<reference>/ask")
@permission("payments.view")
def ask(asset_number: str, reference: str) -> Response:
    """Ask the provider now what became of it."""
    intent = queries.get_intent(reference, asset_id=g.place.id)
    intent = checkout.confirm(intent.reference, via="staff", actor=current_actor())
    toast(_("The provider was asked. It stands at: %(status)s.", status=words.status_words(intent.status)), "info")
    return go(url_for(".show", asset_number=asset_number, reference=reference))


@blueprint.post("/<asset_number>/<reference>/<any(accept, 'send-back'):decision>")
@permission("payments.review")
def decide(asset_number: str, reference: str, decision: str) -> Response:
    """A second person takes held money, or sends it back."""
    intent = queries.get_intent(reference, asset_id=g.place.id)
    form = DecisionForm()
    if form.validate_on_submit():
        try:
            DECISIONS[decision](reference=intent.reference, reason=form.reason.data or "", actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_decided(decision))
            return go(url_for(".show", asset_number=asset_number, reference=reference))
    return _show(queries.get_intent(reference, asset_id=g.place.id), form)


def _waiting(place: Asset) -> list[Notice]:
    """The line under the bell while money waits for a decision."""
    number = queries.count_in_review([place.id]).get(place.id, 0)
    said = ngettext("%(num)s payment needs a decision", "%(num)s payments need a decision", number)
    return [Notice(said, url_for("payments.review", asset_number=place.asset_number), "eye")] if number else []


NOTICES.append(("payments.review", _waiting))


def show_payment(reference: str, **filled: Any) -> Response:
    """A payment's page with forms that were refused, as they were filled in."""
    intent = queries.get_intent(reference, asset_id=g.place.id)
    return _show(intent, DecisionForm(formdata=None), **filled)


def _show(intent: PaymentIntent, form: DecisionForm, **filled: Any) -> Response:
    wrong = any(each.errors for each in (form, *filled.values()))
    standing = refund_life.standing(intent, intent.payment, **filled)
    parts = ["refunds"] if request.headers.get("HX-Target") == "refunds" else ["life"]
    if wrong:  # whatever was asked for, the sentence is shown
        parts = ["life", "refunds", "asking"]
    status = 422 if wrong else 200
    return page("payments/payment.html", *parts, form=form, status=status, wrong=wrong, **_life(intent), **standing)


def _life(intent: PaymentIntent) -> dict[str, Any]:
    payment = intent.payment
    grant = find_grant_of_payment(payment.id) if payment else None
    return {
        "intent": intent,
        "payment": payment,
        "about": paid_for([intent]).get(intent.subject_id),
        "bill": bills_by_id({intent.subject_id}).get(intent.subject_id),
        "grant": grant,
        "moments": life_of(intent, grant),
        "receipt_form": SendForm(formdata=None, prefix="receipt", email=intent.payer_email),
        "called": called,
        "words": words,
    }


def _decided(decision: str) -> str:
    return {
        "accept": _("Accepted. What it buys was given; the rest is the payer's credit."),
        "send-back": _("It is on its way back to the payer."),
    }[decision]


def _wanted() -> queries.Wanted:
    """The chips of the address, read leniently: a filter nobody knows filters nothing."""
    asked = request.args
    status = asked.get("status", "")
    days = DAYS.get(asked.get("days", ""))
    midnight = datetime.now(ZoneInfo(g.place.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return queries.Wanted(
        status=status if status in set(words.STATUSES) else None,
        since=midnight - timedelta(days=days - 1) if days else None,
        search=parse.text(asked.get("q"), "q", min_length=0, max_length=80) or None,
    )


def _rows(asset_id: uuid.UUID) -> Iterator[tuple[object, ...]]:
    """Each payment as a line; what it was for is asked once for every batch."""
    for batch in export_of(asset_id, _wanted()):
        about = paid_for(batch)
        for each in batch:
            yield (
                each.reference, each.created_at, each.status, about.get(each.subject_id, ""), each.payer_email,
                sum_of(each.amount, each.currency), sum_of(each.paid, each.paid_currency),
                sum_of(each.remainder, each.paid_currency), each.paid_currency or each.currency,
                each.provider, each.provider_txn_id, each.paid_at,
            )  # fmt: skip
