"""The receptionist's day without a mouse: in, in from the street, another room, a night longer, out, and all back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.core.actor import system
from portal.core.db import db
from portal.demo.places import HOTEL
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.models import GuestProfile, Reservation, Room, Stay
from portal.trades.hotel.queries.inventory import room_at, room_type_at
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.quotes import plan_at
from portal.trades.hotel.queries.stays import stays_of
from portal.trades.hotel.services import assigning, folios, reservations, stays
from portal.trades.hotel.services.guests import Guest
from tests.browser.test_shell import grievances_by_day_and_night
from tests.browser.test_story import account, sign_in
from tests.support.inside import inside

ACTOR = system("tests")
_names = count(1)


@dataclass
class Made:
    """A stay the test made for itself: how its page and its bar are called."""

    name: str
    key: str
    stay: Any
    start: str


class Desk:
    """What a test may do behind the scenes, in an app of its own on the running portal's database."""

    def guest(self, *, ahead: int = 0, nights: int = 2, room: str | None = None, inside: bool = False) -> Made:
        """Somebody with a room of their own from so many days ahead on, ready to be checked in."""
        place = asset_of(HOTEL.id)
        name = f"Quill{next(_names)}{time.time_ns() % 100_000} Zed"
        arrival = business_date(place) + timedelta(days=ahead)
        made = reservations.book(
            asset_id=place.id, room_type_id=room_type_at(place.id, "DBL").id, plan=plan_at(place.id, "BAR"),
            arrival=arrival, departure=arrival + timedelta(days=nights), guest=Guest(name=name), adults=1, actor=ACTOR,
        )  # fmt: skip
        (stay,) = stays_of(made.id)
        given = room_at(place.id, room).unit_id if room else None
        assigning.assign(asset_id=place.id, stay_id=stay.id, room_id=given, actor=ACTOR)
        stay = db.session.get(Stay, stay.id, populate_existing=True)
        db.session.get(Room, stay.room_id).status = "inspected"
        card = {"nationality": "NG", "document_kind": "passport", "document_number": "A1"}
        db.session.merge(GuestProfile(customer_id=stay.guest_id, **card))
        db.session.commit()
        if inside:
            stays.check_in(asset_id=place.id, stay_id=stay.id, actor=ACTOR)
        number = db.session.get(Reservation, made.id).number
        return Made(name, number, stay.id, str(arrival))

    def now(self, made: Made) -> Stay:
        """The stay as it stands."""
        db.session.rollback()
        return db.session.get(Stay, made.stay, populate_existing=True)


@pytest.fixture
def desk(running_portal: dict[str, Any], worker: str) -> Iterator[Desk]:
    with inside(worker):
        yield Desk()


@pytest.fixture
def here(page: Any, running_portal: dict[str, Any]) -> str:
    """The receptionist signed in; where the front desk is."""
    who = account(running_portal, "front_desk")
    sign_in(page, running_portal, who)
    return f"{running_portal['url']}/frontdesk/{who['asset_number']}/"


def chosen(page, address):
    """The board with one guest on it, chosen with an arrow."""
    page.goto(address)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".day-list tr[aria-selected=true]")).to_have_count(1)


def bar(page, made):
    return page.locator(f"#tape .b[value='{made.key}']")


def at_the_bar(page, here, made):
    """The chart, walked to the guest's bar: Tab reaches the grid, and the bar can be asked for."""
    page.goto(f"{here}chart?start={made.start}")
    page.locator("#tape [tabindex='0']").focus()
    bar(page, made).focus()
    expect(bar(page, made)).to_be_focused()


def test_a_prepared_guest_is_checked_in_and_back_by_two_keys(page, here, desk):
    made = desk.guest()
    chosen(page, f"{here}?q={made.name.split()[0]}&only=arrivals")
    page.keyboard.press("i")
    expect(page.get_by_text(f"Checked in {made.name}")).to_be_visible()
    assert desk.now(made).status == "in_house"
    page.keyboard.press("u")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert desk.now(made).status == "confirmed"


def test_a_walk_in_is_in_the_room_well_within_a_minute(page, here, desk):
    begun = time.monotonic()
    page.goto(here)
    page.keyboard.press("w")
    expect(page.get_by_role("heading", name="Walk-in")).to_be_visible()
    expect(page.get_by_label("Guest", exact=True)).to_be_focused()
    page.keyboard.type("Street Walker")
    for typed in ("0803 555 0199", "1", "1"):
        page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type(typed)
    for _past_the_rooms in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_label("Document number")).to_be_focused()
    page.keyboard.type("A01234567")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Street Walker is in .* and has paid"))).to_be_visible()
    assert time.monotonic() - begun < 45


