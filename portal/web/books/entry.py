"""One entry: its legs, what it is about, and the button that reverses it."""

from __future__ import annotations

from flask import Response, g, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.reporting import subjects
from portal.shared.ledger import queries
from portal.shared.ledger.chart import CUSTOMER_CREDIT
from portal.shared.ledger.services import entries, rules
from portal.web.books import blueprint, words
from portal.web.books.forms import ReasonForm
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast


@blueprint.get("/<asset_number>/entries/<int:entry_id>")
@permission("books.view")
def entry(asset_number: str, entry_id: int) -> Response:
    """Where every minor unit came from and went to."""
    return _show(entry_id, ReasonForm(formdata=None))


@blueprint.post("/<asset_number>/entries/<int:entry_id>/reverse")
@permission("books.post")
def entry_reverse(asset_number: str, entry_id: int) -> Response:
    """Book the same entry with its sides swapped."""
    queries.get_entry(entry_id, g.place.id)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            reversal = entries.correct(
                entry_id=entry_id, place=g.place, reason=form.reason.data or "", actor=current_actor()
            )
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Entry %(old)s is reversed by entry %(new)s.", old=entry_id, new=reversal))
            return go(url_for(".entry", asset_number=asset_number, entry_id=reversal))
    return _show(entry_id, form)


def _show(entry_id: int, form: ReasonForm) -> Response:
    found = queries.get_entry(entry_id, g.place.id)
    legs = queries.legs_with_accounts([entry_id])[entry_id]
    owners = [account.owner for account, _leg in legs if account.code == CUSTOMER_CREDIT]
    about = words.about(found, subjects.subjects([(found.subject, found.subject_id)]))
    return page(
        "books/entry.html",
        "entry",
        entry=found,
        legs=legs,
        customers=subjects.customers(owners),
        reversal=queries.find_reversal(entry_id),
        about=about,
        by_people=rules.by_people(found),
        form=form,
        words=words,
        status=422 if form.errors else 200,
    )
