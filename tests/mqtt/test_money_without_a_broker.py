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
from tests.factories import devices, payments
from tests.mqtt.conftest import heartbeat, leads, soon
from tests.mqtt.test_faults import topic
from tests.support.envelope_device import EnvelopeDevice


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
    """Scenario 12.

    Three rooms have plain locks and two have locks that number their words; one of each kind is told too late.
    """
    hotel = make.place()
    units = [make.room(hotel) for _each in range(5)]
    plain, too_late = units[:3], [units[2], units[4]]
    locks = [EnvelopeDevice(private_broker.device_url, devices.envelope(unit).name).start() for unit in units[3:]]
    assert leads(ingester())
    for lock in locks:
        lock.cut()
    private_broker.kill()
    assert soon(lambda: heartbeat().get("connected") is False)

    paid = [payments.intent(unit, email=f"guest{n}@mail.example") for n, unit in enumerate(units)]
    took = [seconds for made in paid for seconds in told(client, made)]
    assert sorted(took)[len(took) * 95 // 100] < 0.3, "a message is answered as fast as ever"
    assert len(db.session.scalars(select(AccessGrant)).all()) == 5, "the grants do not wait for a broker"
    assert db.session.scalars(select(DeviceCommand.status)).all() == ["queued"] * 5
    for made in paid:
        assert "Unlocking…" in client.get(f"/pay/{made.reference}").text

    waits_too_long = text("update device_command set not_after = now() where unit_id = any(:units)")
    db.session.execute(waits_too_long, {"units": [unit.id for unit in too_late]})
    db.session.commit()
    assert commands.expire_overdue() == 2
    for made in (paid[2], paid[4]):
        assert "Paid, lock not reached yet" in client.get(f"/pay/{made.reference}").text

    private_broker.start()
    board = device(f"rooms/{hotel.asset_number}/#")
    for lock in locks:
        lock.connect()
    back = time.monotonic()
    assert expiry.reissue_commands() == 2, "fresh commands from the grants that still run"
    wanted = [(topic(hotel, unit), "unlock", False) for unit in plain]
    assert soon(lambda: sorted(board.heard) == sorted(wanted), 5)
    assert soon(lambda: [lock.obeyed for lock in locks] == [[("access", "unlock")]] * 2, 5)
    assert time.monotonic() - back < 5

    for unit in plain:
        board.say(topic(hotel, unit), "unlocked")
    for made in paid:
        assert soon(lambda made=made: "unlocked" in client.get(f"/pay/{made.reference}").text.lower(), 5)
    for lock in locks:
        assert len({each["id"] for each in lock.heard}) == 1, "the word that came too late was never delivered"
        lock.close()
