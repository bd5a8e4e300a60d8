"""The frame in a real browser: by keyboard, live, without JavaScript, and as a screen reader meets it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

AXE = Path(__file__).resolve().parents[1] / "support/axe/axe.min.js"
SIZES = {"desk": (1366, 768), "wall": (1920, 1080), "phone": (390, 844)}


def enter(page, running_portal, role="owner"):
    account = next(each for each in running_portal["accounts"] if each["role"] == role)
    page.goto(running_portal["url"])
    page.get_by_label("E-mail or phone number").fill(account["email"])
    page.get_by_label("Password").fill(account["password"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/home/**")
    return account["asset_number"]


def grievances(page, *rules):
    """What a screen reader stumbles over, by all rules or by these."""
    page.evaluate(AXE.read_text() + ";0")
    asked = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("asked => axe.run(document, asked)", asked)["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]


def grievances_by_day_and_night(page):
    """The same in both looks; only what has to do with colours can differ in the second."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = grievances(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    return found + grievances(page, "color-contrast", "link-in-text-block")


def test_a_clerk_goes_anywhere_by_keyboard(page, running_portal):
    number = enter(page, running_portal)
    expect(page.locator(".live")).to_have_attribute("data-state", "connected")
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url(f"**/units/{number}/")
    page.keyboard.press("ArrowDown")
    expect(page.locator("tr[aria-selected=true]")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("101")
    expect(page.get_by_role("option", name="Room 101")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/units/{number}/room/101")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search everything")).to_be_focused()


def test_a_dialog_gives_the_focus_back_and_a_refusal_is_said_in_the_corner(page, running_portal):
    enter(page, running_portal)
    page.goto(f"{running_portal['url']}/styleguide")
    opener = page.get_by_role("button", name="Open dialog")
    opener.click()
    expect(page.get_by_role("dialog", name="Extend the stay")).to_be_visible()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.get_by_role("button", name="Refuse").first.click()
    expect(page.locator("#toasts").get_by_role("alert")).to_contain_text("Room 204 is let until 12 March.")
    page.get_by_role("link", name="101", exact=True).click()
    expect(page.get_by_role("heading", name="Room 204")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Room 204")).to_have_count(0)


def test_the_theme_stays(page, running_portal):
    enter(page, running_portal)
    page.locator("summary", has_text="You and your settings").click()
    with page.expect_response("**/preferences"):
        page.get_by_role("radio", name="Dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-look", "dark")


def test_it_works_without_javascript(browser, running_portal):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, running_portal)
    page.locator("summary", has_text="Change place").click()
    page.get_by_role("link", name="Swift Cars").first.click()
    expect(page.get_by_role("heading", name="Swift Cars", level=1)).to_be_visible()
    page.get_by_role("searchbox", name="Search everything").fill("owner")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_contain_text("Owner")
    page.locator("summary", has_text="You and your settings").click()
    page.get_by_role("radio", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-look", "dark")
    context.close()


@pytest.mark.parametrize(("size", "look"), [("desk", "light"), ("wall", "dark"), ("phone", "dark")])
def test_nothing_is_hidden_from_a_screen_reader_or_runs_off_the_screen(browser, running_portal, size, look):
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=look, reduced_motion="reduce"
    )
    page = context.new_page()
    enter(page, running_portal)
    for path in ("/styleguide", "/search?q=101", "/nowhere"):
        page.goto(running_portal["url"] + path)
        assert grievances(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
    context.close()
