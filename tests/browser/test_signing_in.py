"""Signing in with the keyboard alone, and a session that ends under somebody's hands."""

from playwright.sync_api import expect


def _sign_in(page, account):
    expect(page.get_by_label("E-mail or phone number")).to_be_focused()
    page.keyboard.type(account["email"])
    page.keyboard.press("Tab")
    page.keyboard.type(account["password"])
    page.keyboard.press("Enter")


def _account(running_portal, role):
    return next(each for each in running_portal["accounts"] if each["role"] == role)


def test_a_receptionist_signs_in_and_out_by_keyboard(page, running_portal):
    account = _account(running_portal, "front_desk")
    page.goto(running_portal["url"])
    _sign_in(page, {**account, "password": "not the right one!"})
    expect(page.get_by_role("alert")).to_contain_text("That is not the e-mail address")
    page.keyboard.press("Tab")
    page.keyboard.type(account["password"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{running_portal['url']}/home/{account['asset_number']}/")
    page.locator("summary", has_text="You and your settings").press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_what_was_typed_survives_a_session_that_ended_elsewhere(page, browser, running_portal):
    account = _account(running_portal, "manager")
    page.goto(f"{running_portal['url']}/sign-in?next=/account")
    _sign_in(page, account)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_label("Name").fill("Typed Before The End")
    other = browser.new_page()
    other.goto(f"{running_portal['url']}/sign-in?next=/account")
    _sign_in(other, account)
    other.get_by_role("button", name="Sign out the others").click()
    other.get_by_role("dialog").get_by_role("button", name="Sign out the others").click()
    expect(other.get_by_text("Every other browser and app is signed out.")).to_be_visible()
    other.close()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("what you typed is kept")).to_be_visible()
    page.get_by_label("E-mail or phone number").focus()
    _sign_in(page, account)
    expect(page.get_by_text("Typed Before The End")).to_be_visible()
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Typed Before The End")
