"""A label is scanned in the browser: this one has no reader of its own, so the one in wasm reads it."""

import io
import re

import segno
from playwright.sync_api import expect

from tests.browser.test_shell import enter


def test_a_picture_of_a_label_opens_the_room(page, running_portal):
    url = running_portal["url"]
    number = enter(page, running_portal, "manager")
    page.goto(f"{url}/units/{number}/")
    page.locator("table a").first.click()
    room = page.url
    label = re.search(r"label ([0-9A-Z]+)", page.locator(".page-head").inner_text()).group(1)

    page.goto(f"{url}/units/{number}/scan")
    picture = io.BytesIO()
    segno.make(f"{url}/u/{label}", error="m", micro=False).save(picture, kind="png", scale=6, border=4)
    page.set_input_files(
        "input[type=file]", {"name": "label.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    expect(page).to_have_url(room, timeout=30_000)


def test_what_is_no_label_is_said_so_and_typing_serves_as_well(page, running_portal):
    url = running_portal["url"]
    number = enter(page, running_portal, "manager")
    page.goto(f"{url}/units/{number}/scan")
    picture = page.screenshot()
    page.set_input_files("input[type=file]", {"name": "door.png", "mimeType": "image/png", "buffer": picture})
    expect(page.get_by_text("No label was found")).to_be_visible(timeout=30_000)
    page.get_by_label("Label", exact=True).fill("101")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page).to_have_url(re.compile(r"/room/101$"))
