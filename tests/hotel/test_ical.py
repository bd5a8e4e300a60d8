"""Calendars of other channels: read twice they change nothing, and nobody's nights are overwritten."""

import threading
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from portal.core.clock import clock_set_to
from portal.gateways import outward
from portal.trades.hotel import ical
from portal.trades.hotel.models import Reservation
from portal.trades.hotel.queries.channels import items_of, tray_of
from portal.trades.hotel.queries.inventory import room_at, room_type_at
from portal.trades.hotel.queries.stays import stays_of
from portal.trades.hotel.services import cancellations, channels, recount
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.payments.test_races import at_once

TENTH, ELEVENTH, TWELFTH, THIRTEENTH = (date(2026, 3, day) for day in (10, 11, 12, 13))


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


@pytest.fixture
def place(session):
    return hotel.hotel({"FLAT": ("Flat", 2, ["1"])})


def feed(place, **changes):
    flat = room_type_at(place.id, "FLAT").id
    return channels.add_feed(asset_id=place.id, room_type_id=flat, name="Airbnb", url=None, actor=ACTOR, **changes)


def said(*events):
    """A calendar of (uid, arrival, departure, summary)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Them//EN"]
    for uid, arrival, departure, summary in events:
        dates = f"DTSTART;VALUE=DATE:{arrival:%Y%m%d}", f"DTEND;VALUE=DATE:{departure:%Y%m%d}"
        lines += ["BEGIN:VEVENT", f"UID:{uid}", *dates, f"SUMMARY:{summary}", "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def take(made, *events):
    return channels.take(feed_id=made.id, content=said(*events), actor=ACTOR)


def counts(place, night):
    found = hotel.figures(place, night, "FLAT")
    return found["booked"], found["held"], found["free"]


def bookings(session, place):
    return session.query(Reservation).filter_by(asset_id=place.id).order_by(Reservation.id).all()


def test_read_twice_it_is_the_same(session, place):
    """Scenario 28: keyed by calendar and UID."""
    made, event = feed(place), ("a1", TENTH, TWELFTH, "Reserved")
    assert (take(made, event), take(made, event)) == (1, 0)
    [booked] = bookings(session, place)
    assert (booked.source, booked.channel_ref) == ("Airbnb", "a1")
    assert [counts(place, night) for night in (TENTH, ELEVENTH, TWELFTH)] == [(1, 0, 0), (1, 0, 0), (0, 0, 1)]
    assert recount.check(asset_id=place.id) == []


@pytest.mark.parametrize("uids", [("w", "w", "w"), ("w1", "w2", "w3")])
def test_a_window_that_rolls_on_each_day_is_one_block_that_moves(session, place, uids):
    """Scenario 28: whether or not the channel gives it another UID, it is one block and no booking."""
    made = feed(place)
    for day, uid in enumerate(uids):
        start = date(2026, 4, 1) + timedelta(days=day)
        take(made, (uid, start, start + timedelta(days=30), "Airbnb (Not available)"))
    assert [item.uid for item in items_of(made.id).values()] == [uids[-1]]
    assert bookings(session, place) == []
    held = [counts(place, date(2026, 4, 1) + timedelta(days=n))[1] for n in range(33)]
    assert held == [0, 0, *[1] * 30, 0]
    assert recount.check(asset_id=place.id) == []


def test_what_the_channel_cancels_is_cancelled_unless_the_guest_is_here(session, place):
    """Scenario 28."""
    made = feed(place)
    take(made, ("here", hotel.TODAY, TENTH, "Reserved"), ("later", TENTH, TWELFTH, "Reserved"))
    here, later = (each.id for each in bookings(session, place))
    [stay] = stays_of(here)
    stay.status, stay.room_id = "in_house", room_at(place.id, "1").unit_id
    session.commit()
    take(made)
    assert [stays_of(each)[0].status for each in (here, later)] == ["in_house", "cancelled"]
    [(exception, _feed)] = tray_of(place.id)
    assert (exception.state, "in the house" in exception.why) == ("exception", True)
    assert take(made) == 0
    channels.settle(asset_id=place.id, item_id=exception.id, verb="dismiss", actor=ACTOR)
    assert tray_of(place.id) == []


def test_an_overlap_waits_in_the_tray_and_overwrites_neither_side(session, place):
    """Scenario 28: the local stay stays, the channel's waits; once there is room it is taken by itself."""
    made, local = feed(place), hotel.book(place, ELEVENTH, TWELFTH, type="FLAT", plan=None)
    event = ("a1", TENTH, THIRTEENTH, "Reserved")
    take(made, event)
    [(conflict, _feed)] = tray_of(place.id)
    assert conflict.why == "Flat is full on 11 March."
    assert [counts(place, night)[0] for night in (TENTH, ELEVENTH, TWELFTH)] == [0, 1, 0]
    channels.settle(asset_id=place.id, item_id=conflict.id, verb="retry", actor=ACTOR)
    assert len(tray_of(place.id)) == 1
    cancellations.cancel(reservation_id=local.id, actor=ACTOR)
    assert take(made, event) == 1
    assert tray_of(place.id) == []
    assert [counts(place, night)[0] for night in (TENTH, ELEVENTH, TWELFTH)] == [1, 1, 1]


