"""A unit's seven days: every subject drawn from the sums of its hours, gaps of a switch filled in."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from portal.core.db import db
from portal.reporting import hours as reporting
from portal.shared.devices.services import hours
from tests.factories.assets import place, room
from tests.factories.identity import member, sign_in

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=60)


def says(unit, *words):
    for hour, kind, value in words:
        db.session.execute(
            text(
                "insert into asset_event (id, at, asset_id, unit_id, kind, value)"
                " values (gen_random_uuid(), :at, :a, :u, :k, :v)"
            ),
            {"at": START + timedelta(hours=hour), "a": unit.asset_id, "u": unit.id, "k": kind, "v": value},
        )
    db.session.commit()
    hours.mark_everything()
    while hours.sum_closed():
        pass


@pytest.fixture
def unit(session):
    return room(place())


def subjects(unit, since=0, until=12):
    found = reporting.of_unit(unit.id, START + timedelta(hours=since), START + timedelta(hours=until))
    return {each.kind: each for each in found}


def test_a_switch_that_stayed_on_fills_the_hours_in_which_nothing_was_said(unit):
    says(unit, (1.5, "electricity", "on"), (4.25, "electricity", "off"))
    found = subjects(unit)["electricity"]
    assert [bar.value // 60 for bar in found.bars] == [0, 30, 60, 60, 15, 0, 0, 0, 0, 0, 0, 0]
    assert found.total == 2.75 * 3600
    assert subjects(unit, 3, 6)["electricity"].total == 1.25 * 3600, "it was on before the stretch began"


def test_a_switch_that_is_on_and_silent_all_week_is_drawn_too(unit):
    says(unit, (0, "access", "unlocked"))
    assert subjects(unit, 2, 5)["access"].total == 3 * 3600


def test_figures_have_their_extremes_and_words_their_number(unit):
    says(unit, (1, "temperature", "20"), (1.5, "temperature", "22"), (2, "temperature", "30"), (2, "tampering", "lid"))
    found = subjects(unit)
    temperature = found["temperature"]
    assert [bar.value for bar in temperature.bars] == [21_000, 30_000]
    assert (temperature.lowest, temperature.highest, temperature.average) == (20_000, 30_000, 24_000)
    assert (found["tampering"].how, found["tampering"].total) == ("words", 1)


def test_the_page_draws_them_and_a_stranger_sees_none(client, unit):
    says(unit, (1.5, "electricity", "on"), (4.25, "electricity", "off"), (2, "temperature", "21.5"))
    number = db.session.scalar(text("select asset_number from asset"))
    address = f"/units/{number}/room/{unit.number}/week"
    sign_in(client, member(place(), "manager"))
    assert client.get(address).status_code == 404
    hotel = db.session.get(type(place()), unit.asset_id)
    sign_in(client, member(hotel, "viewer"))
    whole = client.get(address)
    assert "On 2 h 45 min" in whole.text
    assert "21.5 to 21.5" in whole.text
    part = client.get(address, headers={"HX-Request": "true", "HX-Target": "week"}).text
    assert part.lstrip().startswith('<section id="week"')


def test_a_unit_that_never_spoke_says_so(client, unit):
    hotel = db.session.get(type(place()), unit.asset_id)
    sign_in(client, member(hotel, "manager"))
    page = client.get(f"/units/{hotel.asset_number}/room/{unit.number}/week").text
    assert "No hour of it is over yet" in page
