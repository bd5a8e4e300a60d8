"""The customer's own page: what a guest or buyer with an account paid for, and until when they may use it."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.access.queries import grants_of_payments
from portal.shared.assets.queries import assets, units_by_id
from portal.shared.identity import queries
from portal.shared.identity.services import accounts
from portal.shared.payments.queries import payments_by
from portal.web.guards import current_actor, public, signed_in, this_user
from portal.web.htmx import go, page, toast
from portal.web.links import mailed

blueprint = Blueprint("me", __name__)


@blueprint.get("/me")
@signed_in
def show() -> Response:
    """One's payments and what they opened; only to those who have shown that the mailbox is theirs."""
    user = this_user()
    payments = payments_by(user.email) if user.email_proved_at else ()
    return page(
        "me/show.html",
        person=user,
        memberships=queries.memberships_of(user.id),
        payments=payments,
        grants=grants_of_payments([each.payment.id for each in payments if each.payment]),
        units=units_by_id({each.subject_id for each in payments}),
        places={each.id: each for each in assets({each.asset_id for each in payments})} if payments else {},
    )


@blueprint.post("/me/proof")
@signed_in
def ask_for_proof() -> Response:
    """Mail a link that shows whose mailbox it is."""
    accounts.request_proof(user=this_user(), actor=current_actor(), url=mailed("me.prove"))
    toast(_("A link is on its way to your mailbox."))
    return go(url_for(".show"))


@blueprint.route("/me/proof/<token>", methods=["GET", "POST"])
@public
def prove(token: str) -> Response:
    """Follow the link; a button, because mail programs open links by themselves."""
    if queries.find_link("proof", token) is None:
        return page("auth/link_over.html", status=404)
    if request.method == "POST":
        try:
            accounts.prove_email(token=token, actor=current_actor())
        except DomainError:
            return page("auth/link_over.html", status=404)
        toast(_("Thank you. This mailbox is yours."))
        return go(url_for(".show"))
    return page("me/prove.html")
