"""Signing in: who may, how often one may guess, and what a password has to be."""

import time

import pytest
from sqlalchemy import func, select, text, update

from portal.core.throttle import ThrottleWindow, TooMany
from portal.shared.identity import passwords, queries
from portal.shared.identity.errors import BadCredentials, EmailTaken, LinkOver, RegistrationClosed, WeakPassword
from portal.shared.identity.models import Mail, OneTimeLink, User, UserSession
from portal.shared.identity.services import accounts, cleanup, sessions, tokens
from tests.factories import identity as people
from tests.factories.identity import PASSWORD

STRANGER = people.Actor(people.ActorKind.USER, "a visitor", address="198.51.100.7")


def _try(login="amina@example.com", password="not the right one!", address="198.51.100.7"):
    return accounts.authenticate(login=login, password=password, address=address)


def test_email_in_any_case_or_phone_and_password_sign_in(session):
    user = people.person(password=PASSWORD, email="amina@example.com", phone_number="+2348031234567")
    assert _try(" Amina@Example.com ", PASSWORD) is user
    assert _try("+234 803 123 4567", PASSWORD) is user


def test_an_unknown_account_reads_like_a_wrong_password_and_takes_its_time(session, monkeypatch):
    weighed = []
    fits = passwords.fits
    monkeypatch.setattr(passwords, "fits", lambda *given: weighed.append(given) or fits(*given))
    people.person(password=PASSWORD, email="amina@example.com")
    closed = people.person(password=PASSWORD, email="gone@example.com", active=False)
    said = set()
    for login in ("amina@example.com", "nobody@example.com", closed.email, "", "\0", "+999", "x" * 300):
        with pytest.raises(BadCredentials) as refusal:
            _try(login, "not the right one!" if login != closed.email else PASSWORD)
        said.add(str(refusal.value))
    assert len(said) == 1
    assert len(weighed) == 7, "every try is weighed against some password"


def test_ten_wrong_passwords_lock_the_account_for_the_hour_even_for_the_right_one(session):
    people.person(password=PASSWORD, email="amina@example.com")
    for place in range(10):
        with pytest.raises(BadCredentials):
            _try(address=f"198.51.100.{place}")
    with pytest.raises(TooMany) as refusal:
        _try(password=PASSWORD, address="198.51.100.200")
    assert 3500 < refusal.value.details["retry_after"] <= 3601
    session.execute(update(ThrottleWindow).values(opened_at=func.now() - text("interval '61 minutes'")))
    assert _try(password=PASSWORD).email == "amina@example.com"


def test_twenty_wrong_passwords_lock_the_account_for_the_day(session):
    people.person(password=PASSWORD, email="amina@example.com")
    for _hour in range(2):
        for _each in range(10):
            with pytest.raises(BadCredentials):
                _try()
        session.execute(update(ThrottleWindow).values(opened_at=func.now() - text("interval '61 minutes'")))
    with pytest.raises(TooMany):
        _try(password=PASSWORD)


def test_thirty_two_people_behind_one_router_sign_in_and_a_hundred_failures_close_it(session):
    for place in range(32):
        user = people.person(password=PASSWORD)
        assert _try(user.email, PASSWORD) is user, place
    for each in range(100):
        with pytest.raises(BadCredentials):
            _try(f"guess{each}@example.com")
    with pytest.raises(TooMany):
        _try("one.more@example.com")
    assert _try(user.email, PASSWORD, address="203.0.113.5") is user


def test_a_burst_of_guesses_gets_ten_answers(committed, at_once):
    people.person(password=PASSWORD, email="amina@example.com")
    outcomes = []
    for _round in range(4):
        outcomes += at_once(_try, 6)
    kinds = [type(each).__name__ for each in outcomes]
    assert kinds.count("BadCredentials") == 10
    assert kinds.count("TooMany") == 14


def test_long_common_and_personal_passwords_are_refused_in_words(session):
    known = ("Amina Bello", "amina.bello@marina-hotel.test")
    for weak in (
        "fourteen chars",
        "x" * 129,
        "passwordpassword",
        "Password12345678",
        "123456789012345",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "amina.bello@marina-hotel.test",
        "PortalHotelAmina1",
        "qwertyuiopasdfghjkl",
        "hahahahahahahahaha",
    ):
        with pytest.raises(WeakPassword):
            passwords.check(weak, known=known)
    for good in (PASSWORD, "åtta små grodor hoppar", "x7-Kq9!vLm2#pRs4", "一二三四五六七八九十甲乙丙丁戊"):
        passwords.check(good, known=known)
    assert len(passwords.common()) > 3000


