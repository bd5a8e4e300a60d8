"""Every screen can be worked without a mouse: Tab reaches whatever can be pressed, and one always sees where one is."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal.core.clock import utcnow
from portal.demo.places import HOTEL
from portal.shared.assets.queries import asset_of, unit_of
from portal.trades.hotel.queries.rooms_free import rooms_between
from tests.support.inside import inside

SCREENS = (
    "/home/{place}/",
    "/units/{place}/?q=10",
    "/units/{place}/room/101",
    "/units/{place}/room/101/terms",
    "/units/{place}/register",
    "/payments/{place}/?q=ada",
    "/payments/{place}/review",
    "/books/{place}/",
    "/books/{place}/journal?q=42000",
    "/books/{place}/entries/1",
    "/books/{place}/entries/new",
    "/books/{place}/months",
    "/payments/{place}/payouts",
    "/payments/{place}/payouts/new",
    "/payments/{place}/charges",
    "/admin/{place}/",
    "/admin/{place}/people",
    "/admin/{place}/roles",
    "/admin/{place}/audit",
    "/admin/{place}/dead-letters",
    "/admin/{place}/place",
    "/admin/jobs",
    "/admin/health",
    "/admin/mail",
    "/account",
    "/places/new",
    "/search?q=101",
)
MARK = """() => {
  const seen = e => e.checkVisibility({visibilityProperty: true}) && !e.closest('[inert]');
  const all = ['a[href]', 'button', 'input', 'select', 'textarea', 'summary'].map(tag => `main ${tag}`).join(',');
  const stops = e => seen(e) && !e.disabled && e.type !== 'hidden' && e.tabIndex >= 0;
  const wanted = [...document.querySelectorAll(all)].filter(stops);
  const groups = new Set();
  let count = 0;
  for (const e of wanted) {
    if (e.type === 'radio') { if (groups.has(e.name)) continue; groups.add(e.name); }
    e.dataset.stop = count++;
  }
  return count;
}"""
# Of a date the browser rings the part within it that has the focus: the day, the month, the calendar.
HERE = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  const beside = e.type === 'radio' ? e.nextElementSibling : e.parentElement;
  const around = getComputedStyle(beside || e);
  const shown = s => s.outlineStyle !== 'none' && s.outlineWidth !== '0px' || s.boxShadow !== 'none';
  const name = e.type === 'radio' ? document.querySelector(`[data-stop][name="${e.name}"]`) : e;
  return [name && name.dataset.stop !== undefined ? Number(name.dataset.stop) : null,
          e === document.body || e.type === 'date' || shown(style) || shown(around), e.outerHTML.slice(0, 120)];
}"""


def hold_still(page):
    """Parts that refresh themselves would be new things half way through a walk."""
    page.route(
        "**/*", lambda route: route.fulfill(status=204) if "hx-request" in route.request.headers else route.continue_()
    )


def walk(page):
    """Tab through a page; returns what was never reached."""
    wanted, reached = page.evaluate(MARK), set()
    for _step in range(wanted + 60):
        page.keyboard.press("Tab")
        stop, visible, element = page.evaluate(HERE)
        if not visible:  # a ring that fades in is not there in the very first moment
            page.wait_for_timeout(200)
            _stop, visible, element = page.evaluate(HERE)
        assert visible, f"one cannot see the focus on {element} at {page.url}"
        if stop is not None:
            reached.add(stop)
        if len(reached) == wanted:
            return []
    missing = sorted(set(range(wanted)) - reached)
    return page.evaluate(
        "n => n.map(s => document.querySelector(`[data-stop='${s}']`)?.outerHTML.slice(0, 120))", missing
    )


def test_tab_reaches_everything_and_shows_where_it_is(page, running_portal):
    url = running_portal["url"]
    person = running_portal["accounts"][0]
    place = next(each["asset_number"] for each in running_portal["assets"] if each["kind"] == "hotel")
    page.goto(f"{url}/sign-in")
    assert walk(page) == []
    page.locator("input[name=login]").focus()
    page.keyboard.type(person["email"])
    page.keyboard.press("Tab")
    page.keyboard.type(person["password"])
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("sign-in"))
    hold_still(page)
    left = {}
    for screen in SCREENS:
        page.goto(url + screen.format(place=place))
        if missing := walk(page):
            left[screen] = missing
    assert not left, left


@pytest.fixture
def free_door(worker, running_portal):
    """The label of a room that nobody has, nor will have in the next days."""
    with inside(worker):
        now = utcnow()
        rooms = [each for each in rooms_between(asset_of(HOTEL.id), now, now + timedelta(days=3)) if each.free]
        doors = [unit_of(each.room_id) for each in rooms]
        return next(each.label for each in doors if each.status in ("inactive", "expired"))


def test_a_guest_pays_with_the_keyboard_alone(page, running_portal, free_door):
    url, person = running_portal["url"], running_portal["accounts"][0]
    place = next(each["asset_number"] for each in running_portal["assets"] if each["kind"] == "hotel")
    page.goto(f"{url}/sign-in?next=/units/{place}/room/104")
    page.locator("input[name=login]").focus()
    page.keyboard.type(person["email"])
    page.keyboard.press("Tab")
    page.keyboard.type(person["password"])
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("label [0-9A-Z]{7,}")).first.wait_for()
    page.goto(f"{url}/u/{free_door}")
    assert walk(page) == []
    page.locator("input[name=email]").focus()
    page.keyboard.type("guest@mail.example")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sandbox payments")).to_be_visible()
    page.get_by_role("button", name="The card is declined").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/pay/"))
    assert walk(page) == []
