"""Refunds at a desk: the list, asking for one on a payment's page, and what a second person does about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _, ngettext
from portal.shared.assets.models import Asset
from portal.shared.payments import queries
from portal.shared.payments import refund_queries as found_by
from portal.shared.payments.errors import SecondPersonNeeded, WrongRefundState
from portal.shared.payments.models import Refund, RefundState
from portal.shared.payments.providers import called
from portal.shared.payments.refund_queries import WantedRefunds
from portal.shared.payments.services import refunds as giving
from portal.shared.payments.services import sending_back
from portal.web.context import NOTICES, Notice
from portal.web.download import csv_file
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, page, toast
from portal.web.payments import refund_words
from portal.web.payments.refund_forms import AccountForm, HandOverForm, LimitForm, NoForm, RefundForm
from portal.web.payments.views import DAYS, blueprint, show_payment

ONE = "/<asset_number>/refunds/<uuid:refund_id>"


@blueprint.get("/<asset_number>/refunds", endpoint="refunds")
@permission("payments.view")
def index(asset_number: str) -> Response:
    """Refunds of a place, the youngest first."""
    rule = found_by.find_refund_rule(g.place.id)
    return page(
        "refunds/list.html",
        "rows",
        found=found_by.refunds_at(g.place.id, _wanted(), cursor=request.args.get("cursor") or None),
        figures=found_by.refund_figures(g.place.id, g.place.currency),
        waiting=found_by.count_waiting(g.place.id)[0],
        limit=Money(rule.approval_above if rule else 0, g.place.currency),
        words=refund_words,
        called=called,
    )


@blueprint.get("/<asset_number>/refunds.csv")
@permission("payments.view")
def refunds_export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    heads = ["asked", "reference", "payer", "amount", "currency", "status", "reason", "provider", "provider_refund",
             "approved", "finished", "handed_by"]  # fmt: skip
    rows = (
        (
            each.created_at, each.payment.intent.reference, each.payment.intent.payer_email,
            each.money.to_major_str(), each.currency, each.status, each.reason, each.provider,
            each.provider_refund_id, each.approved_at, each.finished_at, each.handed_by,
        )
        for each in found_by.export_refunds(g.place.id, _wanted())
    )  # fmt: skip
    return csv_file(f"refunds-{g.place.asset_number}", heads, rows)


@blueprint.post("/<asset_number>/<reference>/refund")
@permission("payments.refund")
def refunds_request(asset_number: str, reference: str) -> Response:
    """Ask for all of a payment or a part of it to go back."""
    intent = queries.get_intent(reference, asset_id=g.place.id)
    g.paid_currency = intent.payment.currency if intent.payment else intent.currency
    form = RefundForm()
    if form.validate_on_submit():
        actor = current_actor()
        made: list[Refund] = []

        def work() -> None:
            made.append(
                giving.request(
                    reference=intent.reference,
                    amount=form.amount.data.minor,
                    reason=form.reason.data or "",
                    actor=actor,
                    alone=may("payments.approve_refund"),
                )
            )

        try:
            form.just_once(actor, work)
        except DomainError as error:
            form.refuse(error)
        else:
            if made:
                toast(_asked(made[0]), "good")
            return go(url_for(".show", asset_number=asset_number, reference=reference))
    return show_payment(reference, asking=form)


@blueprint.post(f"{ONE}/approve")
@permission("payments.approve_refund")
def refunds_approve(asset_number: str, refund_id: uuid.UUID) -> Response:
    """A second person says yes."""
    reference = _reference(refund_id)
    giving.approve(refund_id=refund_id, actor=current_actor())
    toast(_("Approved. The money is on its way."))
    return _back(reference)


@blueprint.post(f"{ONE}/decline")
@permission("payments.refund")
def refunds_decline(asset_number: str, refund_id: uuid.UUID) -> Response:
    """Somebody says no, or takes their own request back."""
    reference, form = _reference(refund_id), NoForm()
    if form.validate_on_submit():
        decides = may("payments.approve_refund")
        try:
            giving.decline(refund_id=refund_id, reason=form.reason.data or "", actor=current_actor(), decides=decides)
        except SecondPersonNeeded:
            raise  # whoever may not decide was not shown the form
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Declined. Nothing goes back."))
            return _back(reference)
    return show_payment(reference, declining=form)


@blueprint.post(f"{ONE}/again")
@permission("payments.refund")
def refunds_again(asset_number: str, refund_id: uuid.UUID) -> Response:
    """What failed is asked for once more, of the provider or by hand."""
    reference = _reference(refund_id)
    made = giving.again(
        refund_id=refund_id,
        actor=current_actor(),
        alone=may("payments.approve_refund"),
        by_hand=request.form.get("by_hand") == "yes",
    )
    toast(_asked(made))
    return _back(reference)


@blueprint.post(f"{ONE}/hand-over")
@permission("payments.refund")
def refunds_hand_over(asset_number: str, refund_id: uuid.UUID) -> Response:
    """A person gave the money back themselves."""
    reference, form = _reference(refund_id), HandOverForm()
    if form.validate_on_submit():
        given = {"source": form.source.data or "", "note": form.note.data or ""}
        if _done(form, lambda: giving.hand_over(refund_id=refund_id, actor=current_actor(), **given)):
            toast(_("Noted: the money was handed over."))
            return _back(reference)
    return show_payment(reference, handing=form)


@blueprint.post(f"{ONE}/ask")
@permission("payments.view")
def refunds_ask(asset_number: str, refund_id: uuid.UUID) -> Response:
    """Ask the provider now how it stands."""
    reference = _reference(refund_id)
    refund = sending_back.ask(refund_id, current_actor())
    toast(_("The provider was asked. It stands at: %(state)s.", state=refund_words.state(refund)), "info")
    return _back(reference)


@blueprint.route(f"{ONE}/account", methods=["GET", "POST"])
@permission("payments.approve_refund")
def refunds_account(asset_number: str, refund_id: uuid.UUID) -> Response:
    """The payer's bank account, for a refund their card would not take back."""
    refund, form, reference = _here(refund_id), AccountForm(), _reference(refund_id)
    if refund.status != RefundState.NEEDS_ATTENTION:
        raise WrongRefundState(_("This refund does not wait for a bank account."), status=refund.status)
    form.bank.offer([("", _("Choose a bank")), *((each.id, each.name) for each in sending_back.banks_for(refund))])
    if form.validate_on_submit():
        if not form.bank.data:
            form.bank.errors = [_("Choose the payer's bank.")]
        elif _done(
            form,
            lambda: sending_back.give_account(
                refund_id=refund_id,
                account_number=form.account_number.data,
                bank_id=form.bank.data,
                actor=current_actor(),
            ),
        ):
            toast(_("Sent on to the payer's bank account."))
            return _back(reference)
    status = 422 if form.errors else 200
    return page("refunds/account.html", "form", form=form, refund=_here(refund_id), status=status)


