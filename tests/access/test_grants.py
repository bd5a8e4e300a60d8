"""Who may use a unit until when: stacked, never overlapping, ended from the data, and doors told once."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.core.clock import clock_set_to, utcnow
from portal.core.db import db
from portal.core.errors import Conflict
from portal.shared.access import errors
from portal.shared.access.queries import ending_soon, grant_in_force, grants_of
from portal.shared.access.services import expiry, grants, offers
from portal.shared.assets.queries import asset_of, unit_of
from portal.shared.assets.services import registry
from portal.shared.audit.queries import trail
from portal.shared.devices.models import CommandStatus
from portal.shared.devices.queries import commands_of
from portal.shared.devices.readings import Reading
from portal.shared.devices.services import telemetry
from portal.shared.payments.purposes import Offer
from tests.factories import assets, payments
from tests.support.passing import grants_lie_earlier

pytestmark = pytest.mark.usefixtures("session")
DAY = timedelta(days=1)
SOON = timedelta(seconds=5)


def later(unit, by):
    """Let so much time pass for one unit."""
    values = {"by": by, "u": unit.id}
    grants_lie_earlier(by, unit.id)
    db.session.execute(text("update unit set expires_at = expires_at - :by where id = :u"), values)
    db.session.execute(
        text("update device_command set created_at = created_at - :by, done_at = done_at - :by where unit_id = :u"),
        values,
    )
    db.session.commit()
    db.session.expire_all()


def spoken(unit):
    return [command.action for command in reversed(commands_of(unit.id))]


def offer(unit, **changes):
    said = {"subject_id": unit.id, "amount": unit.price, "currency": None, "payer": payments.GUEST}
    return offers.prepare(Offer(**(said | changes)))


def test_two_payments_a_second_apart_are_two_days():
    room = assets.room()
    payments.paid(room)
    payments.paid(room)
    first, second = sorted(grants_of(room.id), key=lambda grant: grant.starts_at)
    assert first.ends_at == second.starts_at
    assert unit_of(room.id).expires_at == second.ends_at
    assert unit_of(room.id).expires_at - utcnow() == pytest.approx(2 * DAY, abs=SOON)
    assert spoken(room) == ["unlock"]


def test_extending_a_stay_leaves_no_timer_that_locks_the_guest_out():
    room = assets.room()
    payments.paid(room)
    payments.paid(room)
    later(room, DAY + SOON)
    assert expiry.expire_ended() == 0
    assert unit_of(room.id).status == "active"
    assert grant_in_force(room.id) is not None
    later(room, DAY)
    assert expiry.expire_ended() == 1
    assert unit_of(room.id).status == "expired"
    assert spoken(room) == ["unlock", "lock"]
    assert all(grant.ended_at for grant in grants_of(room.id))


@pytest.mark.parametrize(("make", "shuts"), [(assets.room, "lock"), (assets.vehicle, "turn_off")])
def test_time_up_shuts_rooms_and_vehicles_alike_and_once(make, shuts):
    unit = make()
    payments.paid(unit)
    later(unit, DAY + SOON)
    assert expiry.expire_ended() == 1
    assert expiry.expire_ended() == 0
    assert spoken(unit)[1:] == [shuts]
    assert unit_of(unit.id).status == "expired"


def test_a_unit_that_cannot_be_ended_keeps_no_other_one_open():
    broken, rooms = assets.room(), [assets.room() for _n in range(3)]
    for each in (broken, *rooms):
        payments.paid(each)
        later(each, DAY + SOON)
    db.session.execute(text("update unit set command_seq = 0 where id = :u"), {"u": broken.id})
    db.session.commit()
    assert expiry.expire_ended() == 3
    assert [unit_of(each.id).status for each in (broken, *rooms)] == ["active", "expired", "expired", "expired"]
    with pytest.raises(Conflict):
        expiry.expire_ended()


def test_a_room_can_be_let_again_after_its_time():
    room = assets.room()
    for stay in range(2):
        payments.paid(room, email=f"guest{stay}@example.com")
        later(room, DAY + SOON)
        expiry.expire_ended()
    assert spoken(room) == ["unlock", "lock"] * 2


def test_a_suspended_room_still_ends():
    room = assets.room()
    payments.paid(room)
    registry.suspend(unit_id=room.id, reason="Lock broken", actor=assets.ACTOR)
    later(room, DAY + SOON)
    assert expiry.expire_ended() == 1
    assert (unit_of(room.id).status, unit_of(room.id).status_before) == ("suspended", "expired")
    assert expiry.expire_ended() == 0


def test_another_payer_is_refused_before_paying_and_told_until_when():
    room = assets.room()
    payments.paid(room)
    with pytest.raises(errors.UnitLet, match=rf"^Room {room.number} is let until \d+ \w+ \d\d:\d\d\. Choose another"):
        offer(room, payer="bola@example.com")
    assert offer(room).price == room.price


def test_less_than_a_period_is_refused():
    room = assets.room()
    with pytest.raises(errors.AmountTooSmall) as refused:
        offer(room, amount=room.price - 1)
    assert (refused.value.code, refused.value.field, refused.value.status) == ("amount_too_small", "amount", 422)


def test_more_than_a_year_is_refused():
    room = assets.room(price=1)
    with pytest.raises(errors.AmountTooLarge):
        offer(room, amount=999_999_999_999)


def test_another_currency_than_the_places_is_refused():
    with pytest.raises(errors.WrongCurrency, match="takes NGN"):
        offer(assets.room(), currency="USD")


def test_a_suspended_room_takes_no_money():
    room = assets.room()
    registry.suspend(unit_id=room.id, reason="Burst pipe", actor=assets.ACTOR)
    with pytest.raises(errors.UnitNotForLetting):
        offer(room)


def test_a_period_is_as_long_as_the_unit_says():
    car = assets.vehicle(period_minutes=60)
    payments.paid(car, amount=car.price * 3)
    assert unit_of(car.id).expires_at - utcnow() == pytest.approx(timedelta(hours=3), abs=SOON)


def test_access_without_a_payment_expires_like_a_paid_one():
    room = assets.room()
    grants.grant_direct(unit_id=room.id, minutes=30, reason="Plumber", actor=assets.ACTOR)
    assert spoken(room) == ["unlock"]
    later(room, timedelta(minutes=31))
    assert expiry.expire_ended() == 1
    assert spoken(room) == ["unlock", "lock"]
    given = [entry for entry in trail(subject_id=room.id) if entry.action == "access_grant.given"]
    assert given[0].reason == "Plumber"


def test_access_without_a_payment_needs_a_reason_and_a_sane_length():
    room = assets.room()
    for minutes, reason, refusal in ((30, " ", errors.ReasonMissing), (0, "x", errors.MinutesOutOfRange)):
        with pytest.raises(refusal):
            grants.grant_direct(unit_id=room.id, minutes=minutes, reason=reason, actor=assets.ACTOR)
    assert spoken(room) == []


def test_staff_extend_a_guests_stay_for_the_guest():
    room = assets.room()
    payments.paid(room)
    grants.grant_direct(unit_id=room.id, minutes=60, reason="Late check-out", actor=assets.ACTOR)
    assert {grant.holder for grant in grants_of(room.id)} == {payments.GUEST}
    assert offer(room).price == room.price
    assert unit_of(room.id).expires_at - utcnow() == pytest.approx(DAY + timedelta(hours=1), abs=SOON)


def test_taking_access_away_shuts_the_door_now():
    room = assets.room()
    payments.paid(room)
    grants.revoke(grant_id=grants_of(room.id)[0].id, reason="Smoke in the room", actor=assets.ACTOR)
    assert unit_of(room.id).status == "expired"
    assert spoken(room) == ["unlock", "lock"]
    assert grant_in_force(room.id) is None
    with pytest.raises(errors.GrantOver):
        grants.revoke(grant_id=grants_of(room.id)[0].id, reason="Again", actor=assets.ACTOR)
    assert expiry.expire_ended() == 0


def test_time_bought_behind_a_revoked_grant_moves_forward():
    room = assets.room()
    payments.paid(room)
    payments.paid(room, amount=room.price * 2)
    first = min(grants_of(room.id), key=lambda grant: grant.starts_at)
    grants.revoke(grant_id=first.id, reason="Entered twice", actor=assets.ACTOR)
    assert unit_of(room.id).status == "active"
    assert unit_of(room.id).expires_at - utcnow() == pytest.approx(2 * DAY, abs=SOON)
    assert spoken(room) == ["unlock"]


def test_a_door_that_was_not_reached_is_told_again_while_the_guest_has_paid():
    room = assets.room()
    payments.paid(room)
    assert expiry.reissue_commands() == 0
    _last(room, CommandStatus.EXPIRED)
    assert expiry.reissue_commands() == 1
    assert expiry.reissue_commands() == 0
    assert spoken(room) == ["unlock", "unlock"]
    assert commands_of(room.id)[0].grant_id == grants_of(room.id)[0].id


def test_a_door_that_was_not_locked_is_told_again():
    room = assets.room()
    payments.paid(room)
    later(room, DAY + SOON)
    expiry.expire_ended()
    _last(room, CommandStatus.EXPIRED)
    assert expiry.reissue_commands() == 1
    assert spoken(room) == ["unlock", "lock", "lock"]


def test_a_mute_lock_is_not_opened_every_minute_and_one_that_speaks_again_is_told_at_once():
    room = assets.room()
    payments.paid(room)
    db.session.execute(text("update unit set activated_at = activated_at - interval '1 hour'"))
    db.session.execute(
        text(
            "update device_command set status = 'expired', created_at = now() - interval '10 minutes',"
            " sent_at = now() - interval '10 minutes', done_at = now() - interval '8 minutes'"
        )
    )
    db.session.commit()
    assert expiry.reissue_commands() == 0
    telemetry.record_readings(readings=[Reading("room", asset_of(room.asset_id).asset_number, room.number,
                                                "access", "locked", b"locked")])  # fmt: skip
    assert expiry.reissue_commands() == 1
    assert spoken(room) == ["unlock", "unlock"]


def test_a_suspended_room_whose_door_was_not_locked_is_told_again():
    room = assets.room()
    given = grants.grant_direct(unit_id=room.id, minutes=60, reason="A friend", actor=assets.ACTOR)
    registry.suspend(unit_id=room.id, reason="Water damage", actor=assets.ACTOR)
    grants.revoke(grant_id=given.id, reason="Water damage", actor=assets.ACTOR)
    commands_of(room.id)[0].status = CommandStatus.EXPIRED
    db.session.commit()
    assert expiry.reissue_commands() == 1
    assert spoken(room) == ["unlock", "lock", "lock"]


def test_a_guest_who_pays_after_the_clock_was_set_back_gets_in():
    room = assets.room()
    payments.paid(room)
    later(room, DAY + SOON)
    expiry.expire_ended()
    with clock_set_to(utcnow() - timedelta(hours=1)):
        payments.paid(room)
    assert spoken(room) == ["unlock", "lock", "unlock"]


def test_what_staff_locked_by_hand_is_not_opened_again():
    from portal.shared.devices.services import commands

    room = assets.room()
    payments.paid(room)
    commands.control(unit_id=room.id, capability="access", action="lock", reason="Police", actor=assets.ACTOR)
    _last(room, CommandStatus.EXPIRED)
    assert expiry.reissue_commands() == 0


def test_what_ends_soon_is_listed():
    room = assets.room()
    payments.paid(room)
    assert ending_soon(room.asset_id, within=timedelta(hours=2)) == []
    later(room, timedelta(hours=23))
    assert [grant.unit_id for grant in ending_soon(room.asset_id, within=timedelta(hours=2))] == [room.id]


def _last(unit, status):
    commands_of(unit.id)[0].status = status
    db.session.commit()
