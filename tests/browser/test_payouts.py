"""A payout in two browsers: drafted, approved, watched as it moves, confirmed while its time counts down."""

import re

from playwright.sync_api import expect

from tests.browser.test_shell import enter, grievances

SECONDS = 20_000


def test_two_people_send_money_and_watch_it_arrive(page, browser, running_portal):
    url, number = running_portal["url"], enter(page, running_portal, "manager")
    page.goto(f"{url}/payments/{number}/payouts")
    expect(page.get_by_text("Generator service")).to_be_visible()
    page.keyboard.press("n")
    page.wait_for_url("**/payouts/new")
    page.get_by_label("Bank", exact=True).select_option(label="Zenith Bank")
    page.get_by_label("Account number").fill("2087 654 321")
    page.get_by_label("Amount").fill("1250")
    page.get_by_label("Costs").check()
    page.get_by_label("Description").fill("Flowers")
    page.get_by_role("button", name="Look up the account").click()
    expect(page.get_by_text(re.compile("This account belongs to [A-Z]+"))).to_be_visible()
    page.get_by_role("button", name="Draft the payout").click()
    expect(page.get_by_text("so somebody else must approve it")).to_be_visible()
    assert grievances(page) == []
    address = page.url

    owner = browser.new_context().new_page()
    owner.set_default_timeout(10_000)
    enter(owner, running_portal, "owner")
    owner.goto(address)
    owner.get_by_role("button", name="Approve and send").click()
    owner.get_by_role("dialog").get_by_role("button", name="Approve and send").click()
    left = owner.get_by_role("timer")
    expect(left).to_have_text(re.compile(r"^29:5\d$|^30:00$"), timeout=SECONDS)
    first = left.inner_text()
    expect(left).not_to_have_text(first)
    assert grievances(owner) == []
    expect(page.locator("#standing")).to_contain_text("Waits for the password", timeout=SECONDS)

    password = browser.new_context().new_page()
    password.goto(f"{url}/sandbox/transfers")
    reference = address.rsplit("/", 1)[-1]
    otp = password.locator("li", has_text=reference).locator(".otp").inner_text()
    owner.get_by_label("One-time password").fill(otp)
    owner.get_by_role("button", name="Confirm").click()
    expect(owner.locator("#standing")).to_contain_text("Arrived", timeout=SECONDS)
    expect(page.locator("#history")).to_contain_text("Arrived, and booked", timeout=SECONDS)
    for each in (owner, password):
        each.context.close()
