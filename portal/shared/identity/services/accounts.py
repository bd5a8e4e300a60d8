"""Accounts: register, authenticate, change and reset the password, deactivate."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from portal.core import locks, parse, throttle
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.shared.identity import passwords
from portal.shared.identity.errors import (
    BadCredentials,
    EmailTaken,
    LinkOver,
    PhoneTaken,
    RegistrationClosed,
)
from portal.shared.identity.models import OneTimeLink, User
from portal.shared.identity.queries import (
    anybody,
    find_by_email,
    find_by_login,
    hash_of,
    lock_link,
    lock_user,
    open_link,
)
from portal.shared.identity.services import mails, sessions

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Failures only: a busy desk behind one address never meets these, a guesser soon does.
ACCOUNT_HOUR, ACCOUNT_DAY, ADDRESS_HOUR = 10, 20, 100
RESETS_PER_HOUR, RESETS_PER_ADDRESS = 5, 50
LINK_LASTS = timedelta(hours=1)

rule("uq_user_account_email", lambda: EmailTaken(_("There is an account with this e-mail address."), field="email"))
rule(
    "uq_user_account_phone_number",
    lambda: PhoneTaken(_("There is an account with this phone number."), field="phone_number"),
)


@transactional
def register(
    *,
    email: str,
    name: str,
    password: str,
    actor: Actor,
    phone_number: str | None = None,
    platform_admin: bool = False,
) -> User:
    """Make an account; email and phone are already in their one normal form."""
    passwords.check(password, known=(name, email))
    user = User(
        email=email,
        name=name,
        phone_number=phone_number or None,
        password_hash=passwords.hashed(password),
        platform_admin=platform_admin,
    )
    db.session.add(user)
    db.session.flush()
    db.session.refresh(user)
    record(
        "account.registered",
        actor=actor,
        subject="user",
        subject_id=user.id,
        after={"email": email, "name": name, "platform_admin": platform_admin},
    )
    return user


def sign_up(*, email: str, name: str, password: str, actor: Actor, phone_number: str | None = None) -> User:
    """A stranger makes an account of their own; the first person of an installation is made by its operator."""
    if not anybody():
        raise RegistrationClosed(_("This portal has nobody yet. Its operator makes the first account."))
    return register(email=email, name=name, password=password, phone_number=phone_number, actor=actor)


def authenticate(*, login: str, password: str, address: str | None) -> User:
    """The person with this email or phone and this password; raises BadCredentials, or TooMany after failures."""
    try:
        known = parse.phone(login) if login.strip()[:1] == "+" else parse.email(login)
    except parse.ParseError:
        known = ""  # still weighed against a password, so that nothing can be told from the time it takes
    # what names nobody is counted per address, so that one guesser does not shut out every mistyped name
    where = address or "unknown"
    outcome = _attempt(login=known, key=known or f"nobody at {where}", password=password, address=where)
    if outcome is None:
        raise BadCredentials(_("That is not the e-mail address or phone number and password of an account."))
    return outcome


def confirm(*, user: User, password: str, address: str | None) -> None:
    """Make sure it is still the same person; raises BadCredentials, or TooMany after failures."""
    if _attempt(login=user.email, key=user.email, password=password, address=address or "unknown") is None:
        raise BadCredentials(_("That is not your password."), field="password")


@transactional
def _attempt(*, login: str, key: str, password: str, address: str) -> User | None:
    """Weigh one try. Tries for one account wait for each other, so that a burst cannot slip past its limit."""
    _refuse_guessers(key, address)
    locks.taking("login_throttle")
    locks.lock_in_transaction(f"login {key}")
    _refuse_guessers(key, address)
    user = find_by_login(login) if login else None
    right = passwords.fits(password, user.password_hash if user else None)
    if right and user is not None and user.active:
        if passwords.is_outdated(user.password_hash or ""):
            user.password_hash = passwords.hashed(password)
        return user
    for name, of, per in (("login", key, HOUR), ("login day", key, DAY), ("login address", address, HOUR)):
        throttle.count(name, of, per=per)
    return None


def _refuse_guessers(key: str, address: str) -> None:
    throttle.refuse_over("login", key, limit=ACCOUNT_HOUR, per=HOUR)
    throttle.refuse_over("login day", key, limit=ACCOUNT_DAY, per=DAY)
    throttle.refuse_over("login address", address, limit=ADDRESS_HOUR, per=HOUR)


def change_password(*, user: User, current: str, new: str, actor: Actor, keep_session: uuid.UUID | None = None) -> None:
    """Put a new password in the place of the current one; every other browser and token is signed out."""
    confirm(user=user, password=current, address=actor.address)
    _set_password(user_id=user.id, password=new, actor=actor, keep_session=keep_session)


@transactional
def _set_password(*, user_id: uuid.UUID, password: str, actor: Actor, keep_session: uuid.UUID | None = None) -> User:
    user = lock_user(user_id)
    passwords.check(password, known=(user.name, user.email))
    user.password_hash = passwords.hashed(password)
    sessions.end_all(user_id=user.id, actor=actor, keep=keep_session, reason="password changed")
    record("password.changed", actor=actor, subject="user", subject_id=user.id)
    return user


@transactional
def request_reset(*, email: str, actor: Actor, url: str) -> None:
    """Send a link that sets a new password once; `url` has `{token}`. Says nothing of whether there is an account."""
    asked = throttle.count("reset", email, per=HOUR)
    from_there = throttle.count("reset address", actor.address or "unknown", per=HOUR)
    if asked > RESETS_PER_HOUR or from_there > RESETS_PER_ADDRESS:
        return
    user = find_by_email(email)
    if user is None or not user.active:
        return
    token = _new_link("reset", user)
    record("password.reset_requested", actor=actor, subject="user", subject_id=user.id)
    mails.write(
        recipient=user.email,
        subject=_("Set a new password"),
        body=_(
            "Hello %(name)s,\n\nsomebody, probably you, asked for a new password. Set it here within the hour:\n\n"
            "%(url)s\n\nIf it was not you, do nothing: your password stays as it is.\n",
            name=user.name,
            url=url.format(token=token),
        ),
    )


@transactional
def reset_password(*, token: str, password: str, actor: Actor) -> User:
    """Set a new password by a link that works once; every browser and token is signed out."""
    locks.taking("login_throttle")
    link = lock_link("reset", token)
    if link is None or link.user_id is None:
        raise LinkOver(_("This link was used already, or its time is over. Ask for a new one."))
    link.used_at = utcnow()
    user = _set_password(user_id=link.user_id, password=password, actor=actor)
    _proved(user, link)
    return user


@transactional
def request_proof(*, user: User, actor: Actor, url: str) -> None:
    """Mail a link that shows whose mailbox it is, before anything paid for under the address is shown."""
    if throttle.count("proof", user.email, per=HOUR) > RESETS_PER_HOUR:
        return
    token = _new_link("proof", user)
    record("email.proof_requested", actor=actor, subject="user", subject_id=user.id)
    mails.write(
        recipient=user.email,
        subject=_("Is this your address?"),
        body=_(
            "Hello %(name)s,\n\nfollow this link within the hour to show that this mailbox is yours:\n\n%(url)s\n\n"
            "If you did not ask for it, do nothing.\n",
            name=user.name,
            url=url.format(token=token),
        ),
    )


@transactional
def prove_email(*, token: str, actor: Actor) -> User:
    """Note that the mailbox is the person's own, by a link that works once."""
    locks.taking("login_throttle")
    link = lock_link("proof", token)
    if link is None or link.user_id is None:
        raise LinkOver(_("This link was used already, or its time is over. Ask for a new one."))
    link.used_at = utcnow()
    user = lock_user(link.user_id)
    _proved(user, link)
    record("email.proved", actor=actor, subject="user", subject_id=user.id)
    return user