@blueprint.route("/<asset_number>/refunds/limit", methods=["GET", "POST"])
@permission("settings.amend")
def refunds_limit(asset_number: str) -> Response:
    """Up to which amount one person may refund alone."""
    rule = found_by.find_refund_rule(g.place.id)
    form = LimitForm(approval_above=Money(rule.approval_above if rule else 0, g.place.currency))
    if form.validate_on_submit():
        minor = form.approval_above.data.minor
        work = lambda: giving.set_limit(asset_id=g.place.id, approval_above=minor, actor=current_actor())  # noqa: E731
        if _done(form, work):
            toast(_("Saved."))
            return go(url_for(".refunds", asset_number=asset_number))
    return page("refunds/limit.html", "form", form=form, status=422 if form.errors else 200)


def _here(refund_id: uuid.UUID) -> Refund:
    """The refund, if it is of this place."""
    return found_by.get_refund(refund_id, asset_id=g.place.id)


def _reference(refund_id: uuid.UUID) -> str:
    """The reference of a refund's payment, read before a command changes anything."""
    return _here(refund_id).payment.intent.reference


def _back(reference: str) -> Response:
    return go(url_for(".show", asset_number=g.place.asset_number, reference=reference))


def _done(form: Any, work: Callable[[], object]) -> bool:
    """Whether it was done; else the form says why not."""
    try:
        work()
    except DomainError as error:
        form.refuse(error)
        return False
    return True


def _asked(refund: Refund) -> str:
    if refund.status == RefundState.REQUESTED:
        return _("Asked for. Somebody else approves it.")
    if refund.status == RefundState.PROCESSED:
        return _("Hand %(amount)s to the payer now.", amount=refund.money)
    if refund.by_hand:
        return _("Approved. Hand the money over, and say so here.")
    return _("Approved. The money is on its way.")


def _wanted() -> WantedRefunds:
    """The chips of the address, read leniently."""
    asked = request.args
    status, days = asked.get("status", ""), DAYS.get(asked.get("days", ""))
    midnight = datetime.now(ZoneInfo(g.place.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return WantedRefunds(
        status=status if status in {value for value, _words in refund_words.chips()} else None,
        since=midnight - timedelta(days=days - 1) if days else None,
        search=parse.text(asked.get("q"), "q", min_length=0, max_length=80) or None,
    )


def _waiting(place: Asset) -> Iterator[Notice]:
    """The lines under the bell while refunds or disputes wait for a person."""
    refunds, disputes = found_by.count_waiting(place.id)
    if refunds:
        said = ngettext("%(num)s refund needs somebody", "%(num)s refunds need somebody", refunds)
        to = url_for("payments.refunds", asset_number=place.asset_number, status="waiting")
        yield Notice(said, to, "receipt-refund")
    if disputes:
        said = ngettext("%(num)s dispute needs an answer", "%(num)s disputes need an answer", disputes)
        yield Notice(said, url_for("payments.disputes", asset_number=place.asset_number, status="open"))


NOTICES.append(("payments.approve_refund", _waiting))
