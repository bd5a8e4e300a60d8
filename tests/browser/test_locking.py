"""Leaving the desk: the page is covered in every tab, what was typed is there again after the password."""

from playwright.sync_api import expect

from tests.browser.test_shell import enter, grievances


def test_a_locked_browser_is_covered_in_every_tab_and_keeps_what_was_typed(page, running_portal):
    number = enter(page, running_portal, "manager")
    password = next(each["password"] for each in running_portal["accounts"] if each["role"] == "manager")
    other = page.context.new_page()
    other.goto(f"{running_portal['url']}/units/{number}/")
    page.goto(f"{running_portal['url']}/units/{number}/room/105/terms")
    price = page.get_by_label("Price of one period")
    price.fill("12345")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("Shift+L")
    cover = page.get_by_role("dialog", name="Locked")
    expect(cover).to_be_visible()
    expect(other.get_by_role("dialog", name="Locked")).to_be_visible()
    expect(price).to_be_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(cover.get_by_label("Password")).to_be_focused()
    assert grievances(page) == []
    page.keyboard.type("not the right one!")
    page.keyboard.press("Enter")
    expect(cover).to_contain_text("That is not your password.")
    cover.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    expect(cover).to_have_count(0)
    expect(price).to_have_value("12345")
    expect(other.get_by_role("dialog", name="Locked")).to_have_count(0)