def _proved(user: User, link: OneTimeLink) -> None:
    if user.email == link.email and user.email_proved_at is None:
        user.email_proved_at = utcnow()


def _new_link(purpose: str, user: User) -> str:
    """A fresh link for an hour; one made earlier for the same purpose is over."""
    token = secrets.token_urlsafe(32)
    db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.user_id == user.id, open_link(purpose))
        .values(used_at=utcnow())
        .execution_options(synchronize_session=False)
    )
    db.session.add(
        OneTimeLink(
            purpose=purpose,
            token_hash=hash_of(token),
            email=user.email,
            user_id=user.id,
            expires_at=utcnow() + LINK_LASTS,
        )
    )
    return token


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a person may change about themselves."""

    name: str
    phone_number: str | None
    language: str
    theme: str


@transactional
def amend(*, user_id: uuid.UUID, profile: Profile, actor: Actor) -> User:
    """Change one's name, phone, language and theme."""
    user = lock_user(user_id)
    before = {"name": user.name, "phone_number": user.phone_number}
    user.name, user.phone_number = profile.name, profile.phone_number or None
    user.language, user.theme = profile.language, profile.theme
    db.session.flush()
    after = {"name": user.name, "phone_number": user.phone_number}
    if after != before:
        record("account.amended", actor=actor, subject="user", subject_id=user.id, before=before, after=after)
    return user


@transactional
def prefer(
    *,
    user_id: uuid.UUID,
    language: str | None = None,
    theme: str | None = None,
    asset_id: uuid.UUID | None = None,
) -> None:
    """Remember how somebody likes to see the portal, and where they were last; nothing worth an audit entry."""
    values = {"language": language, "theme": theme, "last_asset_id": asset_id}
    chosen = {name: value for name, value in values.items() if value is not None}
    if chosen:
        db.session.execute(update(User).where(User.id == user_id).values(**chosen))


@transactional
def deactivate(*, user_id: uuid.UUID, actor: Actor, reason: str | None = None) -> User:
    """Close an account: nobody signs in with it any more, and whoever is signed in is out at once."""
    user = lock_user(user_id)
    user.active = False
    sessions.end_all(user_id=user.id, actor=actor, reason="account deactivated")
    record("account.deactivated", actor=actor, subject="user", subject_id=user.id, reason=reason)
    return user
