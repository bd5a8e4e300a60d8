"""Money sent out: the list, a new one whose holder is shown first, and one payout's life with its decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _, ngettext
from portal.gateways.base import Bank, GatewayDown
from portal.shared.assets.models import Asset
from portal.shared.audit.queries import trail
from portal.shared.ledger import chart
from portal.shared.payments import payout_queries as queries
from portal.shared.payments.models import Payout, PayoutStatus
from portal.shared.payments.payout_queries import PayoutsWanted
from portal.shared.payments.providers import called
from portal.shared.payments.queries import messages_of
from portal.shared.payments.services import bands, payouts
from portal.web.context import NOTICES, Notice
from portal.web.download import csv_file
from portal.web.guards import current_actor, may, permission, require
from portal.web.htmx import go, page, toast
from portal.web.payments import payout_words as words
from portal.web.payments.payout_forms import OtpForm, PayoutForm, TakeBackForm
from portal.web.payments.views import DAYS, blueprint

PAYOUT = "/<asset_number>/payouts/<reference>"


@blueprint.get("/<asset_number>/payouts", endpoint="payouts")
@permission("payouts.view")
def index(asset_number: str) -> Response:
    """Payouts of a place, the youngest first."""
    found = queries.payouts_of(g.place.id, _wanted(), cursor=request.args.get("cursor") or None)
    waiting = queries.payouts_waiting(g.place.id, not_by=current_actor().key)
    return page(
        "payouts/list.html",
        "rows",
        found=found,
        figures=queries.payout_figures(g.place.id, g.place.currency),
        there=[(called(name), payouts.at_provider(g.place, name, g.place.currency)) for name in _senders()],
        waiting=sum(waiting.values()),
        words=words,
    )


@blueprint.get("/<asset_number>/payouts.csv")
@permission("payouts.view")
def payouts_export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    heads = ["reference", "drafted", "status", "recipient", "bank", "account", "for", "description", "amount", "fee",
             "currency", "provider", "approved", "sent", "finished"]  # fmt: skip
    rows = (
        (
            each.reference, each.created_at, each.status, each.recipient_name, each.bank_name, each.account_number,
            words.counter_words(each.counter), each.description, each.money.to_major_str(),
            type(each.money)(each.fee, each.currency).to_major_str(), each.currency, each.provider, each.approved_at,
            each.submitted_at, each.finished_at,
        )
        for each in queries.export_payouts(g.place.id, _wanted())
    )  # fmt: skip
    return csv_file(f"payouts-{g.place.asset_number}", heads, rows)


@blueprint.route("/<asset_number>/payouts/new", methods=["GET", "POST"])
@permission("payouts.draft")
def payouts_new(asset_number: str) -> Response:
    """Say who gets how much; the holder's name is shown, and only then is it drafted."""
    form, senders = PayoutForm(), _senders()
    if not senders:
        return page("payouts/new.html", "form", form=None, holder=None, away=None)
    form.provider.offer([(name, called(name)) for name in senders])
    chosen = form.provider.data if form.provider.data in senders else senders[0]
    banks, away = _banks(chosen)
    form.bank_code.offer([("", _("Choose a bank")), *((each.code, each.name) for each in banks)])
    if request.method == "GET" and "own" in request.args:
        _fill_in_own(form, banks)
    holder: payouts.Holder | None = None
    if not away and form.validate_on_submit():
        try:
            holder = payouts.look_up(
                g.place,
                provider=chosen,
                currency=g.place.currency,
                bank_code=form.bank_code.data,
                account_number=form.account_number.data or "",
                name=form.name.data or None,
            )
            if form.shown_name.data == holder.name:
                return _drafted(form, chosen, holder)
            form.shown_name.data = holder.name
        except DomainError as error:
            form.refuse(error)
            holder = None
    amount = form.amount.data.minor if holder and form.amount.data else 0
    return page(
        "payouts/new.html",
        "form",
        form=form,
        holder=holder,
        away=away,
        fee=bands.charge(chosen, "payout", amount, g.place.currency) if holder else 0,
        there=payouts.at_provider(g.place, chosen, g.place.currency),
        where=called(chosen),
        status=503 if away and form.is_submitted() else 422 if form.errors else 200,
    )


