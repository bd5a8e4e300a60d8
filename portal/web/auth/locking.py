"""Leaving the desk for a moment: this browser is shut, with all that is typed in it, until the password is given."""

from __future__ import annotations

from flask import Response, request, url_for

from portal.core.actor import Actor, ActorKind
from portal.core.errors import DomainError
from portal.shared.identity import queries
from portal.shared.identity.services import accounts, sessions
from portal.web.auth.forms import ConfirmForm
from portal.web.auth.held import cover
from portal.web.auth.session import locked_sign_in
from portal.web.auth.views import blueprint, landing, onward, refused
from portal.web.guards import current_actor, current_user, public, this_user
from portal.web.htmx import go, local_path, page


@blueprint.post("/lock")
@public
def lock() -> Response:
    """Shut this browser; with htmx the page stays where it is, under a cover."""
    if current_user.is_authenticated:
        sessions.lock(session_id=current_user.session_id, user_id=current_user.id, actor=current_actor())
    found = locked_sign_in()
    if found is None:
        return go(url_for(".sign_in"))
    if request.headers.get("HX-Request"):
        return cover(found.user, status=200)
    return go(url_for(".unlock", next=local_path(request.referrer)))


@blueprint.route("/unlock", methods=["GET", "POST"])
@public
def unlock() -> Response:
    """The password opens it again where it was; `covered` says that the page waits underneath."""
    form, found = ConfirmForm(), locked_sign_in()
    covered = bool(request.headers.get("HX-Request"))
    if request.method == "GET":
        form.next.data = local_path(request.args.get("next"))
    if found is None:
        return _open_already(form, covered)
    if covered and request.method == "GET":
        return cover(found.user, status=200)
    if form.validate_on_submit():
        try:
            accounts.confirm(user=found.user, password=form.password.data, address=request.remote_addr)
        except DomainError as error:
            if not covered:
                return refused("auth/unlock.html", form, error, person=found.user)
            form.refuse(error)
            return cover(found.user, form=form, status=error.status)
        sessions.unlock(session_id=found.session.id, user_id=found.user.id, actor=_actor(found))
        return Response("") if covered else onward(form, found.user)
    if covered:
        return cover(found.user, form=form, status=422)
    return page("auth/unlock.html", form=form, action=url_for(".unlock"), said=None, person=found.user,
                status=422 if form.errors else 200)  # fmt: skip


def _open_already(form: ConfirmForm, covered: bool) -> Response:
    """Another tab was quicker, or the session is over."""
    if not current_user.is_authenticated:
        return go(url_for(".sign_in", next=local_path(request.headers.get("HX-Current-URL")) or form.next.data))
    return Response("") if covered else go(local_path(form.next.data) or landing(this_user()))


def _actor(found: queries.SignIn) -> Actor:
    """The request counts as nobody's until it is unlocked; the trail names whose password opened it."""
    nobody = current_actor()
    return Actor(ActorKind.USER, found.user.name, found.user.id, address=nobody.address, request_id=nobody.request_id)
