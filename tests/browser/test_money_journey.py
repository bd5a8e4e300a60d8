"""Money's whole way in the browser: in by each provider and by hand, part of it back, part of it out, and the books."""

import re
import uuid
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from portal.demo.places import FLEET, HOTEL

#: The clockwork, the pretended provider's steps and the messages between them take a few seconds each.
SOON = 30_000
#: Who is signed in, each in a browser of their own.
PEOPLE = ("front_desk", "manager", "owner")


@pytest.fixture
def people(browser, page, running_portal):
    """The front desk, a manager and the owner, and a customer who is nobody's: each with a window."""
    contexts, windows = [], {"customer": page}
    accounts = {each["role"]: each for each in running_portal["accounts"]}
    for role in PEOPLE:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB"))
        windows[role] = contexts[-1].new_page()
        windows[role].set_default_timeout(15_000)
        windows[role].goto(f"{running_portal['url']}/sign-in")
        windows[role].get_by_label("E-mail or phone number").fill(accounts[role]["email"])
        windows[role].get_by_label("Password", exact=True).fill(accounts[role]["password"])
        windows[role].keyboard.press("Enter")
        expect(windows[role]).to_have_url(re.compile("/home/"))
    yield SimpleNamespace(**windows)
    for context in contexts:
        context.close()


def test_money_comes_in_by_every_provider_goes_back_goes_out_and_the_books_balance(people, running_portal):
    url, hotel, fleet = running_portal["url"], HOTEL.asset_number, FLEET.asset_number

    dinner = raised(people.front_desk, url, hotel, "Dinner for twelve", "90000.00", email="ada@example.com")
    by_hand(people.front_desk)
    paid_at_a_checkout(people.customer, url + dinner, "Flutterwave", "₦60,000.00")
    expect(people.customer.get_by_role("heading", name="Paid. Thank you.")).to_be_visible(timeout=SOON)

    hall = raised(people.front_desk, url, hotel, "Wedding hall", "250000.00", email="ada@example.com")
    paid_at_a_checkout(people.customer, url + hall, "Sandbox", "₦250,000.00")
    expect(people.customer.get_by_role("heading", name="Paid. Thank you.")).to_be_visible(timeout=SOON)

    raised(people.manager, url, fleet, "Two days with a driver", "1250", email="wanja@example.com")
    paid_on_the_phone(people.manager, people.customer, url)

    of_the_hall = payment_of(people.manager, f"{url}/payments/{hotel}/?q=ada@example.com", "250,000.00")
    part_goes_back(people.manager, people.owner, of_the_hall, "40000.00")
    money_goes_out(people.manager, people.owner, people.customer, url, hotel, "75000.00")

    for place in (hotel, fleet):
        the_books_balance(people.owner, f"{url}/books/{place}/")
    from_the_journal_to_the_payment_and_back(people.owner, url, hotel, of_the_hall)


def raised(desk, url, place, what, amount, *, email):
    """A bill, raised at a desk; the address its customer is given."""
    desk.goto(f"{url}/payments/{place}/bills/new")
    desk.get_by_label("Description").fill(what)
    desk.get_by_label("Amount").fill(amount)
    desk.get_by_label("Customer's name").fill("Ada Obi")
    desk.get_by_label("E-mail").fill(email)
    desk.get_by_role("button", name="Raise the bill").click()
    expect(desk.get_by_role("heading", name=re.compile(r"Bill \d+"))).to_be_visible()
    link = desk.get_by_role("link", name="As the customer sees it").get_attribute("href")
    return re.search("/pay/b/.*", link).group()


def by_hand(desk):
    """Notes on the counter with their change, then the card machine's slip."""
    bill = desk.url
    desk.get_by_label("Amount to take").fill("20000")
    desk.get_by_label("Handed over").fill("21000")
    desk.get_by_role("button", name="Take cash").click()
    expect(desk.get_by_text("Hand back")).to_be_visible()
    expect(desk.get_by_text("₦1,000.00")).to_be_visible()
    desk.goto(bill)
    desk.locator("summary", has_text="Card machine").click()
    desk.get_by_label("Amount on the slip").fill("10000")
    desk.get_by_label("Slip number").fill(f"SLIP-{uuid.uuid4().hex[:6].upper()}")
    desk.get_by_role("button", name="Record the card payment").click()
    expect(desk.get_by_role("heading", name="₦10,000.00 taken")).to_be_visible()
    desk.goto(bill)
    expect(desk.get_by_text("₦60,000.00").first).to_be_visible()


def paid_at_a_checkout(customer, link, provider, due):
    """The customer follows the link of a bill to a provider's checkout, pays there, and comes back to it."""
    customer.goto(link)
    expect(customer.get_by_text(due).first).to_be_visible()
    customer.get_by_text(provider, exact=True).click()
    customer.get_by_label("E-mail").fill("ada@example.com")
    customer.get_by_role("button", name="Continue to payment").click()
    expect(customer.get_by_text("Sandbox payments")).to_be_visible()
    expect(customer.get_by_role("heading", name=due)).to_be_visible()
    customer.get_by_role("button", name="Pay", exact=True).click()
    expect(customer).to_have_url(re.compile("/pay/[0-9A-Z]"))
    customer.goto(link)


