"""The folio of a stay: who pays what, line by line, and everything that is done about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, g, url_for

from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _
from portal.shared.audit.queries import trail
from portal.shared.customers.queries import customers_by_id
from portal.shared.customers.services.customers import known_as
from portal.shared.invoicing.models import Invoice
from portal.shared.invoicing.queries import invoices_about
from portal.shared.invoicing.services.invoices import called
from portal.trades.hotel.models import Folio, FolioStatus, Stay
from portal.trades.hotel.queries.folios import (
    charge_codes,
    folio_balances,
    lines_of,
    money_of,
    references_of,
    windows_of,
)
from portal.trades.hotel.queries.stays import get_stay
from portal.trades.hotel.services import folio_closing, folio_money, folio_moves, folios
from portal.web.filters import money
from portal.web.frontdesk import folio_words as words
from portal.web.frontdesk.folio_forms import (
    BackForm,
    ChargeForm,
    CloseForm,
    KeepForm,
    MoveForm,
    PayForm,
    ReopenForm,
    WindowForm,
)
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, page, toast

PAGE = "/<asset_number>/stays/<uuid:stay_id>/folio"


@blueprint.get(PAGE)
@permission("bills.view")
def folio(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Every window of a stay, its lines, and what can be done."""
    return show(get_stay(g.place.id, stay_id))


