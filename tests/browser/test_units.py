"""The units desk in a real browser, with simulated locks that answer: told here, said there, seen without a reload."""

from playwright.sync_api import expect

from tests.browser.test_shell import enter, grievances_by_day_and_night


def test_a_manager_locks_a_let_room_from_the_board_and_sees_it_done(page, running_portal):
    number = enter(page, running_portal, "manager")
    page.goto(f"{running_portal['url']}/units/{number}/?status=active")
    row = page.get_by_role("row").filter(has_text="In use").first
    row.get_by_role("link", name="Control").click()
    panel = page.locator("#panel")
    expect(panel.get_by_role("heading", level=2)).to_be_visible()
    panel.get_by_role("button", name="Lock", exact=True).click()
    expect(page.get_by_text("“Lock” is on its way")).to_be_visible()
    door = panel.get_by_role("row").filter(has_text="Door")
    expect(door).to_contain_text("Done", timeout=15_000)
    expect(door).to_contain_text("Locked")
    panel.get_by_role("button", name="Unlock", exact=True).click()
    expect(door).to_contain_text("Unlocked", timeout=15_000)


def test_a_room_is_registered_let_without_payment_and_ended(page, running_portal):
    number = enter(page, running_portal, "owner")
    page.goto(f"{running_portal['url']}/units/{number}/register")
    page.get_by_label("Room number").fill("909")
    page.get_by_label("Price of one period").fill("12,50")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_text("Write the price of one period as")).to_be_visible()
    expect(page.get_by_label("Price of one period")).to_be_focused()
    page.get_by_label("Price of one period").fill("12500")
    page.get_by_role("button", name="Register", exact=True).click()
    page.wait_for_url("**/room/909")
    form = page.locator("#controls").locator("form").filter(has=page.get_by_label("Minutes"))
    form.get_by_label("Minutes").fill("90")
    form.get_by_label("Reason").fill("Guest of the house")
    form.get_by_role("button").click()
    expect(page.locator("#state")).to_contain_text("In use")
    page.get_by_role("button", name="End…").click()
    ending = page.get_by_role("dialog", name="End the access")
    ending.get_by_label("Reason").fill("Left early")
    ending.get_by_role("button", name="End access").click()
    expect(page.locator("#state")).to_contain_text("Free")


def test_a_refused_form_is_ready_in_the_moment_it_shows_and_takes_no_key_meant_for_another_field(page, running_portal):
    """What is typed right after a refusal goes where it was aimed at: the focus is not moved once more later."""
    number = enter(page, running_portal, "owner")
    page.goto(f"{running_portal['url']}/units/{number}/register")
    page.evaluate("""() => {
        window.focused = [];
        new MutationObserver((_changes, me) => {
            if (!document.querySelector("[aria-invalid=true]")) return;
            me.disconnect();
            window.focused.push(document.activeElement.name);
            document.addEventListener("focusin", (event) => window.focused.push(event.target.name));
        }).observe(document.querySelector("main"), { childList: true, subtree: true });
    }""")
    page.get_by_label("Room number").fill("910")
    page.get_by_label("Price of one period").fill("12,50")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_label("Price of one period")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("1")
    expect(page.get_by_label("Price of one period")).to_have_value("12,501")
    page.wait_for_timeout(200)
    assert page.evaluate("window.focused") == ["price"]


def test_nothing_serious_stands_in_the_way_of_a_screen_reader(page, running_portal):
    number = enter(page, running_portal, "owner")
    paths = (
        f"/home/{number}/", f"/units/{number}/", f"/units/{number}/room/105", f"/units/{number}/room/105/terms",
        f"/units/{number}/register", f"/units/{number}/labels", f"/admin/{number}/place", f"/admin/{number}/audit",
        "/admin/jobs", "/admin/health", "/places/new", "/account", f"/payments/{number}/", f"/payments/{number}/review",
        f"/books/{number}/", f"/books/{number}/journal", f"/books/{number}/accounts/1", f"/books/{number}/entries/1",
        f"/books/{number}/entries/new", f"/books/{number}/months", f"/books/{number}/chart", f"/books/{number}/credit",
        f"/admin/{number}/", f"/admin/{number}/people", f"/admin/{number}/roles", f"/admin/{number}/dead-letters",
    )  # fmt: skip
    found, said = {}, []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    for path in paths:
        page.goto(running_portal["url"] + path)
        found |= {path: wrong} if (wrong := grievances_by_day_and_night(page)) else {}
    assert found == {}
    assert said == [], "such as something inline that the content policy keeps out"