def test_an_overlap_may_be_taken_beyond_the_house_for_a_reason(session, place):
    made = feed(place)
    hotel.book(place, ELEVENTH, TWELFTH, type="FLAT", plan=None)
    take(made, ("a1", TENTH, THIRTEENTH, "Reserved"))
    [(conflict, _feed)] = tray_of(place.id)
    channels.settle(asset_id=place.id, item_id=conflict.id, verb="force", reason="Moved next door", actor=ACTOR)
    assert (counts(place, ELEVENTH), tray_of(place.id)) == ((2, 0, -1), [])


def test_a_block_over_a_local_stay_holds_the_nights_around_it(session, place):
    made = feed(place)
    hotel.book(place, ELEVENTH, TWELFTH, type="FLAT", plan=None)
    take(made, ("b", TENTH, THIRTEENTH, "CLOSED - Not available"))
    assert [counts(place, night) for night in (TENTH, ELEVENTH, TWELFTH)] == [(0, 1, 0), (1, 0, 0), (0, 1, 0)]
    [(conflict, _feed)] = tray_of(place.id)
    assert conflict.why == "Sold here on 2026-03-11."
    channels.remove_feed(asset_id=place.id, feed_id=made.id, actor=ACTOR)
    assert [counts(place, night)[1] for night in (TENTH, ELEVENTH, TWELFTH)] == [0, 0, 0]
    assert recount.check(asset_id=place.id) == []


def test_a_booking_changes_its_dates_and_comes_back_after_it_went(session, place):
    made = feed(place)
    take(made, ("a1", TENTH, TWELFTH, "Reserved"))
    take(made, ("a1", ELEVENTH, THIRTEENTH, "Reserved"))
    assert [counts(place, night)[0] for night in (TENTH, ELEVENTH, TWELFTH)] == [0, 1, 1]
    take(made)
    assert [counts(place, night)[0] for night in (TENTH, ELEVENTH, TWELFTH)] == [0, 0, 0]
    take(made, ("a1", ELEVENTH, THIRTEENTH, "Reserved"))
    assert (len(bookings(session, place)), counts(place, ELEVENTH)[0]) == (1, 1)
    take(made)
    take(made, ("a1", TENTH, ELEVENTH, "Reserved"))
    assert (len(bookings(session, place)), counts(place, TENTH)[0], counts(place, ELEVENTH)[0]) == (2, 1, 0)
    assert recount.check(asset_id=place.id) == []


def test_a_calendar_that_cannot_be_read_changes_nothing(session, place):
    made = feed(place)
    take(made, ("a1", TENTH, TWELFTH, "Reserved"))
    for content in (b"", b"<html>", said()[:-20], b"x" * (ical.MOST_BYTES + 1)):
        with pytest.raises(ical.NotACalendar):
            channels.take(feed_id=made.id, content=content, actor=ACTOR)
    broken = said(("a1", TENTH, TWELFTH, "Reserved")).replace(b"20260310", b"notadate")
    channels.take(feed_id=made.id, content=broken, actor=ACTOR)
    assert counts(place, TENTH) == (1, 0, 0)


def test_ours_says_when_it_is_full_names_nobody_and_does_not_echo(app, session, place):
    made, flat = feed(place), room_type_at(place.id, "FLAT")
    hotel.book(place, TENTH, TWELFTH, type="FLAT", plan=None, name="Ada Okafor")
    take(made, ("b", date(2026, 5, 1), date(2026, 5, 3), "Not available"))
    token = channels.new_address(asset_id=place.id, room_type_id=flat.id, actor=ACTOR).ical_token
    answer = app.test_client().get(f"/ical/{token}.ics")
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert b"Ada" not in answer.data
    [event] = ical.read(answer.data, "Europe/Berlin").events
    assert (event.arrival, event.departure, event.block) == (TENTH, TWELFTH, True)
    assert app.test_client().get("/ical/nobody-knows-it.ics").status_code == 404


def test_many_readers_at_once_book_once(app, committed):
    place = hotel.hotel({"FLAT": ("Flat", 2, ["1", "2"])})
    made = feed(place)
    event = ("a1", TENTH, TWELFTH, "Reserved")
    at_once(app, *[lambda: take(made, event)] * 6)
    assert (len(bookings(committed, place)), counts(place, TENTH)) == (1, (1, 0, 1))


def test_a_calendar_is_fetched_when_its_turn_has_come(session, place):
    asked = []

    class Channel(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = said(("a1", TENTH, TWELFTH, "Reserved"))
            self.send_response(200 if len(asked) != 2 else 500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Channel)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    outward.connect(private_allowed=True)
    try:
        flat = room_type_at(place.id, "FLAT").id
        url = f"http://127.0.0.1:{server.server_port}/flat.ics"
        made = channels.add_feed(asset_id=place.id, room_type_id=flat, name="Airbnb", url=url, actor=ACTOR)
        assert (channels.read_due(), channels.read_due()) == (1, 0)
        assert counts(place, TENTH) == (1, 0, 0)
        with clock_set_to(hotel.NOON + channels.EVERY):
            assert channels.read_due() == 0
        assert (made.error, counts(place, TENTH)) == ("it answered 500", (1, 0, 0))
        with clock_set_to(hotel.NOON + channels.EVERY * 2):
            assert channels.read_due() == 1
        assert (made.error, asked) == (None, ["/flat.ics"] * 3)
    finally:
        outward.connect(private_allowed=False)
        server.shutdown()
        server.server_close()