@blueprint.post(f"{PAGE}/open")
@permission("hotel.book")
def folio_open(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Open the guest's own window."""
    stay = get_stay(g.place.id, stay_id)
    folios.open_for(stay_id=stay.id, actor=current_actor())
    return go(url_for(".folio", asset_number=asset_number, stay_id=stay.id))


@blueprint.post(f"{PAGE}/charge")
@permission("hotel.book")
def folio_charge(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Charge something."""

    def charge(stay: Stay, form: Any) -> None:
        folios.post_charge(
            stay_id=stay.id,
            code=form.code.data,
            words=form.words.data,
            amount=form.amount.data.minor if form.amount.data else None,
            quantity=form.quantity.data,
            folio_id=form.window.data,
            actor=current_actor(),
        )
        toast(_("Charged."))

    return _done(stay_id, "charge", charge)


@blueprint.post(f"{PAGE}/pay")
@permission("payments.take")
def folio_pay(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Take money, or ask for it by a link."""
    where: list[str] = []

    def pay(stay: Stay, form: Any) -> None:
        chosen, amount, actor = _window(stay, form.window.data), form.amount.data.minor, current_actor()
        if form.way.data == "credit":
            folio_money.spend_credit(folio_id=chosen.id, amount=amount, idem_key=form.once.data or None, actor=actor)
            toast(_("%(amount)s was paid from the customer's credit.", amount=money(form.amount.data)))
        elif form.way.data == "link":
            bill = folio_money.ask(folio_id=chosen.id, amount=amount, actor=actor)
            where.append(url_for("payments.bills_show", asset_number=asset_number, number=bill.number))
        else:
            tendered = form.tendered.data.minor if form.tendered.data and form.way.data == "cash" else None
            taken = folio_money.take(
                folio_id=chosen.id, way=form.way.data, amount=amount, slip=form.slip.data or None, tendered=tendered,
                idem_key=f"folio-{form.once.data}"[:64] if form.once.data else None, actor=actor,
            )  # fmt: skip
            where.append(url_for("payments.taken", asset_number=asset_number, reference=taken.intent.reference))

    return _done(stay_id, "pay", pay, where, once=False)


@blueprint.post(f"{PAGE}/move")
@permission("hotel.book")
def folio_move(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Move a charge to another window, or share it between all of them."""

    def move(stay: Stay, form: Any) -> None:
        asked: dict[str, Any] = {"asset_id": g.place.id, "line_id": form.line.data, "actor": current_actor()}
        if form.evenly.data:
            folio_moves.split_line(among=[each.id for each in windows_of([stay.id])[stay.id]], **asked)
        else:
            amount = form.amount.data.minor if form.amount.data else None
            folio_moves.transfer(to=form.to.data, amount=amount, **asked)
        toast(_("Moved; what is owed in all is the same."))

    return _done(stay_id, "move", move)


@blueprint.post(f"{PAGE}/back")
@permission("hotel.book")
def folio_back(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Take a charge back."""

    def back(stay: Stay, form: Any) -> None:
        folio_moves.reverse(asset_id=g.place.id, line_id=form.line.data, reason=form.reason.data, actor=current_actor())
        toast(_("Taken back."))

    return _done(stay_id, "back", back)


@blueprint.post(f"{PAGE}/window")
@permission("hotel.book")
def folio_window(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Open a window for who else pays."""

    def add(stay: Stay, form: Any) -> None:
        payer = known_as(business_id=g.place.business_id, email=form.email.data, name=form.name.data)
        made = folios.open_window(
            stay_id=stay.id, name=form.name.data, payer_id=payer.id, routes=form.routes.data, actor=current_actor()
        )
        toast(_("Folio %(number)s is open.", number=made.number))

    return _done(stay_id, "window", add)


@blueprint.post(f"{PAGE}/close")
@permission("hotel.book")
def folio_close(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Close a window; with something owing only for a reason, by who may."""

    def close(stay: Stay, form: Any) -> None:
        chosen = _window(stay, form.window.data)
        folio_closing.close(
            folio_id=chosen.id, reason=form.reason.data, allowed=may("hotel.override"), actor=current_actor()
        )
        toast(_("Folio %(number)s is closed.", number=chosen.number), "info")

    return _done(stay_id, "close", close)


@blueprint.post(f"{PAGE}/reopen")
@permission("hotel.book")
def folio_reopen(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Open a closed window again."""

    def reopen(stay: Stay, form: Any) -> None:
        chosen = _window(stay, form.window.data)
        folio_closing.reopen(folio_id=chosen.id, reason=form.reason.data, actor=current_actor())
        toast(_("Folio %(number)s is open again.", number=chosen.number), "info")

    return _done(stay_id, "reopen", reopen)


@blueprint.post(f"{PAGE}/keep")
@permission("payments.take")
def folio_keep(asset_number: str, stay_id: uuid.UUID) -> Response:
    """Keep what was paid too much as the payer's credit."""

    def keep(stay: Stay, form: Any) -> None:
        chosen = _window(stay, form.window.data)
        folio_money.keep_as_credit(folio_id=chosen.id, amount=form.amount.data.minor, actor=current_actor())
        toast(_("Kept as credit."))

    return _done(stay_id, "keep", keep)


def _done(
    stay_id: uuid.UUID,
    name: str,
    work: Callable[[Stay, Any], object],
    where: list[str] | None = None,
    *,
    once: bool = True,
) -> Response:
    """One form of the page: done and back to it, or the page with the form as it was filled in."""
    stay = get_stay(g.place.id, stay_id)
    form = _forms(stay)[name](True)
    if form.validate_on_submit():
        try:
            if once and hasattr(form, "just_once"):
                form.just_once(current_actor(), lambda: work(stay, form))
            else:
                work(stay, form)
        except DomainError as error:
            form.refuse(error)
        else:
            return go(where[0] if where else url_for(".folio", asset_number=g.place.asset_number, stay_id=stay.id))
    return show(stay, **{name: form})


def show(stay: Stay, **forms: Any) -> Response:
    """The page; a form that was refused is shown as it was filled in, the others afresh."""
    own = windows_of([stay.id])[stay.id]
    lines = lines_of([each.id for each in own])
    fresh = {} if not own else {name: make(False) for name, make in _forms(stay).items() if name not in forms}
    return page(
        "frontdesk/folio.html",
        "folio",
        stay=stay,
        windows=own,
        lines=lines,
        balances=folio_balances([each.id for each in own]),
        sums=money_of([stay.id])[stay.id],
        payers=customers_by_id({stay.guest_id, *(each.payer_id for each in own)}),
        references=references_of({line.payment_id for found in lines.values() for line in found if line.payment_id}),
        papers=_papers(own),
        called=called,
        forms={**fresh, **forms},
        opened=next(iter(forms), None),
        moments=words.life_of([entry for each in own for entry in trail(subject="folio", subject_id=each.id)]),
        words=words,
        status=422 if forms else 200,
    )


def _papers(own: list[Folio]) -> dict[uuid.UUID, list[Invoice]]:
    """Invoices and credit notes by the window they are of."""
    found: dict[uuid.UUID, list[Invoice]] = {}
    for each in invoices_about("folio", [window.id for window in own]):
        found.setdefault(each.subject_id, []).append(each)
    return found


def _forms(stay: Stay) -> dict[str, Callable[[bool], Any]]:
    """The forms of the page by name, made fresh or from what was sent."""
    own = windows_of([stay.id])[stay.id] or [folios.open_for(stay_id=stay.id, actor=current_actor())]
    opened = [each for each in own if each.status == FolioStatus.OPEN]
    closed = [each for each in own if each.status == FolioStatus.CLOSED]
    balances = folio_balances([each.id for each in own])
    movable = [
        (line.id, f"{line.words} · {money(line.amount, each.currency)}")
        for each in opened
        for line in lines_of([each.id]).get(each.id, [])
        if line.amount > 0 and line.kind in (*folio_moves.CHARGES, "transfer")
    ]
    codes = [(each.code, each.name) for each in charge_codes(g.place.id)]

    def made(kind: type[Any], prefix: str, sent: bool, **offers: Any) -> Any:
        form = kind(prefix=prefix, **({} if sent else {"formdata": None}))
        for name, choices in offers.items():
            form[name].offer(choices)
        return form

    def names(those: list[Folio]) -> list[tuple[Any, str]]:
        return [(each.id, f"{each.number} · {each.name}") for each in those]

    def pay(sent: bool) -> Any:
        form = made(PayForm, "pay", sent, window=names(own))
        if not sent:
            owing = next((each for each in own if balances[each.id] > 0), own[0])
            due = max(0, balances[owing.id]) or max(0, money_of([stay.id])[stay.id].due)
            form.window.data, form.amount.data = str(owing.id), Money(due, g.place.currency) if due else None
        return form

    anywhere = [("", _("As usual"))]
    extras = [*codes, *((code, said) for code, said in words.USUAL if code not in dict(codes))]
    return {
        "charge": lambda sent: made(ChargeForm, "charge", sent, code=extras, window=[*anywhere, *names(opened)]),
        "pay": pay,
        "move": lambda sent: made(MoveForm, "move", sent, line=movable, to=names(opened)),
        "back": lambda sent: made(BackForm, "back", sent, line=movable),
        "window": lambda sent: made(WindowForm, "window", sent),
        "close": lambda sent: made(CloseForm, "close", sent, window=names(opened)),
        "reopen": lambda sent: made(ReopenForm, "reopen", sent, window=names(closed)),
        "keep": lambda sent: made(KeepForm, "keep", sent, window=names([o for o in opened if balances[o.id] < 0])),
    }


def _window(stay: Stay, folio_id: uuid.UUID) -> Folio:
    """One of the stay's own windows: the form offers no other."""
    return next(each for each in windows_of([stay.id])[stay.id] if each.id == folio_id)
