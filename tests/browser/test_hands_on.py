"""What hands do without thinking: e edits, Undo takes back, ? tells the keys of this page, a panel keeps its place."""

from playwright.sync_api import expect

from tests.browser.test_shell import enter


def fetched_again(page, block, news):
    """The news comes, and the block that listens to it has taken itself anew."""
    before = block.element_handle()
    page.evaluate("news => document.body.dispatchEvent(new CustomEvent(news))", news)
    page.wait_for_function("block => !block.isConnected", arg=before)


def test_a_price_changed_by_keyboard_is_taken_back(page, running_portal):
    number = enter(page, running_portal, "manager")
    page.goto(f"{running_portal['url']}/units/{number}/?q=106")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Register a room")
    expect(keys).to_contain_text("Change the row")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    fetched_again(page, page.locator("#board"), "access.unit.activated")
    page.keyboard.press("e")
    page.wait_for_url("**/room/106/terms")
    price = page.get_by_label("Price of one period")
    before = price.input_value()
    price.fill("43210")
    page.keyboard.press("Enter")
    page.wait_for_url("**/room/106")
    expect(page.locator("#state")).to_contain_text("₦43,210")
    with page.expect_navigation():  # the news alone would change the figure before the page has gone
        page.get_by_role("button", name="Undo").click()
    expect(page.locator("#state")).not_to_contain_text("₦43,210")
    page.keyboard.press("e")
    page.wait_for_url("**/room/106/terms")
    expect(price).to_have_value(before)


def test_the_panel_keeps_its_place_while_it_is_fetched(page, running_portal):
    number = enter(page, running_portal, "manager")
    page.goto(f"{running_portal['url']}/units/{number}/?q=106")
    held = []
    page.route("**/panel", lambda route: held.append(route))
    page.get_by_role("link", name="Control").click()
    expect(page.locator("#panel").get_by_role("status", name="Loading")).to_be_visible()
    width = page.locator("#panel").bounding_box()["width"]
    held[0].continue_()
    expect(page.locator("#panel").get_by_role("heading", name="Room 106")).to_be_visible()
    assert page.locator("#panel").bounding_box()["width"] == width


def test_a_list_is_printed_as_a_list_with_its_place_and_day(page, running_portal):
    number = enter(page, running_portal, "manager")
    page.set_viewport_size({"width": 700, "height": 1000})  # paper is about as wide
    page.goto(f"{running_portal['url']}/payments/{number}/")
    page.emulate_media(media="print")
    expect(page.get_by_text(f"{number} · printed")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Amount")).to_be_visible()
    expect(page.locator(".rail")).to_be_hidden()
    assert page.locator("table.list tbody tr").first.evaluate("row => getComputedStyle(row).display") == "table-row"


def test_what_was_agreed_to_is_sent_though_its_block_was_fetched_again(page, running_portal):
    number = enter(page, running_portal, "manager")
    page.goto(f"{running_portal['url']}/payments/{number}/refunds")
    page.locator("tr", has_text="Needs approval").locator("a").first.click()
    page.locator("#refunds").get_by_role("button", name="Approve").click()
    asks = page.get_by_role("dialog").get_by_role("button", name="Approve")
    expect(asks).to_be_visible()
    fetched_again(page, page.locator("#refunds form").first, "payments.refund.moved")
    asks.click()
    expect(page.get_by_text("Approved. The money is on its way.")).to_be_visible()


def test_what_is_being_typed_is_not_swept_away_by_news(page, running_portal):
    number = enter(page, running_portal, "manager")
    page.goto(f"{running_portal['url']}/payments/{number}/review")
    page.get_by_role("link", name="Look and decide").first.click()
    reason = page.locator("#life input[type=text], #life textarea").first
    reason.fill("The guest was told")
    box = reason.element_handle()
    page.evaluate("document.body.dispatchEvent(new CustomEvent('payments.payment.settled'))")
    page.wait_for_timeout(600)
    assert box.evaluate("box => box.isConnected && box.value") == "The guest was told"
