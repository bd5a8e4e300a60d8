"""Housekeeping where there is no signal: what is pressed is kept on the phone, survives a reload, and is sent later."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_shell import enter


@pytest.fixture
def phone(browser):
    """A phone whose browser may complain: without a signal it says so in its log."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    yield context.new_page()
    context.close()


def test_a_room_is_reported_clean_without_a_signal(phone, running_portal):
    page, number = phone, enter(phone, running_portal, "manager")
    where = f"{running_portal['url']}/frontdesk/{number}/housekeeping"
    page.goto(where)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # seen once more, now through the worker that keeps it
    room = page.locator(".house-room", has=page.get_by_role("button", name="It is dirty")).first
    name = room.get_attribute("data-room")
    page.context.set_offline(True)
    room.get_by_role("button", name="It is dirty").click()
    expect(page.locator("#unsent")).to_contain_text(name)
    page.reload()
    expect(page.locator("#unsent")).to_contain_text(name)
    page.context.set_offline(False)
    expect(page.locator("#unsent")).to_be_hidden()
    page.goto(where)
    changed = page.locator(f'.house-room[data-room="{name}"]')
    expect(changed).to_contain_text("Dirty")
    changed.get_by_role("button", name="It is clean").click()
    expect(page.get_by_text(f"Room {name} is clean")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f'.house-room[data-room="{name}"]')).to_contain_text("Dirty")
