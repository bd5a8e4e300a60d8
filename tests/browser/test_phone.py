"""A customer's phone is asked from a desk, and the desk sees by itself what became of it: on a real running portal."""

import re

from playwright.sync_api import expect

from tests.browser.test_story import account, sign_in

LOOKS_AGAIN = 15_000
PHONE = "+254722000111"


def raised(page, url, place, amount):
    """A new bill of so many shillings, on its page."""
    page.goto(f"{url}/payments/{place}/bills/new")
    page.get_by_label("Description").fill("Airport transfer")
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("E-mail").fill("ada@mail.example")
    page.get_by_role("button", name="Raise the bill").click()
    expect(page.get_by_role("heading", name=re.compile("Bill \\d+"))).to_be_visible()


def ask(page):
    """The phone is asked for the bill on the page."""
    page.get_by_text("M-Pesa, asked on the phone").click()
    form = page.locator("form").filter(has=page.get_by_role("button", name="Ask the phone"))
    form.get_by_label("Phone number").fill(PHONE)
    form.get_by_role("button", name="Ask the phone").click()
    expect(page.get_by_role("heading", name="Waiting for the PIN…")).to_be_visible()


def on_the_phone(page, url, amount, answer):
    """The customer presses a button under the question for this amount."""
    page.goto(f"{url}/sandbox/phone")
    prompt = page.locator("form.phone-prompt").filter(has_text=amount)
    prompt.get_by_role("button", name=answer, exact=True).click()
    expect(page.get_by_text("The phone has answered.")).to_be_visible()


def test_a_phone_is_asked_cancels_is_asked_again_and_pays(page, browser, running_portal):
    url, place = running_portal["url"], account(running_portal, "dispatcher")["asset_number"]
    sign_in(page, running_portal, account(running_portal, "owner"))
    raised(page, url, place, "1730")
    ask(page)
    customer = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB").new_page()
    on_the_phone(customer, url, "1,730", "Cancel")
    expect(page.get_by_role("heading", name="Cancelled on the phone")).to_be_visible(timeout=LOOKS_AGAIN)
    page.get_by_role("button", name="Ask the phone again").click()
    expect(page.get_by_role("heading", name="Waiting for the PIN…")).to_be_visible()
    on_the_phone(customer, url, "1,730", "Pay")
    expect(page.get_by_role("heading", name=re.compile("Paid, receipt S"))).to_be_visible(timeout=LOOKS_AGAIN)
    page.get_by_role("link", name="Back to the bill").click()
    expect(page.locator("#standing")).to_contain_text("Paid")


def test_money_sent_to_the_paybill_pays_the_bill_it_names(page, browser, running_portal):
    url, place = running_portal["url"], account(running_portal, "dispatcher")["asset_number"]
    sign_in(page, running_portal, account(running_portal, "owner"))
    raised(page, url, place, "2140")
    number = re.search(r"\d+", page.get_by_role("heading", level=1).inner_text()).group(0)
    customer = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB").new_page()
    customer.goto(f"{url}/sandbox/phone")
    customer.get_by_label("Account").fill(f"{place} {number}")
    customer.get_by_label("Amount").fill("2140")
    customer.get_by_role("button", name="Send money").click()
    expect(page.locator("#standing")).to_contain_text("Paid", timeout=LOOKS_AGAIN)