@blueprint.get(PAYOUT)
@permission("payouts.view")
def payouts_show(asset_number: str, reference: str) -> Response:
    """One payout: how it stands, what can be decided, what happened."""
    return _show(_payout(reference))


@blueprint.post(f"{PAYOUT}/approve")
@permission("payouts.approve")
def payouts_approve(asset_number: str, reference: str) -> Response:
    """A second person lets it go."""
    payout, actor = _payout(reference), current_actor()
    try:
        balance = payouts.ask_balance(payout.id, actor)
        payouts.approve(payout_id=payout.id, actor=actor, balance=balance)
    except DomainError as error:
        return _show(_payout(reference), refused=error)
    toast(_("Approved. The money is reserved, and it goes to the provider now."))
    return _back(reference)


@blueprint.post(f"{PAYOUT}/cancel")
@permission("payouts.draft")
def payouts_cancel(asset_number: str, reference: str) -> Response:
    """Take it back before it is sent."""
    payout, form = _payout(reference), TakeBackForm(prefix="cancel")
    if form.validate_on_submit():
        try:
            payouts.cancel(payout_id=payout.id, reason=form.reason.data or "", actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("The payout is taken back."), "info")
            return _back(reference)
    return _show(_payout(reference), cancel=form)


@blueprint.post(f"{PAYOUT}/confirm")
@permission("payouts.approve")
def payouts_confirm(asset_number: str, reference: str) -> Response:
    """Give the one-time password."""
    payout, form = _payout(reference), OtpForm(prefix="otp")
    if form.validate_on_submit():
        try:
            payouts.finalize(payout_id=payout.id, otp=form.otp.data or "", actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("The password was taken. The bank has the payout now."))
            return _back(reference)
    return _show(_payout(reference), otp=form)


@blueprint.post(f"{PAYOUT}/resend")
@permission("payouts.approve")
def payouts_resend(asset_number: str, reference: str) -> Response:
    """Have another one-time password sent."""
    try:
        payouts.resend_otp(payout_id=_payout(reference).id, actor=current_actor())
    except DomainError as error:
        return _show(_payout(reference), refused=error)
    toast(_("The provider sends another password."), "info")
    return _back(reference)


@blueprint.post(f"{PAYOUT}/ask")
@permission("payouts.view")
def payouts_ask(asset_number: str, reference: str) -> Response:
    """Ask the provider now how it stands."""
    try:
        payout = payouts.ask(_payout(reference).id, actor=current_actor())
    except DomainError as error:
        return _show(_payout(reference), refused=error)
    toast(_("The provider was asked. It stands at: %(status)s.", status=words.status_words(payout.status)), "info")
    return _back(reference)


def _waiting(place: Asset) -> list[Notice]:
    """The lines under the bell while payouts wait for a decision or a password."""
    waiting = queries.payouts_waiting(place.id, not_by=current_actor().key)
    to = url_for("payments.payouts", asset_number=place.asset_number, state="waiting")
    drafts, passwords = waiting.get(PayoutStatus.DRAFT, 0), waiting.get(PayoutStatus.OTP, 0)
    said = []
    if drafts:
        said.append(ngettext("%(num)s payout waits for approval", "%(num)s payouts wait for approval", drafts))
    if passwords:
        said.append(ngettext("%(num)s payout waits for its password", "%(num)s payouts wait for theirs", passwords))
    return [Notice(each, to, "send") for each in said]


NOTICES.append(("payouts.approve", _waiting))


