"""People and roles at a place, as an owner and as others see them."""

import re

import pytest
from sqlalchemy import func, select, text, update

from portal.shared.identity import queries
from portal.shared.identity.models import Mail, Role, TokenFamily, UserSession
from portal.shared.identity.services import mails, memberships
from portal.shared.payments.models import PaymentIntent
from tests.factories import assets
from tests.factories import identity as people
from tests.factories.identity import PASSWORD


@pytest.fixture
def place(session):
    return assets.place()


@pytest.fixture
def owner(client, place):
    user = people.member(place, name="Olu Owner")
    people.sign_in(client, user)
    return user


def test_an_invitation_from_the_form_to_the_first_click(client, app, place, owner):
    base = f"/admin/{place.asset_number}/people"
    assert "Olu Owner" in client.get(base).text
    wrong = client.post(f"{base}/invite", data={"email": "not an address", "role": "cashier"})
    assert wrong.status_code == 422
    assert "This is not an e-mail address." in wrong.text
    made = client.post(f"{base}/invite", data={"email": "new@example.com", "role": "cashier"})
    link = re.search(r'value="http://localhost(/invitation/[\w-]+)"', made.text)[1]
    assert "new@example.com" in client.get(base).text
    newcomer = app.test_client()
    assert "Olu Owner invites new@example.com to work here as cashier." in newcomer.get(link).text
    short = newcomer.post(link, data={"name": "New Person", "password": "short"})
    assert short.status_code == 422
    joined = newcomer.post(link, data={"name": "New Person", "phone_number": "", "password": PASSWORD})
    assert joined.location == f"/home/{place.asset_number}/"
    assert f"Welcome to {place.name}." in newcomer.get(joined.location).text
    assert newcomer.get(link).status_code == 404
    assert newcomer.get(base).status_code == 403, "a cashier does not see who works here"


def test_somebody_with_an_account_joins_by_a_button_and_signs_in_as_themselves(client, app, place, owner):
    known = people.person(email="known@example.com", password=PASSWORD)
    made = client.post(f"/admin/{place.asset_number}/people/invite", data={"email": known.email, "role": "viewer"})
    link = re.search(r'value="http://localhost(/invitation/[\w-]+)"', made.text)[1]
    newcomer = app.test_client()
    assert 'name="password"' not in newcomer.get(link).text
    refused = newcomer.post(link)
    assert refused.location == f"/sign-in?next={link}", "a link alone opens nobody's account"
    assert queries.standing(known.id, place.asset_number).role is None
    another = client.post(link)
    assert another.status_code == 422
    assert "known@example.com has an account here. Sign in with it to join." in another.text
    people.sign_in(newcomer, known)
    assert newcomer.post(link).location == f"/home/{place.asset_number}/"
    assert queries.standing(known.id, place.asset_number).role is Role.VIEWER


def test_an_account_made_under_an_address_of_somebody_else_is_not_given_their_rights(app, place, owner):
    """Whoever registers the address of a future colleague first knows that account's password."""
    squatter = people.person(email="colleague@example.com", password=PASSWORD)
    invitation = memberships.invite(
        asset=place, email=squatter.email, role=Role.MANAGER, actor=people.acting(owner), url="http://x/{token}"
    )
    colleague = app.test_client()
    assert colleague.post(f"/invitation/{invitation.token}").location.startswith("/sign-in")
    assert queries.standing(squatter.id, place.asset_number).role is None


def test_an_invitation_is_taken_back(client, place, owner):
    base = f"/admin/{place.asset_number}/people"
    made = client.post(f"{base}/invite", data={"email": "new@example.com", "role": "cashier"})
    link = re.search(r'value="http://localhost(/invitation/[\w-]+)"', made.text)[1]
    invitation = queries.invitations_to(place.id)[0]
    assert client.post(f"{base}/invitations/{invitation.id}/withdraw").status_code == 303
    assert client.get(link).status_code == 404


def test_a_role_is_changed_and_a_person_signed_out_and_removed(client, app, place, owner):
    clerk = people.member(place, Role.CASHIER, name="Chidi Clerk")
    browser = app.test_client()
    people.sign_in(browser, clerk)
    page = f"/admin/{place.asset_number}/people/{clerk.id}"
    assert "Chidi Clerk" in client.get(page).text
    assert client.post(page, data={"role": "housekeeper"}).status_code == 303
    assert "Chidi Clerk is Housekeeper now." in client.get("/account").text
    assert client.post(page, data={"role": "emperor"}).status_code == 422
    assert client.post(f"{page}/sign-out").status_code == 303
    assert browser.get("/account").status_code == 303
    assert client.post(f"{page}/remove", data={"reason": "moved to Abuja"}).status_code == 303
    assert client.get(page).status_code == 404


def test_a_role_given_by_mistake_is_taken_back_and_the_list_opens_in_a_spreadsheet(client, place, owner):
    person = people.member(place, "cashier", name="Ben Button")
    base = f"/admin/{place.asset_number}/people"
    client.post(f"{base}/{person.id}", data={"role": "manager"})
    said = client.get(base).text
    assert "Ben Button is Manager now." in said
    assert '<input type="hidden" name="role" value="cashier"><button>Undo</button>' in said
    assert "Ben Button," in client.get(f"{base}.csv").text


