"""The fleet desk in a real browser, with simulated trackers that drive: the map moves, both ways of choosing agree."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_shell import enter, grievances_by_day_and_night

PATIENCE = 60_000


@pytest.fixture
def desk(page, running_portal):
    """The address of the fleet desk, for a dispatcher who is signed in."""
    page.set_default_timeout(PATIENCE)
    return f"{running_portal['url']}/fleet/{enter(page, running_portal, 'dispatcher')}"


def test_a_vehicle_that_drives_moves_on_the_open_page(page, desk):
    page.goto(f"{desk}/")
    page.wait_for_selector("#fleet[data-ready]")
    page.evaluate("""() => {
        window.rows = [...document.querySelectorAll("#vehicle-list [data-number]")];
        window.places = window.rows.map((row) => row.cells[3].innerHTML);
        performance.clearMeasures("fleet.update");
    }""")
    page.wait_for_function(
        "() => window.rows.some((row, n) => row.cells[3].innerHTML !== window.places[n])",
        timeout=PATIENCE,
    )
    assert page.evaluate("performance.getEntriesByName('fleet.update').length") >= 1


def test_a_vehicle_is_chosen_with_the_keyboard_and_shown_beside_the_map(page, desk):
    page.goto(f"{desk}/")
    page.wait_for_selector("#fleet[data-ready]")
    page.keyboard.press("ArrowDown")
    row = page.locator("#vehicle-list tbody tr").first
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#panel").get_by_role("heading", level=2)).to_contain_text("Vehicle", timeout=PATIENCE)
    expect(row).to_have_attribute("aria-current", "true")
    assert "vehicle=" in page.url
    expect(page.locator("#panel #vehicle-now")).to_contain_text("Coordinates", timeout=PATIENCE)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_empty()


def test_the_chips_and_the_search_sift_the_list_at_once(page, desk):
    page.goto(f"{desk}/")
    page.wait_for_selector("#fleet[data-ready]")
    first = page.locator("#vehicle-list tbody tr").first.get_attribute("data-number")
    page.get_by_role("searchbox", name="Number, plate or driver").fill(first)
    expect(page.locator("#vehicle-list tbody tr:not([hidden])")).to_have_count(1)
    assert f"q={first}" in page.url
    page.locator("[data-state-chip=unknown]").click()
    expect(page.get_by_text("No vehicle fits these filters")).to_be_visible()


def test_a_day_is_played_back(page, desk):
    page.goto(f"{desk}/")
    number = page.locator("#vehicle-list tbody tr").first.get_attribute("data-number")
    page.goto(f"{desk}/vehicles/{number}")
    page.wait_for_selector("#replay[data-ready]")
    if page.locator("#replay-nothing").is_visible():
        page.get_by_role("link", name="The day before").click()
        page.wait_for_selector("#replay[data-ready]")
    slider = page.get_by_role("slider", name="Time of the day")
    slider.focus()
    page.keyboard.press("Home")
    at_first = page.locator("#replay-now").inner_text()
    page.keyboard.press("p")
    page.wait_for_function("(then) => document.getElementById('replay-now').textContent !== then", arg=at_first)
    page.keyboard.press("p")


def test_a_choice_half_made_outlives_what_others_do(page, desk):
    page.goto(f"{desk}/drivers/vehicles")
    box = page.locator("#rows select").first
    box.select_option(index=1)
    chosen = box.input_value()
    assert chosen
    box.evaluate("box => box.blur()")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('fleet.driver.changed'))")
    page.wait_for_timeout(1_500)
    assert page.locator("#rows select").first.input_value() == chosen
    page.locator("#rows select").first.select_option(index=0)
    with page.expect_response(lambda answer: answer.url.endswith("/drivers/vehicles")):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('fleet.driver.changed'))")


def test_the_open_map_hears_of_a_fence_at_once(page, desk):
    page.goto(f"{desk}/")
    page.wait_for_selector("#fleet[data-ready]")
    with page.expect_response(lambda answer: answer.url.endswith("/positions.json"), timeout=5_000) as heard:
        page.evaluate("""() => {
            document.body.dispatchEvent(new CustomEvent("fleet.vehicle.moved"));
            document.body.dispatchEvent(new CustomEvent("fleet.fence.changed"));
        }""")
    assert "fences" in heard.value.json()


def test_a_circle_is_drawn_with_the_mouse(page, desk):
    page.goto(f"{desk}/fences/new")
    page.wait_for_selector("#fence-editor[data-ready]")
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 30, steps=4)
    page.mouse.up()
    expect(page.get_by_label("Radius")).not_to_have_value("")
    expect(page.locator(".fence-handle")).to_have_count(2)
    page.get_by_label("Name").fill("Drawn by hand")
    page.get_by_role("button", name="Save the fence").click()
    expect(page.get_by_role("link", name="Drawn by hand")).to_be_visible(timeout=PATIENCE)


def test_a_polygon_is_drawn_undone_closed_and_moved_by_keyboard(page, desk):
    page.goto(f"{desk}/fences/new")
    page.wait_for_selector("#fence-editor[data-ready]")
    x, y = middle(page)
    page.get_by_label("Polygon").check()
    for across, down in ((-90, -60), (60, -80), (80, 60), (0, 0)):
        page.mouse.click(x + across, y + down)
        page.wait_for_timeout(350)  # two clicks within a moment are a double click
    page.get_by_role("button", name="Undo").click()
    page.mouse.click(x - 70, y + 70)
    page.get_by_role("button", name="Close", exact=True).click()
    corners = page.get_by_label("Corners")
    assert len(corners.input_value().splitlines()) == 4
    before = corners.input_value().splitlines()
    page.get_by_title("Corner 1").focus()
    page.keyboard.press("ArrowLeft")
    after = corners.input_value().splitlines()
    assert before[0] != after[0]
    assert before[1:] == after[1:]
    page.keyboard.press("Delete")
    assert len(corners.input_value().splitlines()) == 3


def middle(page) -> tuple[float, float]:
    box = page.locator("#map").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("path", ["/", "/trips", "/fences", "/fences/new"])
def test_a_screen_reader_has_nothing_to_complain_about(page, desk, path):
    page.goto(f"{desk}{path}")
    page.wait_for_timeout(1_000)
    assert not grievances_by_day_and_night(page)


def test_without_javascript_the_list_leads_to_coordinates(browser, running_portal, page):
    number = enter(page, running_portal, "dispatcher")
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    tab = plain.new_page()
    tab.goto(f"{running_portal['url']}/fleet/{number}/")
    expect(tab.locator("#vehicle-list a[href*='openstreetmap']").first).to_be_visible()
    tab.locator("#vehicle-list tbody tr a").first.click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Vehicle")
    plain.close()
