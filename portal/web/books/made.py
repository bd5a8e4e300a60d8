"""A new entry by hand: lines of debits and credits, what they would do, and the booking."""

from __future__ import annotations

import hashlib
import uuid

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _, gettext, lazy_
from portal.reporting import subjects
from portal.shared.ledger import queries
from portal.shared.ledger.chart import CHART, credit_of
from portal.shared.ledger.errors import AlreadyPosted
from portal.shared.ledger.services import entries, rules
from portal.shared.ledger.services.entries import Leg
from portal.web.books import asked, blueprint, words
from portal.web.books.forms import EntryForm
from portal.web.context import ACTIONS, Action, shell
from portal.web.forms import as_sent
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

MORE = 3


@blueprint.route("/<asset_number>/entries/new", methods=["GET", "POST"])
@permission("books.post")
def entry_new(asset_number: str) -> Response:
    """Write the lines, see what they would do, book them."""
    g.books_currency, _currencies = asked.currency()
    form = EntryForm()
    if not form.is_submitted():
        form.on.data = shell().business_date
        form.currency.data, form.customer.data = g.books_currency, request.args.get("customer", "")
    form.offer(_accounts(form.customer.data))
    if not form.is_submitted():
        return _page(form)
    do = request.form.get("do", "book")
    if do == "more":
        form.add_lines(MORE)
        form.offer(_accounts(form.customer.data))
        return _page(form)
    if form.validate():
        try:
            if do == "preview":
                rules.check(
                    place=g.place,
                    currency=g.books_currency,
                    amounts=[minor for _account, minor in form.legs()],
                    on=form.on.data,
                )
                return _page(form, effect=queries.effect(g.place, g.books_currency, form.legs()))
            return _book(form)
        except DomainError as error:
            form.refuse(error)
    return _page(form, status=422)


def _book(form: EntryForm) -> Response:
    """Once for each page of the form filled in one way: a second press leads to what the first one booked."""
    filled = "\0".join(f"{name}={value}" for name, value in sorted(as_sent(form).items()))
    key = f"{g.place.asset_number}:{hashlib.sha256(filled.encode()).hexdigest()}"
    try:
        entry_id = entries.make(
            place=g.place,
            currency=g.books_currency,
            legs=_legs(form),
            memo=form.memo.data,
            key=key,
            actor=current_actor(),
            on=form.on.data,
        )
    except AlreadyPosted:
        booked = queries.entry_by_key(f"made:{key}")
        if booked is None:
            raise
        entry_id = booked.id
    toast(_("Entry %(number)s is booked.", number=entry_id))
    return go(url_for(".entry", asset_number=g.place.asset_number, entry_id=entry_id))


def _legs(form: EntryForm) -> list[Leg]:
    return [Leg(account, minor) for account, minor in form.legs()]


def _accounts(customer: str | None) -> list[tuple[str, str]]:
    """Accounts to choose from: the chart's, those of providers that were used here, and one customer's credit."""
    found = [(code, f"{code} {gettext(plan.name)}") for code, plan in CHART.items() if not plan.owned]
    found += [
        (f"{each.code}:{each.owner}", f"{each.code} {gettext(each.name)}")
        for each in queries.accounts_at(g.place, g.books_currency)
        if each.owner
    ]
    whose = _customer(customer)
    if whose is not None:
        found.append(whose)
    return sorted(found)


def _customer(asked_for: str | None) -> tuple[str, str] | None:
    try:
        key = str(parse.optional(parse.uuid, asked_for, "customer") or uuid.UUID(int=0))
    except DomainError:
        return None
    found = subjects.customers([key]).get(key)
    if found is None or found.business_id != g.place.business_id:
        return None
    account = credit_of(key)
    return account, f"{account[:4]} {_('Customer credit')}: {found.name}"


def _page(form: EntryForm, effect: list[queries.Effect] | None = None, status: int = 200) -> Response:
    return page(
        "books/new.html",
        "form",
        form=form,
        effect=effect,
        currency=g.books_currency,
        currencies=asked.currency()[1],
        words=words,
        status=status,
    )


ACTIONS += [
    Action(lazy_("Write an entry in the books"), "books.entry_new", "books.post", "pencil"),
    Action(lazy_("See the trial balance"), "books.index", "books.view", "scale"),
    Action(lazy_("Close a month of the books"), "books.months", "books.close", "lock"),
]