def _drafted(form: PayoutForm, provider: str, holder: payouts.Holder) -> Response:
    """Write it down, once for this page of the form."""
    actor, made = current_actor(), list[Payout]()

    def draft() -> None:
        made.append(
            payouts.draft(
                place=g.place,
                provider=provider,
                holder=holder,
                amount=form.amount.data,
                counter=form.counter.data,
                description=form.description.data or "",
                actor=actor,
            )
        )

    form.just_once(actor, draft)
    if not made:
        return go(url_for(".payouts", asset_number=g.place.asset_number))
    toast(_("Drafted. Somebody else approves it now."))
    return _back(made[0].reference)


def _show(payout: Payout, refused: DomainError | None = None, **forms: Any) -> Response:
    """Its page; a form that was refused is shown as it was filled in, the others afresh."""
    happened = trail(subject="payout", subject_id=payout.id)
    fresh: dict[str, Callable[[], Any]] = {
        "otp": lambda: OtpForm(formdata=None, prefix="otp"),
        "cancel": lambda: TakeBackForm(formdata=None, prefix="cancel"),
    }
    wrong = refused is not None or any(form.errors for form in forms.values())
    locked = payout.otp_tries >= payouts.MOST_TRIES
    seen = f"{payout.status} locked" if locked else payout.status
    # what somebody is typing stays as it is until something else can be decided
    blocks = ("standing", "history") if request.args.get("seen") == seen else ("standing", "decisions", "history")
    return page(
        "payouts/payout.html",
        *blocks,
        payout=payout,
        seen=seen,
        refused=refused,
        forms={name: forms.get(name) or make() for name, make in fresh.items()},
        mine=payout.requested_by == current_actor().key,
        approver=payout.approved_by == current_actor().key,
        locked=locked,
        seconds_left=payouts.otp_seconds_left(payout),
        there=payouts.at_provider(g.place, payout.provider, payout.currency),
        people=words.people_of(happened),
        moments=words.life_of(payout, happened, messages_of(payout.reference)),
        called=called,
        words=words,
        sandbox=_sandbox(payout),
        status=(refused.status if refused is not None else 422) if wrong else 200,
    )


def _sandbox(payout: Payout) -> str | None:
    """Where the pretended provider shows its one-time passwords."""
    shows = payout.provider == "sandbox" and "sandbox.money_out" in current_app.view_functions
    return url_for("sandbox.money_out") if shows else None


def _payout(reference: str) -> Payout:
    return queries.get_payout_named(reference, g.place.id)


def _back(reference: str) -> Response:
    return go(url_for(".payouts_show", asset_number=g.place.asset_number, reference=reference))


def _senders() -> list[str]:
    return [each.provider for each in payouts.senders(g.place)]


def _banks(provider: str) -> tuple[list[Bank], str | None]:
    """The banks of a provider, or why there are none just now."""
    try:
        return payouts.banks_of(g.place, provider, g.place.currency), None
    except GatewayDown as error:
        return [], error.message


def _fill_in_own(form: PayoutForm, banks: list[Bank]) -> None:
    """The place's own bank account, for those who may see it."""
    require("assets.bank", asset_id=g.place.id)
    named = (g.place.bank_name or "").casefold()
    form.counter.data = chart.BANK
    form.account_number.data = g.place.bank_account_number
    fitting = [each for each in banks if named and each.name.casefold().startswith(named)]
    form.bank_code.data = fitting[0].code if len(fitting) == 1 else ""


def _wanted() -> PayoutsWanted:
    """The chips of the address, read leniently: a filter nobody knows filters nothing."""
    asked = request.args
    state, days = asked.get("state", ""), DAYS.get(asked.get("days", ""))
    midnight = datetime.now(ZoneInfo(g.place.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    mine = state == "waiting" and may("payouts.approve")
    return PayoutsWanted(
        statuses=words.GROUPS.get(state, ()),
        not_drafted_by=current_actor().key if mine else None,
        since=midnight - timedelta(days=days - 1) if days else None,
        search=parse.text(asked.get("q"), "q", min_length=0, max_length=80) or None,
    )
