"""Signing in and out, a forgotten password, an invitation."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.identity import permissions, queries
from portal.shared.identity.errors import BadCredentials, LinkOver, SignInNeeded
from portal.shared.identity.models import User
from portal.shared.identity.services import accounts, memberships, sessions
from portal.web.auth.forms import AcceptForm, ConfirmForm, ForgotForm, JoinForm, NewPasswordForm, SignInForm
from portal.web.auth.held import release
from portal.web.auth.session import close_session, locked_sign_in, open_session
from portal.web.guards import current_actor, current_user, public, signed_in, this_user
from portal.web.htmx import go, local_path, page, toast
from portal.web.links import mailed

blueprint = Blueprint("auth", __name__)
YEAR = 31_536_000


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response:
    """The way in."""
    form = SignInForm()
    if request.method == "GET":
        form.next.data = local_path(request.args.get("next"))
        if current_user.is_authenticated:
            return go(form.next.data or landing(this_user()))
        if locked_sign_in():
            return go(url_for(".unlock", next=form.next.data))
    if form.validate_on_submit():
        actor = current_actor()
        try:
            user = accounts.authenticate(
                login=form.login.data, password=form.password.data, address=request.remote_addr
            )
        except DomainError as error:
            return refused("auth/sign_in.html", form, error)
        open_session(user, actor)
        return onward(form, user)
    return page("auth/sign_in.html", form=form, action=url_for(".sign_in"), said=None, status=_status(form))


@blueprint.route("/confirm", methods=["GET", "POST"])
@signed_in
def confirm() -> Response:
    """The password once more, before something that wants it."""
    form = ConfirmForm()
    if request.method == "GET":
        form.next.data = local_path(request.args.get("next"))
    if form.validate_on_submit():
        try:
            accounts.confirm(user=this_user(), password=form.password.data, address=request.remote_addr)
        except DomainError as error:
            return refused("auth/confirm.html", form, error)
        sessions.prove(current_user.session_id)
        return onward(form, this_user())
    return page("auth/confirm.html", form=form, action=url_for(".confirm"), said=None, status=_status(form))


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    """The way out: this browser's session ends, wherever its cookie was copied to."""
    close_session(current_actor())
    response = go(url_for(".sign_in"))
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.route("/forgot", methods=["GET", "POST"])
@public
def forgot() -> Response:
    """Ask for a link that sets a new password; the answer is the same whether or not there is an account."""
    form = ForgotForm()
    if form.validate_on_submit():
        accounts.request_reset(email=str(form.email.data), actor=current_actor(), url=mailed("auth.reset"))
        return page("auth/forgot_sent.html", email=form.email.data)
    return page("auth/forgot.html", form=form, status=_status(form))


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> Response:
    """Set a new password by the link that was mailed."""
    form = NewPasswordForm()
    if queries.find_link("reset", token) is None:
        return page("auth/link_over.html", status=404)
    if form.validate_on_submit():
        try:
            accounts.reset_password(token=token, password=form.password.data, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Your new password is set. Sign in with it."))
            return go(url_for(".sign_in"))
    return page("auth/reset.html", form=form, status=_status(form))


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@public
def invitation(token: str) -> Response:
    """Join a place: with the account there is for the invited address, or with a new one."""
    link = queries.find_link("invitation", token)
    place = queries.place_of(link) if link else None
    if link is None or place is None:
        return page("auth/link_over.html", status=404)
    known = queries.find_by_email(link.email)
    form = AcceptForm() if known else JoinForm()
    if form.validate_on_submit():
        typed = {} if known else {"name": form.name.data, "password": form.password.data}
        phone = None if known else form.phone_number.data
        try:
            member = memberships.accept(token=token, actor=current_actor(), phone_number=phone, **typed)
        except LinkOver:
            return page("auth/link_over.html", status=404)
        except DomainError as error:
            if isinstance(error, SignInNeeded) and not current_user.is_authenticated:
                return go(url_for(".sign_in", next=request.path))
            form.refuse(error)
        else:
            return _after_joining(member.user_id, known, place)
    role = permissions.role_words(link.role or "")
    return page("auth/invitation.html", form=form, link=link, place=place, role=role, known=known, status=_status(form))


def _after_joining(user_id: object, known: User | None, place: Asset) -> Response:
    """A new account has just shown its password; an old one is signed in."""
    if known is None:
        user = queries.find_user(user_id)  # type: ignore[arg-type]
        assert user is not None, "the account was made a moment ago"
        open_session(user, current_actor())
    toast(_("Welcome to %(place)s.", place=place.name))
    return go(url_for("home.show", asset_number=place.asset_number))


def refused(template: str, form: SignInForm | ConfirmForm, error: DomainError, **context: object) -> Response:
    """The form again with what was wrong; too many tries say when to come back."""
    form.refuse(error)
    status = 422 if isinstance(error, BadCredentials) else error.status
    response = page(template, form=form, action=request.path, said=None, status=status, **context)
    if "retry_after" in error.details:
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return response


def onward(form: SignInForm | ConfirmForm, user: User) -> Response:
    """Back to where the person was going; a form that was kept is shown for them to send."""
    if held := release(form.held.data):
        return page("auth/resume.html", held=held, back=local_path(form.next.data) or landing(user))
    response = go(local_path(form.next.data) or landing(user))
    response.set_cookie("look", user.theme, max_age=YEAR, samesite="Lax", secure=request.is_secure)
    response.set_cookie("language", user.language, max_age=YEAR, samesite="Lax", secure=request.is_secure)
    return response


def landing(user: User) -> str:
    """Staff start at their place, guests and buyers at their own page."""
    staff = user.platform_admin or queries.memberships_of(user.id)
    return url_for("home.index") if staff else url_for("me.show")


def _status(form: SignInForm | ConfirmForm | ForgotForm | NewPasswordForm | JoinForm | AcceptForm) -> int:
    return 422 if form.errors else 200
