"""A receptionist takes a payment in the sandbox checkout and watches the simulated lock open over a real broker."""

import httpx
import pytest
from playwright.sync_api import expect


@pytest.fixture
def account(running_portal):
    """The front desk of the demo hotel."""
    return next(each for each in running_portal["accounts"] if each["role"] == "front_desk")


@pytest.fixture
def free_room(running_portal, account):
    """The number of a room nobody has, let by the day."""
    with httpx.Client(base_url=running_portal["url"]) as door:
        who = {"email": account["email"], "password": account["password"]}
        token = door.post("/api/token/", json=who).json()["access"]
        rooms = door.get(
            f"/api/assets/{account['asset_number']}/rooms/", headers={"Authorization": f"Bearer {token}"}
        ).json()["results"]
    free = [room for room in rooms if room["status"] in ("inactive", "expired")]
    return next(room["room_number"] for room in free if room["period_minutes"] == 1_440)


def test_from_the_desk_to_the_open_door(page, running_portal, account, free_room):
    url, place = running_portal["url"], account["asset_number"]
    page.goto(f"{url}/sign-in?next=/units/{place}/room/{free_room}")
    page.get_by_label("E-mail or phone number").fill(account["email"])
    page.get_by_label("Password", exact=True).fill(account["password"])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Take a payment").click()
    page.get_by_text("2 days").click()
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="The card is declined").click()
    expect(page.get_by_role("heading", name="The payment failed")).to_be_visible()
    page.get_by_role("link", name="Pay again").click()
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("heading", name="Unlocked")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Receipt").click()
    expect(page.get_by_text("Total")).to_be_visible()
    page.goto(f"{url}/payments/{place}/?q=ada@example.com")
    expect(page.get_by_text("Failed").first).to_be_visible()
    page.locator("tr", has_text="ada@example.com").first.get_by_role("link").click()
    expect(page.locator("#panel").get_by_text("The door was told to unlock")).to_be_visible()
    page.locator("#panel").get_by_role("link", name="Open as a page").click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    expect(page.get_by_text("Access given")).to_be_visible()
