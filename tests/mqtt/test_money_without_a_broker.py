"""Money arrives while the broker is away: the grant stands, the page says so, and the door is told when it can be."""

import time

from sqlalchemy import select, text

from portal.core.db import db
from portal.shared.access.models import AccessGrant
from portal.shared.access.services import expiry
from portal.shared.devices.models import DeviceCommand
from portal.shared.devices.services import commands
from portal.shared.payments.services import inbox
from tests.factories import assets as make
from tests.factories import payments
from tests.mqtt.conftest import heartbeat, leads, soon
from tests.mqtt.test_faults import topic


def told(client, made):
    """The payer has paid; the provider's message comes eight times and is worked off. How long each answer took."""
    payments.decide(made)
    raw, headers = payments.webhook(made)
    for _each in range(8):
        begun = time.monotonic()
        assert client.post(payments.WEBHOOK, data=raw, headers=headers).status_code == 200
        yield time.monotonic() - begun
    inbox.process_due()


def test_what_is_paid_for_while_the_broker_is_away_opens_when_it_is_back(
    ingester, device, private_broker, committed, client
):
    hotel = make.place()
    units = [make.room(hotel) for _each in range(5)]
    assert leads(ingester())
    private_broker.kill()
    assert soon(lambda: heartbeat().get("connected") is False)

    paid = [payments.intent(unit, email=f"guest{n}@mail.example") for n, unit in enumerate(units)]
    took = [seconds for made in paid for seconds in told(client, made)]
    assert sorted(took)[len(took) * 95 // 100] < 0.3, "a message is answered as fast as ever"
    assert len(db.session.scalars(select(AccessGrant)).all()) == 5, "the grants do not wait for a broker"
    assert db.session.scalars(select(DeviceCommand.status)).all() == ["queued"] * 5
    for made in paid:
        assert "Unlocking…" in client.get(f"/pay/{made.reference}").text

    last_waits_too_long = text("update device_command set not_after = now() where unit_id = :unit")
    db.session.execute(last_waits_too_long, {"unit": units[-1].id})
    db.session.commit()
    assert commands.expire_overdue() == 1
    assert "Paid, lock not reached yet" in client.get(f"/pay/{paid[-1].reference}").text

    private_broker.start()
    lock = device(f"rooms/{hotel.asset_number}/#")
    back = time.monotonic()
    assert expiry.reissue_commands() == 1, "a fresh command from the grant that still runs"
    wanted = [(topic(hotel, unit), "unlock", False) for unit in units]
    assert soon(lambda: sorted(lock.heard) == sorted(wanted), 5)
    assert time.monotonic() - back < 5

    for unit in units:
        lock.say(topic(hotel, unit), "unlocked")
    for made in paid:
        assert soon(lambda made=made: "unlocked" in client.get(f"/pay/{made.reference}").text.lower(), 5)
