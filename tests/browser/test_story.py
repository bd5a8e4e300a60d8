"""The whole story, on a real portal with a real broker: a payment opens a door, and time closes it."""

import re
import uuid
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from portal.core.clock import utcnow
from portal.core.db import db
from tests.support.inside import inside

LOOKS_AGAIN = 15_000
ONE_MINUTE_AND_A_BIT = 90_000


def account(running_portal, role):
    return next(each for each in running_portal["accounts"] if each["role"] == role)


def sign_in(page, running_portal, who):
    page.goto(f"{running_portal['url']}/sign-in")
    page.locator("input[name=login]").fill(who["email"])
    page.locator("input[name=password]").fill(who["password"])
    page.locator("input[name=password]").press("Enter")
    expect(page).to_have_url(re.compile("/home/"))


def label_of(page):
    """What the sticker on the door says, read off the unit's page."""
    said = page.get_by_text(re.compile("label [0-9A-Z]{7,}")).first.inner_text()
    return re.search("label ([0-9A-Z]+)", said).group(1)


def bring_the_end_near(worker, number):
    """Of the minute that was paid for nearly all is over."""
    with inside(worker):
        ends = {"ends": utcnow() + timedelta(seconds=2), "number": number}
        unit = db.session.execute(text("update unit set expires_at = :ends where number = :number returning id"), ends)
        shorter = "update access_grant set during = tstzrange(lower(during), :ends) where unit_id = :unit"
        db.session.execute(text(shorter), ends | {"unit": unit.scalar_one()})
        db.session.commit()


@pytest.mark.parametrize("whole_minute", [False, pytest.param(True, marks=pytest.mark.chaos)])
def test_a_payment_opens_the_door_and_time_closes_it(page, browser, running_portal, worker, whole_minute):
    url, manager = running_portal["url"], account(running_portal, "manager")
    hotel, number = manager["asset_number"], f"J{uuid.uuid4().hex[:4].upper()}"

    sign_in(page, running_portal, manager)
    page.goto(f"{url}/units/{hotel}/register")
    page.get_by_label("Number").fill(number)
    page.get_by_label("Price of one period").fill("5000.00")
    page.get_by_label("Length of one period").fill("1")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("heading", name=f"Room {number}")).to_be_visible()
    label = label_of(page)
    page.goto(f"{url}/units/{hotel}/?q={number}")
    row = page.get_by_role("row").filter(has_text=number)
    expect(row).to_contain_text("Never let")

    phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    guest = phone.new_page()
    guest.goto(f"{url}/u/{label}")
    guest.get_by_label("E-mail").fill("guest@mail.example")
    guest.get_by_role("button", name="Continue to payment").click()
    expect(guest.get_by_text("Sandbox payments")).to_be_visible()
    guest.get_by_role("button", name="Pay", exact=True).click()
    expect(guest).to_have_url(re.compile("/pay/"))
    expect(guest.get_by_role("heading", name=re.compile("unlocked", re.IGNORECASE))).to_be_visible(timeout=LOOKS_AGAIN)

    expect(row).to_contain_text("Unlocked", timeout=LOOKS_AGAIN)
    expect(row).to_contain_text(re.compile("In use|Ending soon"))
    if not whole_minute:
        bring_the_end_near(worker, number)
    expect(row).to_contain_text("Locked", timeout=ONE_MINUTE_AND_A_BIT)
    expect(row).to_contain_text("Free")

    page.goto(f"{url}/units/{hotel}/room/{number}")
    expect(page.get_by_text("₦5,000.00").first).to_be_visible()
    story = page.locator("main")
    for line in ("Told: Unlock", "Door: Unlocked", "Told: Lock", "Door: Locked"):
        expect(story.get_by_text(line, exact=True).first).to_be_visible()
    phone.close()


def test_a_declined_card_leaves_the_door_shut(page, browser, running_portal):
    url, manager = running_portal["url"], account(running_portal, "manager")
    hotel, number = manager["asset_number"], f"J{uuid.uuid4().hex[:4].upper()}"
    sign_in(page, running_portal, manager)
    page.goto(f"{url}/units/{hotel}/register")
    page.get_by_label("Number").fill(number)
    page.get_by_label("Price of one period").fill("5000.00")
    page.get_by_role("button", name="Register", exact=True).click()
    page.goto(f"{url}/u/{label_of(page)}")
    page.get_by_label("E-mail").fill("guest@mail.example")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="The card is declined").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("declined|failed|did not", re.IGNORECASE))
    page.goto(f"{url}/units/{hotel}/?q={number}")
    expect(page.get_by_role("row").filter(has_text=number)).to_contain_text("Never let")
