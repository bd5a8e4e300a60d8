"""Plain devices carry no name in what they say: they are heard when what they speak for is."""

from sqlalchemy import text

from portal.core.db import db
from portal.shared.devices.models import Device
from portal.shared.devices.readings import from_plain_topic
from portal.shared.devices.services import telemetry
from tests.factories import assets
from tests.factories.words import look


def _device(unit, name, type="lock"):
    place = unit.asset_id
    db.session.add(
        Device(name=name, type=type, dialect="plain", status="active", asset_id=place,
               unit_id=None if type == "gateway" else unit.id, capabilities=[])
    )  # fmt: skip
    db.session.flush()


def _say(place, room, value="1"):
    reading = from_plain_topic(f"rooms/{place.asset_number}/{room.number}/occupancy", value.encode())
    telemetry.store(said=[reading])


def _heard():
    rows = db.session.execute(
        text("select d.name from device d join device_state s on s.device_id = d.id where s.seen_at is not null")
    )
    return {row.name for row in rows}


def test_a_plain_device_is_heard_when_its_room_speaks(session):
    place = assets.place()
    one, other = assets.room(place), assets.room(place)
    _device(one, "one-lock")
    _device(other, "other-lock")
    _say(place, one)
    look()
    assert _heard() == {"one-lock"}


def test_a_gateway_is_heard_by_rooms_that_have_no_device_of_their_own(session):
    place = assets.place()
    own, bare = assets.room(place), assets.room(place)
    _device(own, "own-lock")
    _device(bare, "the-gateway", type="gateway")
    _say(place, own)
    look()
    assert _heard() == {"own-lock"}
    _say(place, bare)
    look()
    assert _heard() == {"own-lock", "the-gateway"}


def test_a_device_of_another_place_hears_nothing_of_it(session):
    place, elsewhere = assets.place(), assets.place()
    room = assets.room(place)
    _device(assets.room(elsewhere), "stranger", type="gateway")
    _say(place, room)
    look()
    assert _heard() == set()
