"""Money arrives while the broker is away: the grant stands, the page says so, and the door is told when it can be."""

import time

from sqlalchemy import select, text

from portal.core.db import db
from portal.shared.access.models import AccessGrant
from portal.shared.access.services import expiry
from portal.shared.devices.services import commands
from tests.factories import assets as make
from tests.factories import payments
from tests.mqtt.conftest import heartbeat, leads, soon
from tests.mqtt.test_faults import topic


def test_what_is_paid_for_while_the_broker_is_away_opens_when_it_is_back(
    ingester, device, private_broker, committed, client
):
    hotel = make.place()
    first, second = make.room(hotel), make.room(hotel)
    assert leads(ingester())
    private_broker.kill()
    assert soon(lambda: heartbeat().get("connected") is False)

    paid = [payments.paid(unit, email=f"guest{n}@mail.example") for n, unit in enumerate((first, second))]
    assert len(db.session.scalars(select(AccessGrant)).all()) == 2, "the grants do not wait for a broker"
    for made in paid:
        assert "Unlocking…" in client.get(f"/pay/{made.reference}").text

    second_waits_too_long = text("update device_command set not_after = now() where unit_id = :unit")
    db.session.execute(second_waits_too_long, {"unit": second.id})
    db.session.commit()
    assert commands.expire_overdue() == 1
    assert "Paid, lock not reached yet" in client.get(f"/pay/{paid[1].reference}").text

    private_broker.start()
    lock = device(f"rooms/{hotel.asset_number}/#")
    back = time.monotonic()
    assert expiry.reissue_commands() == 1, "a fresh command from the grant that still runs"
    wanted = [(topic(hotel, unit), "unlock", False) for unit in (first, second)]
    assert soon(lambda: sorted(lock.heard) == sorted(wanted), 5)
    assert time.monotonic() - back < 5

    for unit in (first, second):
        lock.say(topic(hotel, unit), "unlocked")
    for made in paid:
        assert soon(lambda made=made: "unlocked" in client.get(f"/pay/{made.reference}").text.lower(), 5)
