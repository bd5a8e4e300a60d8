"""The payouts desk: who sees what, who decides what, and the holder's name before anything is written."""

import pytest

from portal.gateways.sandbox import clockwork, faults
from portal.shared.identity.models import Role
from portal.shared.payments.payout_queries import PayoutsWanted, payouts_of
from portal.shared.payments.services import bands, payouts
from tests.factories import identity
from tests.factories import payouts as made


@pytest.fixture
def place(session):
    bands.load_known()
    return made.funded()


@pytest.fixture
def maker(app, wired, place):
    """A manager's browser."""
    return _browser(app, identity.member(place, Role.MANAGER, name="Musa"))


@pytest.fixture
def checker(app, wired, place):
    """An owner's browser."""
    return _browser(app, identity.member(place, Role.OWNER, name="Olu"))


def _browser(app, person):
    browser = app.test_client()
    identity.sign_in(browser, person)
    browser.person = person
    return browser


def base(place):
    return f"/payments/{place.asset_number}/payouts"


def page_of(place, payout, step=""):
    return f"{base(place)}/{payout.reference}{step}"


def filled(**changes):
    return {
        "once": "one", "provider": "sandbox", "bank_code": "058", "account_number": "0123 456 789", "amount": "1000",
        "counter": "5100", "description": "Diesel", **changes,
    }  # fmt: skip


def all_of(place):
    return payouts_of(place.id, PayoutsWanted()).items


def test_the_holder_is_shown_before_anything_is_written(maker, place):
    shown = maker.post(f"{base(place)}/new", data=filled())
    assert shown.status_code == 200
    assert "This account belongs to BOLA ADEYEMI." in shown.text
    assert "₦1,010.00 is taken from Sandbox" in shown.text
    assert all_of(place) == []
    for _turn in range(2):  # sent twice by a double click, drafted once
        assert maker.post(f"{base(place)}/new", data=filled(shown_name="BOLA ADEYEMI")).status_code == 303
    (payout,) = all_of(place)
    assert (payout.amount, payout.recipient_name, payout.status) == (100_000, "BOLA ADEYEMI", "draft")


def test_another_account_than_was_shown_is_shown_again(maker, place):
    other = filled(shown_name="BOLA ADEYEMI", account_number="0123456790")
    assert "This account belongs to CHIDI EZE." in maker.post(f"{base(place)}/new", data=other).text
    assert all_of(place) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"account_number": "12"}, "An account number has 5 to 20 figures."),
        ({"account_number": "0000000000"}, "Guaranty Trust Bank knows no account with this number."),
        ({"bank_code": ""}, "Choose a bank from the list."),
        ({"amount": "0"}, "The amount must be more than 0."),
        ({"counter": "1010", "shown_name": "BOLA ADEYEMI"}, "This is not the account written down for this place."),
    ],
)
def test_what_cannot_be_sent_is_said_at_its_field(maker, place, change, sentence):
    refused = maker.post(f"{base(place)}/new", data=filled(**change))
    assert refused.status_code == 422
    assert sentence in refused.text
    assert all_of(place) == []


def test_without_the_provider_the_form_says_so(maker, place, monkeypatch):
    faults.set(provider="paystack", operation="banks", kind="500", times=9)
    monkeypatch.setattr("portal.shared.payments.services.recipients.cache.get", lambda _key: None)
    assert "did not answer" in maker.get(f"{base(place)}/new").text
    assert maker.post(f"{base(place)}/new", data=filled()).status_code in (422, 503)


def test_our_own_account_is_offered_to_those_who_may_see_it(app, wired, session):
    place = made.funded(bank_name="Guaranty Trust Bank", bank_account_name="Marina", bank_account_number="0123456788")
    owner = _browser(app, identity.member(place, Role.OWNER))
    assert "To our own bank" in owner.get(f"{base(place)}/new").text
    offered = owner.get(f"{base(place)}/new?own=1").text
    assert 'value="0123456788"' in offered
    manager = _browser(app, identity.member(place, Role.MANAGER))
    assert "To our own bank" not in manager.get(f"{base(place)}/new").text
    assert manager.get(f"{base(place)}/new?own=1").status_code == 403