def test_the_real_cost_of_a_password_is_what_owasp_asks(monkeypatch):
    from argon2 import PasswordHasher

    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1))
    stored = passwords.hashed(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.fits(PASSWORD, stored)
    begun = time.perf_counter()
    assert not passwords.fits(PASSWORD, None)
    assert time.perf_counter() - begun > 0.005, "nobody's password is weighed as well"


def test_two_accounts_cannot_share_an_address(session):
    people.person(email="amina@example.com")
    with pytest.raises(EmailTaken):
        accounts.sign_up(email="amina@example.com", name="Another", password=PASSWORD, actor=STRANGER)


def test_the_first_account_is_made_by_the_operator(session):
    with pytest.raises(RegistrationClosed):
        accounts.sign_up(email="amina@example.com", name="Amina", password=PASSWORD, actor=STRANGER)
    people.person()
    made = accounts.sign_up(email="amina@example.com", name="Amina", password=PASSWORD, actor=STRANGER)
    assert not made.platform_admin


def test_a_new_password_signs_every_other_browser_and_token_out(session):
    user = people.person(password=PASSWORD)
    here, there = (sessions.start(user=user, actor=STRANGER) for _ in range(2))
    family = tokens.issue(user=user, actor=STRANGER).family_id
    kept = queries.find_sign_in(here).session.id
    with pytest.raises(BadCredentials):
        accounts.change_password(user=user, current="wrong one, surely", new="five calm herons wade", actor=STRANGER)
    accounts.change_password(
        user=user, current=PASSWORD, new="five calm herons wade", actor=STRANGER, keep_session=kept
    )
    assert queries.find_sign_in(here)
    assert queries.find_sign_in(there) is None
    assert queries.find_family(family, user.id) is None
    assert _try(user.email, "five calm herons wade") is user


def test_a_reset_link_is_mailed_works_once_and_ends_an_older_one(session):
    user = people.person(password=PASSWORD)
    browser = sessions.start(user=user, actor=STRANGER)
    for _ in range(2):
        accounts.request_reset(email=user.email, actor=STRANGER, url="https://portal.test/reset/{token}")
    accounts.request_reset(email="nobody@example.com", actor=STRANGER, url="https://portal.test/reset/{token}")
    letters = session.scalars(select(Mail).order_by(Mail.id)).all()
    assert [letter.recipient for letter in letters] == [user.email] * 2
    old, new = (letter.body.partition("/reset/")[2].split()[0] for letter in letters)
    assert not session.scalars(select(OneTimeLink).where(OneTimeLink.token_hash == new.encode())).all()
    with pytest.raises(LinkOver):
        accounts.reset_password(token=old, password="five calm herons wade", actor=STRANGER)
    with pytest.raises(WeakPassword):
        accounts.reset_password(token=new, password="short", actor=STRANGER)
    accounts.reset_password(token=new, password="five calm herons wade", actor=STRANGER)
    with pytest.raises(LinkOver):
        accounts.reset_password(token=new, password="six warm otters nap", actor=STRANGER)
    assert queries.find_sign_in(browser) is None
    assert _try(user.email, "five calm herons wade") is user


def test_two_who_follow_one_reset_link_at_once(committed, at_once):
    user = people.person(password=PASSWORD)
    accounts.request_reset(email=user.email, actor=STRANGER, url="/reset/{token}")
    token = committed.scalars(select(Mail.body)).one().partition("/reset/")[2].split()[0]
    outcomes = at_once(
        lambda: accounts.reset_password(token=token, password="five calm herons wade", actor=STRANGER), 6
    )
    assert sum(isinstance(each, User) for each in outcomes) == 1
    assert sum(isinstance(each, LinkOver) for each in outcomes) == 5


def test_a_mailbox_is_not_flooded_with_reset_links(session):
    user = people.person()
    for _ in range(9):
        accounts.request_reset(email=user.email, actor=STRANGER, url="/reset/{token}")
    assert session.scalar(select(func.count()).select_from(Mail)) == accounts.RESETS_PER_HOUR


def test_a_deactivated_account_is_out_at_once(session):
    user = people.person(password=PASSWORD)
    browser = sessions.start(user=user, actor=STRANGER)
    accounts.deactivate(user_id=user.id, actor=STRANGER, reason="left the company")
    assert queries.find_sign_in(browser) is None
    with pytest.raises(BadCredentials):
        _try(user.email, PASSWORD)


def test_a_session_ends_after_half_a_day_without_a_click_or_after_a_week(session):
    user = people.person()
    for column, past in (("last_seen_at", "12 hours 1 minute"), ("expires_at", "1 second")):
        browser = sessions.start(user=user, actor=STRANGER)
        row = queries.find_sign_in(browser).session
        assert (row.expires_at - row.created_at).days in (6, 7)
        session.execute(
            update(UserSession)
            .where(UserSession.id == row.id)
            .values({column: func.clock_timestamp() - text(f"interval '{past}'")})
        )
        assert queries.find_sign_in(browser) is None, column
    assert queries.sessions_of(user.id) == []


def test_what_is_over_for_a_month_is_let_go(session):
    user = people.person()
    kept, gone = (sessions.start(user=user, actor=STRANGER) for _ in range(2))
    accounts.request_reset(email=user.email, actor=STRANGER, url="/reset/{token}")
    month_ago = func.clock_timestamp() - text("interval '31 days'")
    session.execute(
        update(UserSession).where(UserSession.token_hash == queries.hash_of(gone)).values(expires_at=month_ago)
    )
    session.execute(update(OneTimeLink).values(expires_at=month_ago))
    assert cleanup.forget_old() == 2
    assert cleanup.forget_old() == 0
    assert queries.find_sign_in(kept)


def test_names_that_cannot_be_read_are_counted_where_they_come_from(session):
    for _ in range(10):
        with pytest.raises(BadCredentials):
            _try("08031234567")
    with pytest.raises(TooMany):
        _try("08031234567")
    with pytest.raises(BadCredentials):
        _try("0712345678", address="203.0.113.77")
