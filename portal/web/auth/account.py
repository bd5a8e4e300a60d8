"""One's own account: name and phone, password, language and theme, and every browser that is signed in."""

from __future__ import annotations

import uuid

from flask import Response, g, request, url_for

from portal.core import words
from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.identity import queries
from portal.shared.identity.permissions import role_words
from portal.shared.identity.services import accounts, memberships, sessions
from portal.shared.notifications.models import ByMail
from portal.shared.notifications.queries import by_mail
from portal.shared.notifications.services import notices as telling
from portal.web.auth.forms import ChangePasswordForm, NoticesForm, ProfileForm
from portal.web.auth.views import YEAR, blueprint
from portal.web.context import shell
from portal.web.forms import as_sent
from portal.web.guards import current_actor, current_user, permission, signed_in, this_user
from portal.web.htmx import go, page, toast


@blueprint.route("/account", methods=["GET", "POST"])
@signed_in
def account() -> Response:
    """Everything about oneself; this form changes the profile."""
    form, undone = _profile_form(), as_sent(ProfileForm(formdata=None, obj=this_user()))
    if request.method == "POST" and form.validate():
        profile = accounts.Profile(
            name=str(form.name.data),
            phone_number=form.phone_number.data,
            language=form.language.data,
            theme=form.theme.data,
        )
        try:
            accounts.amend(user_id=current_user.id, profile=profile, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Saved."), undo=url_for(".account"), **undone)
            response = go(url_for(".account"))
            for name, value in (("look", profile.theme), ("language", profile.language)):
                response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure)
            return response
    return _show(profile=form, status=422 if form.errors else 200)


@blueprint.post("/account/password")
@signed_in
def change_password() -> Response:
    """A new password in the place of the one in use; every other browser is signed out."""
    form = ChangePasswordForm(prefix="change")
    if form.validate():
        try:
            accounts.change_password(
                user=this_user(),
                current=form.current.data,
                new=form.password.data,
                actor=current_actor(),
                keep_session=current_user.session_id,
            )
        except DomainError as error:
            error.field = "current" if error.code == "bad_credentials" else error.field
            form.refuse(error)
        else:
            toast(_("Your password is changed. Every other browser and app was signed out."))
            return go(url_for(".account"))
    return _show(password=form, status=422)


@blueprint.post("/account/notices")
@signed_in
def notices() -> Response:
    """Which alerts come by mail."""
    form, before = NoticesForm(), by_mail([current_user.id])[current_user.id]
    if form.validate():
        telling.prefer(user_id=current_user.id, alerts_by_mail=ByMail(form.alerts_by_mail.data))
        toast(_("Saved."), undo=url_for(".notices"), alerts_by_mail=before.value)
        return go(url_for(".account"))
    return _show(told=form, status=422)


@blueprint.post("/account/sessions/<uuid:session_id>/end")
@signed_in
def end_session(session_id: uuid.UUID) -> Response:
    """Sign one browser out."""
    if sessions.end(session_id=session_id, user_id=current_user.id, actor=current_actor()):
        toast(_("That browser is signed out."))
    return go(url_for(".account"))


@blueprint.post("/account/sessions/end-others")
@signed_in
def end_other_sessions() -> Response:
    """Sign every browser and app out but this one."""
    sessions.end_all(user_id=current_user.id, actor=current_actor(), keep=current_user.session_id)
    toast(_("Every other browser and app is signed out."))
    return go(url_for(".account"))


@blueprint.post("/account/places/<asset_number>/leave")
@permission("assets.view")
def leave(asset_number: str) -> Response:
    """Stop working at a place, of one's own accord."""
    try:
        memberships.remove(asset_id=g.place.id, user_id=current_user.id, actor=current_actor())
    except DomainError as error:
        toast(error.message, "bad")
    else:
        toast(_("You do not work at %(place)s any more.", place=g.place.name))
    return go(url_for(".account"))


def _profile_form() -> ProfileForm:
    form = ProfileForm(obj=this_user())
    offered = shell().languages
    form.language.choices = offered
    if request.method == "GET" and this_user().language not in dict(offered):
        form.language.data = words.SOURCE_LANGUAGE
    return form


def _show(
    *,
    profile: ProfileForm | None = None,
    password: ChangePasswordForm | None = None,
    told: NoticesForm | None = None,
    status: int = 200,
) -> Response:
    if profile is None:
        profile = ProfileForm(formdata=None, obj=this_user())
        profile.language.choices = shell().languages
    return page(
        "auth/account.html",
        profile=profile,
        told=told
        or NoticesForm(formdata=None, data={"alerts_by_mail": by_mail([current_user.id])[current_user.id].value}),
        password=password or ChangePasswordForm(formdata=None, prefix="change"),
        sessions=[(each, browser_words(each.user_agent)) for each in queries.sessions_of(current_user.id)],
        this_session=current_user.session_id,
        places=[(each.asset, role_words(each.role)) for each in shell().memberships],
        status=status,
    )


def browser_words(user_agent: str | None) -> str:
    """A browser as its owner knows it: what it says of itself, in two words."""
    said = user_agent or ""
    browsers = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    devices = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("CrOS", "Chromebook"),
        ("Linux", "Linux"),
    )
    browser = next((words for sign, words in browsers if sign in said), None)
    device = next((words for sign, words in devices if sign in said), None)
    if browser and device:
        return _("%(browser)s on %(device)s", browser=browser, device=device)
    return browser or device or _("Another program")
