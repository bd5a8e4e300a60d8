"""A bill from the desk to a customer's phone and back: seen live at the desk, and paid without any script."""

import re

import pytest
from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def account(running_portal):
    """The front desk of the demo hotel."""
    return next(each for each in running_portal["accounts"] if each["role"] == "front_desk")


@pytest.fixture
def desk(page, running_portal, account):
    """Its browser, signed in, with the form for a new bill open."""
    url, place = running_portal["url"], account["asset_number"]
    page.goto(f"{url}/sign-in?next=/payments/{place}/bills/new")
    page.get_by_label("E-mail or phone number").fill(account["email"])
    page.get_by_label("Password", exact=True).fill(account["password"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Raise a bill")).to_be_visible()
    return page


def raised(desk, words, amount, kind="Sale"):
    """Raise a bill; answers the address its customer is given."""
    desk.get_by_label("Description").fill(words)
    desk.get_by_label("Amount").fill(amount)
    desk.get_by_text(kind, exact=False).first.click()
    desk.get_by_label("Customer's name").fill("Ada Obi")
    desk.get_by_label("E-mail").fill("ada.obi@example.com")
    desk.get_by_role("button", name="Raise the bill").click()
    expect(desk.get_by_role("heading", name=re.compile(r"Bill \d+"))).to_be_visible()
    return desk.get_by_role("link", name="As the customer sees it").get_attribute("href")


def test_the_desk_sees_a_phone_pay(desk, browser):
    link = raised(desk, "Ten plates of rice", "45000")
    phone = browser.new_context(viewport=PHONE, locale="en-GB").new_page()
    try:
        phone.goto(link)
        expect(phone.get_by_role("heading", name="Ten plates of rice")).to_be_visible()
        expect(phone.get_by_text("₦45,000.00")).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        expect(phone.get_by_label("E-mail")).to_have_value("ada.obi@example.com")
        phone.get_by_text("Sandbox").click()
        phone.get_by_role("button", name="Continue to payment").click()
        phone.get_by_role("button", name="Pay", exact=True).click()
        expect(phone.get_by_role("heading", name="Paid. Thank you.")).to_be_visible(timeout=20_000)
        expect(desk.locator("#standing").get_by_text("₦45,000.00 counted")).to_be_visible(timeout=20_000)
        expect(desk.get_by_text("Take the money")).to_have_count(0)
        phone.get_by_role("link", name="Receipt").click()
        expect(phone.get_by_text("Ten plates of rice")).to_be_visible()
        with phone.expect_download() as kept:
            keep = phone.get_by_role("link", name="Keep it as PDF")
            keep.evaluate("link => { link.download = ''; }")
            keep.click()
        assert kept.value.path().read_bytes().startswith(b"%PDF-")
    finally:
        phone.context.close()


def test_an_open_page_on_the_phone_hears_of_cash_at_the_desk(desk, browser):
    link = raised(desk, "Laundry", "3000", "Invoice")
    phone = browser.new_context(viewport=PHONE, locale="en-GB").new_page()
    try:
        phone.goto(link)
        desk.get_by_label("Amount to take").fill("1000")
        desk.get_by_label("Handed over").first.fill("2000")
        desk.get_by_role("button", name="Take cash").click()
        expect(desk.get_by_text("Hand back")).to_be_visible()
        expect(desk.get_by_role("status").get_by_text("₦1,000.00")).to_be_visible()
        expect(phone.get_by_text("₦2,000.00")).to_be_visible(timeout=15_000)
        expect(phone.get_by_text("What you paid")).to_be_visible()
    finally:
        phone.context.close()


def test_without_any_script_a_part_is_paid_and_the_rest_is_asked_for(desk, browser):
    link = raised(desk, "Wedding on the terrace", "200000", "Deposit")
    phone = browser.new_context(viewport=PHONE, locale="en-GB", java_script_enabled=False).new_page()
    try:
        phone.goto(link)
        phone.get_by_label("Amount to pay now").fill("50000")
        phone.get_by_text("Sandbox").click()
        phone.get_by_role("button", name="Continue to payment").click()
        phone.get_by_role("button", name="Pay", exact=True).click()
        expect(phone.get_by_role("heading", name="Paid. Thank you.")).to_be_visible(timeout=20_000)
        phone.get_by_role("link", name="Pay the rest").click()
        expect(phone.get_by_text("₦150,000.00")).to_be_visible()
    finally:
        phone.context.close()