def test_a_bar_is_moved_made_longer_and_put_back_by_keys(page, here, desk):
    made = desk.guest(ahead=80)
    old = desk.now(made).room_id
    at_the_bar(page, here, made)
    page.keyboard.press("m")
    expect(page.locator("#tape .tr.yes").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Moved {made.name}.")).to_be_visible()
    assert desk.now(made).room_id != old

    at_the_bar(page, here, made)
    page.keyboard.press("]")
    expect(page.get_by_role("button", name="Change the dates")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Dates changed.")).to_be_visible()
    assert desk.now(made).nights == 3

    for _step in range(2):
        at_the_bar(page, here, made)
        page.keyboard.press("u")
        expect(page.get_by_text("Taken back.")).to_be_visible()
    assert (desk.now(made).nights, desk.now(made).room_id) == (2, old)


def test_a_guest_who_owes_pays_and_leaves_in_two_steps_and_is_back_by_a_key(page, here, desk):
    made = desk.guest(nights=2, inside=True)
    folios.post_charge(stay_id=made.stay, code="minibar", words="Minibar", amount=450_000, actor=ACTOR)
    chosen(page, f"{here}?q={made.name.split()[0]}&only=in_house")
    page.keyboard.press("Enter")
    pay = page.locator("#panel").get_by_role("button", name="Take it and check out")
    expect(page.locator("#panel").get_by_label("Amount")).to_have_value("4500.00")
    pay.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(f"{made.name} has paid ₦4,500.00 and left"))).to_be_visible()
    assert desk.now(made).status == "checked_out"
    page.keyboard.press("u")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert desk.now(made).status == "in_house"


def test_two_clerks_drag_one_bar_and_the_second_is_told_who_was_quicker(browser, page, here, desk, running_portal):
    made = desk.guest(ahead=84)
    other = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
    sign_in(other, running_portal, account(running_portal, "manager"))
    for window in (page, other):
        window.goto(f"{here}chart?start={made.start}")
        drag_down(window, made)
        expect(window.get_by_role("button", name="Move")).to_be_visible()
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_text(f"Moved {made.name}.")).to_be_visible()
    other.get_by_role("button", name="Move").click()
    expect(other.locator("#step").get_by_text(re.compile(r"Funke Adeyemi moved this to \d+"))).to_be_visible()
    other.context.close()


def test_what_one_clerk_does_is_on_the_others_chart_and_board_within_two_seconds(
    browser, page, here, desk, running_portal
):
    made = desk.guest()
    other = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
    sign_in(other, running_portal, account(running_portal, "manager"))
    other.goto(f"{here}chart")
    expect(other.locator(".live")).to_have_attribute("data-state", "connected")
    chosen(page, f"{here}?q={made.name.split()[0]}&only=arrivals")
    expect(page.locator(".live")).to_have_attribute("data-state", "connected")
    page.keyboard.press("i")
    expect(page.get_by_text(f"Checked in {made.name}")).to_be_visible()
    expect(bar(other, made)).to_have_class(re.compile(r"\bin\b"), timeout=2_000)
    bar(other, made).focus()
    other.keyboard.press("u")
    expect(other.get_by_text("Taken back.")).to_be_visible()
    expect(page.locator(".day-list").get_by_role("button", name="Check in")).to_be_visible(timeout=2_000)
    other.context.close()


def test_the_desks_pages_speak_to_everybody_and_fit_by_day_and_by_night(page, here, desk):
    made = desk.guest()
    for path in ("", "chart", "book", "walk-in", f"stays/{made.key}", f"stays/{made.key}/amend"):
        page.goto(here + path)
        assert grievances_by_day_and_night(page) == [], path
        for width in (1366, 1920, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)


def drag_down(window, made):
    """The mouse takes the bar two free rooms down."""
    moving = bar(window, made)
    moving.scroll_into_view_if_needed()
    row = moving.locator("xpath=ancestor::div[contains(concat(' ', @class, ' '), ' tr ')]")
    box, step = moving.bounding_box(), row.bounding_box()["height"]
    window.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    window.mouse.down()
    for turn in range(1, 5):
        window.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + step * turn / 2)
    window.mouse.up()
