"""Money going out at the pretended Paystack: the one-time passwords a person would be sent, and what comes next."""

from __future__ import annotations

from flask import Response, url_for

from portal.core.words import _
from portal.gateways.sandbox import clockwork, refunds, transfers
from portal.web.guards import public
from portal.web.htmx import go, page, toast
from portal.web.public.sandbox.routes import blueprint

SHOWN = 20


@blueprint.get("/transfers")
@public
def money_out() -> Response:
    """The last transfers with their passwords, and the last refunds."""
    given_back, _total, _failed = refunds.listed(since=None, until=None, page=1, per_page=SHOWN)
    return page("public/sandbox_transfers.html", "moving", transfers=transfers.latest(SHOWN), refunds=given_back)


@blueprint.post("/transfers/move-on")
@public
def move_on() -> Response:
    """Bring what is under way to its end now."""
    moved = clockwork.advance()
    toast(_("What was under way has ended.") if moved else _("Nothing was under way."))
    return go(url_for(".money_out"))


@blueprint.post("/transfers/<code>/reverse")
@public
def reverse_transfer(code: str) -> Response:
    """Let the bank send money back that had arrived."""
    transfers.reverse(code=code)
    toast(_("The bank sent the money back."))
    return go(url_for(".money_out"))
