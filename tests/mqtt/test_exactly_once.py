"""Every message a device really sent is one row, whatever dies in between."""

from __future__ import annotations

import random
import signal
import time

import pytest
from sqlalchemy import func, select, text

from portal.core.db import db
from portal.shared.devices.models import AssetEvent, DeadLetter
from tests.factories import assets as make
from tests.mqtt.conftest import leads, soon


def rows() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(AssetEvent))


def flood(ingester, device, count: int, kills: int) -> None:
    """Equal readings, poison among them, and the ingester killed in the middle of its batches."""
    hotel, dice = make.place(), random.Random(count)
    topics = [f"rooms/{hotel.asset_number}/{make.room(hotel).number}/occupancy" for _ in range(20)]
    share = count // (kills + 1)
    running = ingester(die_at_ack=dice.randint(1, share // 2))
    assert leads(running)
    sensor, said = device(), 0
    for round_ in range(kills + 1):
        before = rows()
        for _n in range(share if round_ < kills else count - said):
            if said % (count // 10) == count // 20:
                sensor.say(topics[0], "{not json")
            sensor.say(topics[said % 20], str(said // 20 % 2))
            said += 1
        if round_ == kills:
            break
        if running.die_at_ack:  # between the commit and its acknowledgements, where a redelivery is certain
            assert soon(running.dead, 30), running.output()
        else:
            assert soon(lambda before=before: rows() > before, 30, 0.002), running.output()
            time.sleep(dice.uniform(0, 0.03))
        running.end(signal.SIGKILL)
        running.start(die_at_ack=0 if round_ % 2 == 0 or round_ == kills - 1 else dice.randint(1, share // 2))
    assert sensor.all_taken(count + 10)
    assert soon(lambda: rows() >= count, 60), (rows(), running.output())
    time.sleep(1.0)
    assert rows() == count
    ones = sum(n // 20 % 2 for n in range(count))
    kept = db.session.execute(text("select value, count(*) from asset_event group by 1 order by 1")).all()
    assert [tuple(row) for row in kept] == [("0", count - ones), ("1", ones)]
    (poison,) = db.session.scalars(select(DeadLetter)).all()
    assert (poison.times, poison.reason) == (10, "payload")
    assert leads(running)
    assert running.end(signal.SIGTERM) == 0, running.output()


def test_two_thousand_messages_and_an_ingester_killed_six_times(ingester, device):
    flood(ingester, device, 2_000, kills=6)


@pytest.mark.chaos
def test_twenty_thousand_messages_and_an_ingester_killed_six_times(ingester, device):
    """Scenario 18."""
    flood(ingester, device, 20_000, kills=6)
