"""The devices desk: the list, registering, the secret shown once, a device's page and its steps, labels, scanning."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.devices.device_queries import get_device
from portal.shared.devices.models import AssetEvent, Device, DeviceCommand, DeviceState
from portal.shared.devices.secrets import secret_fits
from portal.shared.devices.services import registry
from tests.factories.assets import ACTOR, place, room, vehicle
from tests.factories.identity import member, person, sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hotel(committed):
    return place()


@pytest.fixture
def as_role(client, hotel):
    """Sign somebody in with a role at the hotel."""

    def signed_in(role: str):
        sign_in(client, member(hotel, role))
        return client

    return signed_in


def registered(hotel, **fields) -> Device:
    return registry.register(asset_id=hotel.id, actor=ACTOR, **{"type": "lock", **fields}).device


def secret_on(page: str) -> str:
    found = re.search(r'id="device-secret" value="([A-Za-z0-9]{32})"', page)
    assert found, page
    return found.group(1)


def test_a_device_is_registered_and_its_secret_shown_on_that_page_only(as_role, hotel):
    unit = room(hotel, number="204")
    client = as_role("manager")
    at = f"/units/{hotel.asset_number}/devices"
    form = client.get(f"{at}/register?unit=room-204").text
    once = re.search(r'name="once"[^>]*value="([^"]+)"', form).group(1)
    assert re.search(r'<option selected value="room-204">', form)
    filled = {"type": "lock", "dialect": "envelope", "unit": "room-204", "name": "lock-204", "note": "", "once": once}
    answer = client.post(f"{at}/register", data=filled)
    assert answer.status_code == 200
    device = get_device(hotel.id, "lock-204")
    assert secret_fits(secret_on(answer.text), device.secret_hash)
    assert device.unit_id == unit.id
    assert "mosquitto_pub" in answer.text
    assert "v1/lock-204/up/access" in answer.text
    again = client.post(f"{at}/register", data=filled)
    assert again.status_code == 303, "a reload registers nothing and shows no secret"
    assert db.session.scalar(text("select count(*) from device")) == 1
    assert "device-secret" not in client.get(f"{at}/lock-204").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "Lock 204"}, "small letters"),
        ({"name": "portal-1"}, "the portal&#39;s own"),
        ({"unit": "room-999"}, "Choose one from the list"),
        ({"type": "toaster"}, "Choose one from the list"),
        ({"type": "gateway"}, "plain topics"),
    ],
)
def test_what_cannot_be_a_device_is_refused_in_words(as_role, hotel, fields, sentence):
    filled = {"type": "lock", "dialect": "envelope", "unit": "", "name": "", "note": "", **fields}
    answer = as_role("manager").post(f"/units/{hotel.asset_number}/devices/register", data=filled)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_the_list_tells_how_each_fares_and_is_filtered_by_its_address(as_role, hotel):
    unit = room(hotel, number="204")
    registered(hotel, name="lock-204", unit_id=unit.id)
    registered(hotel, name="meter-x", type="meter", dialect="plain")
    db.session.add(DeviceState(device_id=get_device(hotel.id, "lock-204").id, state="lost",
                               state_at=utcnow(), seen_at=utcnow() - timedelta(minutes=1), clock_wrong=0))  # fmt: skip
    db.session.commit()
    client = as_role("owner")
    page = client.get(f"/units/{hotel.asset_number}/devices/").text
    assert "lock-204" in page
    assert "Room 204" in page
    assert "Lost" in page

    def shown(**filters):
        file = client.get(f"/units/{hotel.asset_number}/devices.csv", query_string=filters).text
        return [row["name"] for row in csv.DictReader(io.StringIO(file))]

    assert shown() == ["lock-204", "meter-x"]
    assert shown(state="lost") == shown(type="lock") == shown(q="204") == shown(dialect="envelope") == ["lock-204"]
    assert shown(fixed="no") == shown(state="never") == ["meter-x"]
    assert shown(type="'; drop table device") == ["lock-204", "meter-x"]


def test_the_empty_list_says_what_a_device_is(as_role, hotel):
    page = as_role("owner").get(f"/units/{hotel.asset_number}/devices/").text
    assert "No devices yet" in page
    assert "/devices/register" in page


def test_a_devices_page_shows_messages_gaps_and_commands(as_role, hotel):
    unit = room(hotel, number="204")
    device = registered(hotel, name="lock-204", unit_id=unit.id)
    now = utcnow()
    for seq, (quality, late) in enumerate((("d", False), ("x", False), ("d", True)), start=1):
        db.session.add(
            AssetEvent(at=now - timedelta(minutes=seq), asset_id=hotel.id, unit_id=unit.id, kind="access",
                       value="locked", device_id=device.id, boot=7, seq=seq, quality=quality, late=late,
                       said_at=now)
        )  # fmt: skip
    db.session.add(
        AssetEvent(at=now, asset_id=hotel.id, unit_id=unit.id, kind="temperature", value="21.5", device_id=None,
                   quality="s", late=False)
    )  # fmt: skip
    db.session.execute(
        text("insert into device_boot (device_id, boot, received, lost, first_at, last_at, repeated)"
             " values (:d, 7, '{[1,4),[6,9),[12,13)}', '{}', clock_timestamp(), clock_timestamp(), 5)"),
        {"d": device.id},
    )  # fmt: skip
    db.session.commit()
    client = as_role("manager")
    page = client.get(f"/units/{hotel.asset_number}/devices/lock-204").text
    assert page.count("Door: <strong>Locked</strong>") == 3
    assert "21.5" not in page, "a plain word at the same room is not this device's"
    assert "Wrong clock" in page
    assert "Late" in page
    assert "4–5, 9–11" in page
    assert "7·3" in page
    only = client.get(f"/units/{hotel.asset_number}/devices/lock-204?kind=temperature").text
    assert "Nothing heard yet" in only
    block = client.get(f"/units/{hotel.asset_number}/devices/lock-204", headers=HTMX | {"HX-Target": "messages"}).text
    assert block.startswith('<div id="messages"')
    assert "<html" not in block


def test_the_console_tells_the_unit_and_comes_back_to_the_device(as_role, hotel):
    unit = room(hotel, number="204")
    registered(hotel, name="lock-204", unit_id=unit.id)
    client = as_role("owner")
    at = f"/units/{hotel.asset_number}/devices/lock-204"
    page = client.get(at).text
    assert f'name="back" value="{at}"' in page
    told = client.post(
        f"/units/{hotel.asset_number}/room/204/control",
        data={"capability": "access", "action": "unlock", "reason": "test", "back": at},
    )
    assert told.status_code == 303
    assert told.location.endswith(at)
    away = client.post(
        f"/units/{hotel.asset_number}/room/204/control",
        data={"capability": "access", "action": "lock", "reason": "test", "back": "https://elsewhere.example/x"},
    )
    assert away.location.endswith("/room/204")
    assert db.session.scalar(select(DeviceCommand.capability).limit(1)) == "access"
    assert "Unlock" in client.get(at).text


def test_every_step_of_a_devices_life_has_its_button(as_role, hotel):
    unit = room(hotel, number="204")
    registered(hotel, name="lock-a")
    client = as_role("manager")
    at = f"/units/{hotel.asset_number}/devices/lock-a"

    def step(name, **fields):
        return client.post(f"{at}/{name}", data=fields)

    def now():
        db.session.expire_all()
        return get_device(hotel.id, "lock-a")

    assert step("bind", unit="room-204").status_code == 303
    assert now().unit_id == unit.id
    assert secret_fits(secret_on(step("rotate").text), now().secret_hash)
    assert step("note", note="in the hall").status_code == 303
    assert now().note == "in the hall"
    step("revoke", reason="")
    assert now().status == "active", "without a reason nothing is cut off"
    step("revoke", reason="stolen")
    assert now().status == "revoked"
    assert "Let it back in" in client.get(at).text
    assert secret_fits(secret_on(step("restore").text), now().secret_hash)
    step("unbind")
    assert now().unit_id is None
    step("retire", reason="worn out")
    assert now().status == "retired"
    assert client.get(at).status_code == 200


def test_who_may_see_devices_and_who_may_change_them(as_role, client, hotel):
    registered(hotel, name="lock-a")
    at = f"/units/{hotel.asset_number}/devices"
    as_role("viewer")
    assert client.get(f"{at}/").status_code == 403
    assert client.get(f"{at}/lock-a").status_code == 403
    assert client.post(f"{at}/lock-a/revoke", data={"reason": "x"}).status_code == 403
    assert client.get(f"/units/{hotel.asset_number}/scan").status_code == 200


def test_another_places_devices_are_not_there(as_role, hotel):
    other = place()
    registered(other, name="lock-theirs")
    client = as_role("owner")
    mine, theirs = f"/units/{hotel.asset_number}/devices", f"/units/{other.asset_number}/devices"
    assert client.get(f"{theirs}/").status_code == 404
    assert client.get(f"{theirs}/lock-theirs").status_code == 404
    assert client.get(f"{mine}/lock-theirs").status_code == 404
    assert client.post(f"{mine}/lock-theirs/revoke", data={"reason": "x"}).status_code == 404
    assert client.post(f"{mine}/lock-theirs/rotate").status_code == 404
    assert client.get(f"/units/{hotel.asset_number}/scan?label=lock-theirs").status_code == 422


def test_a_boxed_device_is_claimed_by_its_label(as_role, hotel):
    room(hotel, number="204")
    boxed = registry.box(number=1, type="lock", actor=ACTOR)[0].device
    client = as_role("manager")
    at = f"/units/{hotel.asset_number}"
    scanned = client.get(f"{at}/scan", query_string={"label": boxed.claim_code.lower().replace("-", " ")})
    assert scanned.status_code == 303
    page = client.get(scanned.location).text
    assert boxed.name in page
    filled = {"claim_code": boxed.claim_code, "unit": "room-204"}
    assert client.post(f"{at}/devices/claim", data=filled).location.endswith(f"/devices/{boxed.name}")
    again = client.post(f"{at}/devices/claim", data=filled)
    assert again.status_code == 422
    assert "each code works once" in again.text


def test_what_is_missing_is_given_up_with_a_reason(as_role, hotel):
    unit = room(hotel, number="204")
    device = registered(hotel, name="lock-204", unit_id=unit.id)
    db.session.execute(
        text("insert into device_boot (device_id, boot, received, lost, first_at, last_at)"
             " values (:d, 7, '{[1,4),[6,9)}', '{}', clock_timestamp(), clock_timestamp())"),
        {"d": device.id},
    )  # fmt: skip
    db.session.commit()
    client = as_role("manager")
    at = f"/units/{hotel.asset_number}/devices/lock-204"
    assert client.post(f"{at}/starts/7/give-up", data={"reason": ""}).status_code == 422
    assert client.post(f"{at}/starts/8/give-up", data={"reason": "dead"}).status_code in (404, 409)
    assert client.post(f"{at}/starts/7/give-up", data={"reason": "its flash died"}).status_code == 303
    page = client.get(at).text
    assert "4–5" not in page
    assert db.session.scalar(text("select lost::text from device_boot")) == "{[4,6)}"


def test_boxes_are_prepared_by_whoever_runs_the_installation(client, hotel):
    sign_in(client, member(hotel, "owner"))
    assert client.get("/admin/boxes").status_code in (403, 404)
    sign_in(client, person(platform_admin=True))
    answer = client.post("/admin/boxes", data={"number": "3", "type": "lock", "note": "", "once": "x" * 16})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 3
    for row in rows:
        device = db.session.scalar(select(Device).where(Device.name == row["name"]))
        assert secret_fits(row["secret"], device.secret_hash)
        assert device.claim_code == row["claim_code"]
    again = client.post("/admin/boxes", data={"number": "3", "type": "lock", "note": "", "once": "x" * 16})
    assert again.status_code == 303
    page = client.get("/admin/boxes").text
    assert rows[0]["claim_code"] in page
    assert rows[0]["secret"] not in page
    assert client.get("/admin/boxes/labels?stock=a4-2x7").data.startswith(b"%PDF")
    assert client.post("/admin/boxes", data={"number": "501", "type": "lock", "note": ""}).status_code == 422


def test_a_label_leads_to_what_it_is_stuck_on(as_role, hotel):
    unit = room(hotel, number="204")
    registered(hotel, name="lock-204")
    client = as_role("manager")
    at = f"/units/{hotel.asset_number}"

    def leads(label):
        answer = client.get(f"{at}/scan", query_string={"label": label})
        return answer.location if answer.status_code == 303 else answer.status_code

    for label in (unit.label, unit.label.lower(), f"https://any.example/u/{unit.label}", "204"):
        assert leads(label).endswith("/room/204")
    for label in ("lock-204", f"http://127.0.0.1:8000{at}/devices/lock-204"):
        assert leads(label).endswith("/devices/lock-204")
    for label in ("nothing", "javascript:alert(1)", "//evil.example/u/", "%00", "/u/" + "x" * 400):
        assert leads(label) == 422


def test_only_the_page_that_scans_may_run_wasm(as_role, hotel):
    client = as_role("manager")
    at = f"/units/{hotel.asset_number}"
    assert "'wasm-unsafe-eval'" in client.get(f"{at}/scan").headers["Content-Security-Policy"]
    assert "wasm" not in client.get(f"{at}/devices/").headers["Content-Security-Policy"]


def test_labels_are_printed_on_the_sheets_shops_sell(as_role, hotel):
    for number in range(101, 131):
        room(hotel, number=str(number))
    registered(hotel, name="lock-204")
    client = as_role("manager")
    at = f"/units/{hotel.asset_number}/label-sheet"
    assert "30 labels, 2 sheets." in client.get(at).text
    assert "30 labels, 3 sheets." in client.get(f"{at}?start=20").text
    assert "11 labels, 1 sheet." in client.get(f"{at}?only=101-110, 120").text
    assert "Nothing fits" in client.get(f"{at}?only=999").text
    for stock in ("a4-3x8", "a4-2x7", "letter-5160", "roll-62"):
        printed = client.get(f"{at}?stock={stock}&print=1")
        assert printed.mimetype == "application/pdf"
        assert printed.data.startswith(b"%PDF")
    assert client.get(f"{at}?what=devices&print=1").data.startswith(b"%PDF")
    assert client.get(f"{at}?start=-1&stock=none&what=x&print=1").data.startswith(b"%PDF")
    one = client.get(f"{at}?only=101&print=1").data
    assert one == client.get(f"{at}?only=101&print=1").data, "the same labels are the same file"


def test_the_board_and_the_units_page_tell_how_its_device_fares(as_role, hotel):
    unit = room(hotel, number="204")
    client = as_role("manager")
    assert "No registered device" in client.get(f"/units/{hotel.asset_number}/room/204").text
    device = registered(hotel, name="lock-204", unit_id=unit.id)
    db.session.add(DeviceState(device_id=device.id, state="lost", state_at=utcnow(), clock_wrong=0))
    db.session.commit()
    assert "lock-204" in client.get(f"/units/{hotel.asset_number}/room/204").text
    assert ">Lost<" in re.sub(r"\s|<svg.*?</svg>", "", client.get(f"/units/{hotel.asset_number}/").text)


def test_a_vehicles_tracker_is_shown_with_its_own_example(as_role, committed):
    fleet = place("fleet")
    car = vehicle(fleet, number="V1")
    made = registry.register(asset_id=fleet.id, type="tracker", name="tracker-1", unit_id=car.id, actor=ACTOR)
    assert made.device.capabilities == ["ignition"]
    client = as_role("owner")
    sign_in(client, member(fleet, "owner"))
    page = client.post(f"/units/{fleet.asset_number}/devices/tracker-1/rotate").text
    assert "up/location" in page
