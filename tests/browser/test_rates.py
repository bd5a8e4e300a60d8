"""The rate grid worked like a sheet, by keyboard alone, and many prices looked at before they are changed."""

import re

from playwright.sync_api import expect

from tests.browser.test_shell import enter, grievances_by_day_and_night


def test_a_plan_is_made_and_its_prices_are_typed_without_a_mouse(page, running_portal):
    number = enter(page, running_portal, "manager")
    base = f"{running_portal['url']}/frontdesk/{number}/rates"
    page.goto(f"{base}/plans/new")
    page.get_by_label("Code", exact=True).fill("sheet")
    page.get_by_label("Name", exact=True).fill("Sheet")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rates/prices?plan=SHEET")
    page.get_by_label("Figure").fill("100")
    expect(page.locator("#preview")).to_contain_text("would change")
    page.locator("#preview").get_by_role("button", name=re.compile("^Change")).click()
    expect(page.get_by_text(re.compile("nights are changed"))).to_be_visible()
    prices = page.locator(".sheet tr:not(.sheet-limits) input")
    first = prices.nth(0)
    expect(first).to_have_value("100.00")
    first.focus()
    page.keyboard.type("120")
    page.keyboard.press(">")
    page.keyboard.press(">")
    expect(prices.nth(2)).to_be_focused()
    expect(prices.nth(2)).to_have_value("120")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("cta min2")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(prices.nth(3)).to_be_focused()
    page.keyboard.type("999")
    page.keyboard.press("Escape")
    expect(prices.nth(3)).to_have_value("100.00")
    save = page.get_by_role("button", name="Save (4)")
    save.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 cells are changed.")).to_be_visible()
    expect(prices.nth(1)).to_have_value("120.00")
    expect(page.locator(".sheet-limits input").nth(2)).to_have_value("cta min2")
    page.locator(".toast-note").get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("Taken back: the cells are as they were.")).to_be_visible()
    page.goto(f"{base}?plan=SHEET")
    expect(prices.nth(0)).to_have_value("100.00")
    page.goto(f"{base}/plans")  # others sell in this hotel too
    page.get_by_role("row").filter(has_text="SHEET").get_by_role("button", name="Retire").click()
    expect(page.get_by_text("SHEET is sold no more")).to_be_visible()


def test_a_cell_nobody_can_mean_is_marked_and_what_was_typed_stays(page, running_portal):
    number = enter(page, running_portal, "manager")
    page.goto(f"{running_portal['url']}/frontdesk/{number}/rates?plan=-")
    limits = page.locator(".sheet-limits input")
    limits.nth(1).fill("often")
    limits.nth(2).fill("min3")
    page.get_by_role("button", name="Save (2)").click()
    expect(page.get_by_role("alert")).to_contain_text("“often” is no restriction")
    expect(limits.nth(1)).to_have_attribute("aria-invalid", "true")
    expect(limits.nth(2)).to_have_value("min3")


def test_a_screen_reader_reads_the_grid_and_its_forms(page, running_portal):
    number = enter(page, running_portal, "manager")
    for path in ("", "/prices", "/limits", "/plans", "/plans/new", "/policies", "/taxes/new", "/promotions/new"):
        page.goto(f"{running_portal['url']}/frontdesk/{number}/rates{path}")
        assert grievances_by_day_and_night(page) == [], path
