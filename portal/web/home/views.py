"""The frame's own pages: the first page, desks without a place, search, preferences, the live stream."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask import current_app as app

from portal.core import parse, words
from portal.core.words import _
from portal.shared.identity.services import accounts
from portal.shared.notifications.services import notices
from portal.web import stream
from portal.web.context import LOOKS, shell
from portal.web.desks import DESKS
from portal.web.guards import current_user, permission, public, signed_in
from portal.web.home import dashboard
from portal.web.home import search as finding
from portal.web.htmx import go, local_path, page, wants_fragment

blueprint = Blueprint("home", __name__)
YEAR = 31_536_000
DESK_NAMES = ", ".join(desk.name for desk in DESKS)


@blueprint.get("/")
@public
def index() -> Response:
    """The place used last, the choice of one, or the way in."""
    if place := shell().place:
        return go(url_for(".show", asset_number=place.asset_number))
    if shell().viewer:
        return page("home/nowhere.html")
    return go(url_for("auth.sign_in"))


@blueprint.get("/home/<asset_number>/")
@permission("assets.view")
def show(asset_number: str) -> Response:
    """What needs somebody at this place today."""
    return page("home/home.html", "needs", **dashboard.figures_of(g.place))


@blueprint.get(f"/<any({DESK_NAMES}):desk>/")
@signed_in
def desk_without_place(desk: str) -> Response:
    """`/units/` alone leads to the units of the place used last."""
    place = shell().place
    endpoint = f"{desk}.index"
    if place is None or endpoint not in app.view_functions:
        abort(404)
    return go(url_for(endpoint, asset_number=place.asset_number))


@blueprint.get("/search")
@signed_in
def search() -> Response:
    """Everything whose name or number fits, of what this person may see."""
    asked, refused = "", None
    try:
        asked = parse.text(request.args.get("q", ""), "q", label=_("search"), min_length=0)
    except parse.ParseError as error:
        refused = error.message
    return page(
        "home/search.html", "palette_found", asked=asked, refused=refused, found=finding.find(asked),
        status=422 if refused else 200,
    )  # fmt: skip


@blueprint.get("/live")
@public
def live() -> Response:
    """Names of what happens at this person's places, as it happens; a stranger is told not to ask again."""
    return stream.open_stream() if current_user.is_authenticated else make_response("", 204)


@blueprint.get("/home/<asset_number>/bell")
@permission("assets.view")
def bell(asset_number: str) -> Response:
    """What needs somebody, for the bell of an open page: asked for once it stands, and when something happens."""
    if not wants_fragment():
        return go(url_for(".show", asset_number=asset_number))
    parts = ("shell/bell.html", "shell/bell_count.html")
    return make_response("".join(render_template(part, told=True) for part in parts))


@blueprint.post("/home/<asset_number>/notices/read")
@permission("assets.view")
def notices_read(asset_number: str) -> Response:
    """What this person was told about the place is read."""
    notices.read(user_id=current_user.id, asset_id=g.place.id)
    return go(local_path(request.referrer) or url_for(".show", asset_number=asset_number))


@blueprint.post("/preferences")
@public
def preferences() -> Response:
    """Theme, language and the width of the rail: kept in this browser, and with the person."""
    chosen = request.form
    response = make_response(redirect(local_path(chosen.get("next")) or url_for(".index"), 303))
    look, language, rail = chosen.get("look"), chosen.get("language"), chosen.get("rail")
    kept = {
        "look": look if look in LOOKS else None,
        "language": language if language in words.languages() else None,
        "rail": rail if rail in ("wide", "narrow") else None,
    }
    for name, value in kept.items():
        if value:
            response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure)
    if current_user.is_authenticated and (kept["look"] or kept["language"]):
        accounts.prefer(user_id=current_user.id, theme=kept["look"], language=kept["language"])
    return response