def paid_on_the_phone(desk, phone, url):
    """A phone is asked from the bill; the desk watches until the phone has paid, and does nothing meanwhile."""
    desk.locator("summary", has_text="M-Pesa, asked on the phone").click()
    asking = desk.locator("details", has=desk.get_by_role("button", name="Ask the phone"))
    asking.get_by_label("Phone").fill("0798 417 417")
    asking.get_by_role("button", name="Ask the phone").click()
    expect(desk.get_by_role("heading", name="Waiting for the PIN…")).to_be_visible()
    phone.goto(f"{url}/sandbox/phone")
    phone.locator("form", has_text="+254798417417").get_by_role("button", name="Pay", exact=True).click()
    expect(desk.get_by_role("heading", name=re.compile("^Paid, receipt "))).to_be_visible(timeout=SOON)
    desk.get_by_role("link", name="Back to the bill").click()
    expect(desk.locator("#standing").get_by_text("Paid", exact=True).first).to_be_visible()


def payment_of(desk, listed, amount):
    """The address of a payment's page, found in the list."""
    desk.goto(listed)
    row = desk.get_by_role("row").filter(has_text=amount).first
    row.get_by_role("link").first.click()
    desk.locator("#panel").get_by_role("link", name="Open as a page").click()
    expect(desk.get_by_role("heading", name="What happened")).to_be_visible()
    return desk.url


def part_goes_back(asks, approves, payment, amount):
    """One person asks for a part of a payment back, another approves, and the provider brings it to the payer."""
    asks.goto(payment)
    asks.get_by_label("Amount").fill(amount)
    asks.locator("#give-back").get_by_label("Why").fill("The band did not come")
    asks.get_by_role("button", name="Give it back").click()
    expect(asks.locator("#refunds").get_by_text("Needs approval")).to_be_visible()
    expect(asks.get_by_role("button", name="Approve")).to_have_count(0)
    approves.goto(payment)
    approves.get_by_role("button", name="Approve").click()
    approves.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(asks.locator("#refunds").get_by_text("Refunded", exact=True)).to_be_visible(timeout=SOON)
    expect(asks.get_by_text("Part refunded").first).to_be_visible()


def money_goes_out(drafts, approves, phone, url, place, amount):
    """One person drafts a payout, another approves it and enters the password the provider sent; it arrives."""
    drafts.goto(f"{url}/payments/{place}/payouts/new")
    drafts.get_by_label("Bank", exact=True).select_option("058")
    drafts.get_by_label("Account number").fill("0123456789")
    drafts.get_by_label("Amount").fill(amount)
    drafts.get_by_text("Costs: wages, goods, services").click()
    drafts.get_by_label("Description").fill("Diesel for the generator")
    drafts.get_by_role("button", name="Look up the account").click()
    expect(drafts.get_by_text("This account belongs to BOLA ADEYEMI.")).to_be_visible()
    drafts.get_by_role("button", name="Draft the payout").click()
    expect(drafts.get_by_text("You drafted this payout, so somebody else must approve it.")).to_be_visible()
    reference = re.search("/payouts/([^/?]+)", drafts.url).group(1)
    approves.goto(drafts.url)
    approves.get_by_role("button", name="Approve and send").click()
    approves.get_by_role("dialog").get_by_role("button", name="Approve and send").click()
    expect(approves.get_by_label("One-time password")).to_be_visible(timeout=SOON)
    phone.goto(f"{url}/sandbox/transfers")
    password = phone.locator("li", has_text=reference).locator(".otp").inner_text()
    approves.get_by_label("One-time password").fill(password)
    approves.get_by_role("button", name="Confirm").click()
    expect(approves.locator("#standing").get_by_text("Arrived", exact=True)).to_be_visible(timeout=SOON)
    expect(drafts.locator("#standing").get_by_text("Arrived", exact=True)).to_be_visible(timeout=SOON)


def the_books_balance(reader, books):
    """Debits are credits, to the last minor unit, and the page says so."""
    reader.goto(books)
    expect(reader.get_by_text("their difference is zero")).to_be_visible()
    foot = reader.get_by_label("Trial balance").locator("tfoot")
    sums = foot.locator("tr").first.locator("td").all_inner_texts()
    assert sums[2] == sums[3]
    assert sums[4] == sums[5]
    assert re.fullmatch(r"\D*0\.00", sums[1])
    assert re.search("[1-9]", sums[4])
    expect(foot.locator(".difference")).to_have_text(re.compile(r"Difference\s*\D*0\.00\s*$"))


def from_the_journal_to_the_payment_and_back(reader, url, place, payment):
    """A figure leads to the fact behind it, and the fact to where it stands in the books."""
    reference = payment.rpartition("/")[2].partition("?")[0]
    reader.goto(f"{url}/books/{place}/journal")
    reader.get_by_label("Find").fill(reference)
    reader.get_by_role("button", name="Show").click()
    for fact in ("Payment received", "Refund"):
        expect(reader.get_by_role("table", name="Journal").get_by_role("link", name=fact).first).to_be_visible()
    reader.get_by_role("table", name="Journal").get_by_role("link", name="Payment received").click()
    entry = reader.url
    lines = reader.get_by_role("table", name="Lines of the entry")
    expect(lines.get_by_text("₦250,000.00").first).to_be_visible()
    reader.get_by_role("link", name=reference).click()
    expect(reader).to_have_url(re.compile(re.escape(reference)))
    reader.get_by_role("table", name="In the books").get_by_role("link", name="Payment received").click()
    expect(reader).to_have_url(entry)