def test_a_manager_is_offered_only_roles_below_and_cannot_reach_above(client, app, place, owner):
    manager = people.member(place, Role.MANAGER)
    browser = app.test_client()
    people.sign_in(browser, manager)
    offered = re.findall(r'<option[^>]*value="(\w+)"', browser.get(f"/admin/{place.asset_number}/people").text)
    assert not {"owner", "admin", "manager"} & set(offered)
    assert "cashier" in offered
    page = f"/admin/{place.asset_number}/people/{owner.id}"
    assert "holds a role that is not below yours" in browser.get(page).text
    assert browser.post(page, data={"role": "viewer"}).status_code in (403, 422)
    browser.post(f"{page}/remove")
    assert queries.standing(owner.id, place.asset_number).role is Role.OWNER
    invited = browser.post(
        f"/admin/{place.asset_number}/people/invite", data={"email": "x@example.com", "role": "admin"}
    )
    assert invited.status_code == 422


def test_the_last_owner_is_told_why_not(client, place, owner):
    client.post(f"/admin/{place.asset_number}/people/{owner.id}/remove")
    assert "A place needs an owner." in client.get(f"/admin/{place.asset_number}/people").text


def test_making_an_owner_wants_the_password_again_and_goes_on_from_there(client, session, place):
    owner = people.member(place, password=PASSWORD)
    heir = people.member(place, Role.ADMIN)
    people.sign_in(client, owner)
    session.execute(update(UserSession).values(proved_at=func.clock_timestamp() - text("interval '31 minutes'")))
    page = f"/admin/{place.asset_number}/people/{heir.id}"
    asked = client.post(page, data={"role": "owner"})
    assert asked.status_code == 403
    assert "Is it still you?" in asked.text
    held = re.search(r'name="held"[^>]*value="([^"]+)"', asked.text)[1]
    assert client.post("/confirm", data={"password": "wrong", "held": held}).status_code == 422
    resumed = client.post("/confirm", data={"password": PASSWORD, "held": held})
    assert f'action="{page}"' in resumed.text
    assert client.post(page, data={"role": "owner"}).status_code == 303
    assert queries.standing(heir.id, place.asset_number).role is Role.OWNER


def test_the_matrix_in_words(client, place, owner):
    page = client.get(f"/admin/{place.asset_number}/roles").text
    for words in ("Work a lock or ignition outside a stay", "Front desk", "With a written reason."):
        assert words in page


def test_letters_are_read_by_who_runs_the_portal(client, app, place, owner, session):
    mails.write(recipient="a@example.com", subject="Set a new password", body="https://portal.test/reset/abc")
    assert client.get("/admin/mail").status_code == 404
    operator = app.test_client()
    people.sign_in(operator, people.person(platform_admin=True))
    page = operator.get("/admin/mail").text
    assert "a@example.com" in page
    assert "No mail server is set" in page


def test_the_first_page_of_the_desk_lists_what_one_may_open(client, place, owner):
    page = client.get(f"/admin/{place.asset_number}/").text
    assert f"/admin/{place.asset_number}/people" in page
    assert "/admin/mail" not in page


def test_a_guest_sees_what_was_paid_for_only_after_showing_that_the_mailbox_is_theirs(client, session):
    guest = people.person(email="guest@example.com", name="Grace Guest")
    room = assets.room(number="101")
    intent = PaymentIntent(
        reference="guest-paid-this",
        provider="sandbox",
        purpose="unit_access",
        asset_id=room.asset_id,
        subject_id=room.id,
        payer_email="guest@example.com",
        amount=1_000_000,
        currency="NGN",
        opened_by="tests",
        expires_at=func.now(),
    )
    session.add(intent)
    session.commit()
    people.sign_in(client, guest)
    assert "guest-paid-this" not in client.get("/me").text
    client.post("/me/proof")
    letter = session.scalars(select(Mail)).one()
    link = re.search(r"http://localhost(/me/proof/[\w-]+)", letter.body)[1]
    assert client.get(link).status_code == 200
    assert "guest-paid-this" not in client.get("/me").text, "a mail program that looks at a link proves nothing"
    assert client.post(link).status_code == 303
    page = client.get("/me").text
    assert "guest-paid-this" in page
    assert "Room 101" in page
    assert client.get(link).status_code == 404


def test_anybody_may_leave_but_not_the_last_owner(client, app, place, owner):
    clerk = people.member(place, Role.CASHIER)
    browser = app.test_client()
    people.sign_in(browser, clerk)
    assert "Leave" in browser.get("/account").text
    browser.post(f"/account/places/{place.asset_number}/leave")
    assert browser.get(f"/home/{place.asset_number}/").status_code == 404
    client.post(f"/account/places/{place.asset_number}/leave")
    assert "A place needs an owner." in client.get("/account").text


def test_inviting_an_owner_over_json_wants_a_password_given_within_the_hour(client, app, session, place):
    owner = people.member(place)
    token = people.bearer(app, owner)
    asked = {"email": "heir@example.com", "role": "owner"}
    url = f"/api/assets/invite/{place.asset_number}/"
    assert client.post(url, json=asked, headers=token).status_code == 201
    session.execute(update(TokenFamily).values(proved_at=func.clock_timestamp() - text("interval '61 minutes'")))
    refused = client.post(url, json=asked, headers=token)
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "password_needed")
    assert client.post(url, json=asked | {"role": "admin"}, headers=token).status_code == 201
