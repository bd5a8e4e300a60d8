"""Other systems hear of bookings after they are true: signed, in order, again until they answer, and never inside."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from portal.core import outbox
from portal.core.clock import clock_set_to, utcnow
from portal.gateways import outward, streams
from portal.gateways.outward import AddressRefused
from portal.shared.notifications.services import webhooks
from portal.shared.notifications.webhook_queries import last_calls
from portal.trades.hotel.events import PROMISED, ReservationCreated
from portal.trades.hotel.services import cancellations
from tests.core.test_cache import redis_at  # noqa: F401
from tests.factories import hotel
from tests.factories.assets import ACTOR


@pytest.fixture
def receiver():
    """A real HTTP server that keeps what it was told and answers with the next of `answers`, else 204."""
    told, answers = [], []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 204)
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    outward.connect(private_allowed=True)
    yield f"http://127.0.0.1:{server.server_port}/hook", told, answers
    outward.connect(private_allowed=False)
    server.shutdown()
    server.server_close()


@pytest.fixture
def place(committed):
    with clock_set_to(hotel.NOON):
        yield hotel.ber()


def after_commit():
    """What the clockwork does: relay, hand over, send until nothing is due."""
    while outbox.relay():
        pass
    while outbox.deliver_due():
        pass
    while webhooks.send_due():
        pass


def add(place, url, topics=PROMISED):
    return webhooks.add(asset_id=place.id, url=url, topics=topics, actor=ACTOR)


def test_a_booking_and_its_cancellation_are_told_in_order_and_signed(place, receiver):
    url, told, _answers = receiver
    _webhook, secret = add(place, url)
    booked = hotel.book(place)
    cancellations.cancel(reservation_id=booked.id, actor=ACTOR)
    assert told == []
    after_commit()
    topics = [headers["Portal-Topic"] for headers, _body in told]
    assert topics.index("pms.reservation.created") < topics.index("pms.reservation.cancelled")
    assert topics.count("pms.inventory.updated") == 2
    for headers, body in told:
        moment, _comma, said = headers["Portal-Signature"].removeprefix("t=").partition(",v1=")
        assert said == hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    created = next(json.loads(body) for headers, body in told if headers["Portal-Topic"].endswith("created"))
    assert (created["data"]["number"], created["data"]["subject_id"]) == (booked.number, str(booked.id))
    before = len(told)
    webhooks.tell("pms.reservation.created", created["data"])  # the same fact handed over once more
    after_commit()
    assert len(told) == before


def test_a_system_that_stumbles_is_told_again_and_the_next_fact_waits_its_turn(place, receiver):
    url, told, answers = receiver
    webhook, _secret = add(place, url, ["pms.reservation.created"])
    answers += [500, 302]
    first, second = hotel.book(place), hotel.book(place)
    after_commit()
    assert len(told) == 1
    for _n in range(2):
        with clock_set_to(utcnow() + webhooks.LEASE):
            after_commit()
    with clock_set_to(utcnow() + webhooks.LEASE * 2):
        after_commit()
    numbers = [json.loads(body)["data"]["number"] for _headers, body in told]
    assert numbers == [first.number] * 3 + [second.number]
    assert [(call.attempts, call.status) for call in last_calls(webhook.id)] == [(1, 204), (3, 204)]


def test_who_did_not_ask_is_not_told(place, receiver):
    url, told, _answers = receiver
    webhook, _secret = add(place, url, ["pms.reservation.cancelled"])
    add(hotel.big(1), url)
    hotel.book(place)
    webhooks.step(asset_id=place.id, webhook_id=webhook.id, verb="pause", actor=ACTOR)
    after_commit()
    assert told == []
    webhooks.step(asset_id=place.id, webhook_id=webhook.id, verb="resume", actor=ACTOR)
    webhooks.test(asset_id=place.id, webhook_id=webhook.id, actor=ACTOR)
    after_commit()
    assert [headers["Portal-Topic"] for headers, _body in told] == [webhooks.TEST]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.8/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "ftp://example.com/",
        "http://user:secret@example.com/",
        "nothing",
    ],
)
def test_an_address_inside_is_refused(session, url):
    with pytest.raises(AddressRefused):
        webhooks.add(asset_id=hotel.lag().id, url=url, topics=PROMISED, actor=ACTOR)
    with pytest.raises((AddressRefused, outward.NoAnswer)):
        outward.send("POST", url)


def test_facts_are_appended_to_a_stream(redis_at):  # noqa: F811
    with redis_at():
        stream = streams.RedisStream(redis_at.url)
        stream.append(ReservationCreated.topic, {"number": "ABC"})
        [(_entry, fields)] = stream._redis.xrange(streams.STREAM)
    assert (fields[b"topic"], json.loads(fields[b"body"])) == (b"pms.reservation.created", {"number": "ABC"})


def test_without_its_library_there_is_no_kafka():
    assert streams.kafka_topic("localhost:9092") is None