def test_one_drafts_another_approves_and_gives_the_password(maker, checker, place):
    payout = made.drafted(place, by=identity.acting(maker.person))
    assert "so somebody else must approve it" not in checker.get(page_of(place, payout)).text
    assert "Approve and send" in checker.get(page_of(place, payout)).text
    bell = checker.get(f"/home/{place.asset_number}/bell", headers={"HX-Request": "true", "HX-Target": "bell"}).text
    assert "1 payout waits for approval" in bell
    assert checker.post(page_of(place, payout, "/approve")).status_code == 303
    payouts.work_due()
    shown = checker.get(page_of(place, payout)).text
    assert "data-seconds-left=" in shown
    assert "Waits for the password" in shown
    wrong = checker.post(page_of(place, payout, "/confirm"), data={"otp-otp": "1"})
    assert (wrong.status_code, "4 to 10 figures" in wrong.text) == (422, True)
    assert checker.post(page_of(place, payout, "/resend")).status_code == 303
    given = {"otp-otp": made.otp(payout)}
    assert checker.post(page_of(place, payout, "/confirm"), data=given).status_code == 303
    clockwork.advance()
    assert checker.post(page_of(place, payout, "/ask")).status_code == 303
    done = maker.get(page_of(place, payout)).text
    assert "Arrived, and booked" in done
    assert "Olu" in done


def test_who_drafted_is_told_to_find_somebody(checker, place):
    payout = made.drafted(place, by=identity.acting(checker.person))
    assert "somebody else must approve it" in checker.get(page_of(place, payout)).text
    refused = checker.post(page_of(place, payout, "/approve"))
    assert (refused.status_code, "somebody else must approve it" in refused.text) == (403, True)
    assert made.found(payout).status == "draft"


def test_a_manager_drafts_and_takes_back_but_does_not_approve(maker, place):
    payout = made.drafted(place)
    assert "Approve and send" not in maker.get(page_of(place, payout)).text
    assert maker.post(page_of(place, payout, "/approve")).status_code == 403
    assert maker.post(page_of(place, payout, "/cancel"), data={"cancel-reason": "Paid in cash"}).status_code == 303
    assert "Paid in cash" in maker.get(page_of(place, payout)).text
    again = maker.post(page_of(place, payout, "/cancel"))
    assert again.status_code == 422


def test_money_that_is_not_there_is_said_with_the_sum(checker, place):
    payout = made.drafted(place, 20_000_000)
    refused = checker.post(page_of(place, payout, "/approve"))
    assert refused.status_code == 409
    assert "The books have 100,000.00 NGN at Sandbox" in refused.text


def test_three_wrong_passwords_are_said_and_who_can_help(app, checker, place):
    payout = made.waiting(place, by=identity.acting(checker.person))
    wrong = {"otp-otp": "000000" if made.otp(payout) != "000000" else "000001"}
    said = [checker.post(page_of(place, payout, "/confirm"), data=wrong).text for _turn in range(3)]
    assert "2 more tries" in said[0]
    assert "1 more try " in said[1]
    assert "no more are taken" in said[2]
    other = _browser(app, identity.member(place, Role.OWNER))
    refused = other.post(page_of(place, payout, "/resend"))
    assert (refused.status_code, "Only the person who approved" in refused.text) == (403, True)
    assert "Send another password" not in other.get(page_of(place, payout)).text


def test_what_somebody_types_is_left_alone_until_something_else_can_be_decided(checker, place):
    payout = made.waiting(place)
    fragment = {"HX-Request": "true", "HX-Target": "standing"}
    same = checker.get(f"{page_of(place, payout)}?seen=otp", headers=fragment).text
    assert 'id="standing"' in same
    assert 'id="decisions"' not in same
    assert 'id="decisions"' in checker.get(f"{page_of(place, payout)}?seen=submitting", headers=fragment).text


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("state=waiting", True), ("state=success", False), ("state=under_way", False), ("state=zzz", True),
     ("days=1", True), ("q=bola", True), ("q=0123456789", True), ("q=nobody", False), ("q=%25", False)],
)  # fmt: skip
def test_filters_are_in_the_address(checker, place, asked, shown):
    made.drafted(place)
    listed = checker.get(f"{base(place)}?{asked}")
    assert (listed.status_code, "BOLA ADEYEMI" in listed.text) == (200, shown)


def test_what_waits_for_me_leaves_out_what_i_drafted(checker, maker, place):
    made.drafted(place, by=identity.acting(checker.person))
    assert "BOLA ADEYEMI" not in checker.get(f"{base(place)}?state=waiting").text
    assert "BOLA ADEYEMI" in maker.get(f"{base(place)}?state=waiting").text


def test_the_list_is_a_sheet_too(maker, place):
    payout = made.arrived(place)
    sheet = maker.get(f"{base(place)}.csv")
    assert sheet.mimetype == "text/csv"
    assert f"{payout.reference}," in sheet.text
    assert ",1000.00,10.00,NGN,sandbox," in sheet.text


def test_payouts_are_found_from_anywhere(checker, place):
    payout = made.drafted(place)
    found = checker.get(f"/search/{place.asset_number}?q=diesel")
    if found.status_code == 404:
        found = checker.get(f"/search?place={place.asset_number}&q=diesel")
    assert payout.recipient_name in found.text
