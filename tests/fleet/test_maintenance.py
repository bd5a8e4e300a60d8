"""Maintenance that comes round is told of once, and done by a work order that can be taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core.clock import local_date
from portal.core.db import db
from portal.shared.access.services import grants
from portal.shared.assets.queries import unit_of
from portal.shared.assets.services import units
from portal.shared.devices.models import Alert
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.maintenance_queries import get_plan, lines_of, meters_of, plans_of_unit, standing_of
from portal.trades.fleet.models import Vehicle, VehicleState
from portal.trades.fleet.services import maintenance, work_orders
from tests.factories import assets, fleet
from tests.factories.assets import ACTOR
from tests.support.queries import counting


@pytest.fixture
def place(session):
    return fleet.place()


@pytest.fixture
def car(place):
    return assets.vehicle(place)


def drive(unit, km, hours=0):
    """The vehicle has come so far in all, by its tracker."""
    state = db.session.get(VehicleState, unit.id) or VehicleState(unit_id=unit.id, asset_id=unit.asset_id)
    state.counted_mm, state.engine_seconds = km * 1_000_000, hours * 3600
    db.session.add(state)
    db.session.commit()


def alerts():
    return db.session.scalars(select(Alert).order_by(Alert.created_at, Alert.id)).all()


def today(place):
    return local_date(place.timezone)


def test_what_the_meters_show_is_what_was_on_them_and_what_was_counted(car):
    assert meters_of([car.id])[car.id].odometer_m == 0
    drive(car, 120, hours=3)
    db.session.add(Vehicle(unit_id=car.id, asset_id=car.asset_id, odometer_offset_m=80_000_000, engine_offset_s=60))
    db.session.commit()
    shown = meters_of([car.id])[car.id]
    assert (shown.odometer_m, shown.engine_s) == (80_120_000, 3 * 3600 + 60)


def test_a_plan_counts_from_the_day_it_is_made_unless_somebody_knows_better(place, car):
    drive(car, 5_000)
    assert fleet.plan(car).last_done_m == 5_000_000
    known = fleet.plan(car, "Tyres", last_done_m=1_000_000, last_done_on=today(place) - timedelta(days=30))
    (oil, tyres) = sorted(standing_of(place.id, today(place)), key=lambda each: each.plan.name)
    assert (oil.due.nearest.left, tyres.due.nearest.left) == (10_000_000, 6_000_000)
    assert known.last_done_on == today(place) - timedelta(days=30)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"every_km": None}, errors.IntervalMissing),
        ({"last_done_on": "tomorrow"}, errors.InTheFuture),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(place, car, changes, error):
    if "last_done_on" in changes:
        changes = {"last_done_on": today(place) + timedelta(days=1)}
    with pytest.raises(error):
        fleet.plan(car, **changes)
    assert plans_of_unit(car.id) == []


def test_a_name_stands_for_one_plan_of_a_vehicle(place, car):
    first = fleet.plan(car)
    with pytest.raises(errors.PlanNameTaken):
        fleet.plan(car)
    maintenance.end_plan(asset_id=place.id, plan_id=first.id, actor=ACTOR)
    fleet.plan(car)


def test_a_template_is_copied_to_the_vehicles_that_lack_it(place, car):
    template = maintenance.make_plan(asset_id=place.id, name="Oil and filters", every_km=8_000, actor=ACTOR)
    others = [assets.vehicle(place) for _turn in range(3)]
    fleet.plan(car)
    drive(others[0], 700)
    ids = [car.id, *(each.id for each in others)]
    given = {"asset_id": place.id, "plan_id": template.id, "unit_ids": ids, "actor": ACTOR}
    assert maintenance.copy_plan(**given) == 3
    assert maintenance.copy_plan(**given) == 0
    (copied,) = plans_of_unit(others[0].id)
    assert (copied.every_km, copied.last_done_m) == (8_000, 700_000)
    assert plans_of_unit(car.id)[0].every_km == 10_000


def test_a_template_is_not_copied_to_another_places_vehicle(place):
    template = maintenance.make_plan(asset_id=place.id, name="Oil", every_km=8_000, actor=ACTOR)
    with pytest.raises(errors.NotAVehicle):
        maintenance.copy_plan(asset_id=place.id, plan_id=template.id, unit_ids=[assets.vehicle().id], actor=ACTOR)


def test_the_most_urgent_comes_first_and_one_question_finds_them_all(place, car):
    names = ("Far", "Over", "Near", "Worse")
    for name, done in zip(names, (9_900_000, 0, 5_300_000, -3_000_000), strict=True):
        fleet.plan(car, name, every_km=10_000)
        plan = next(each for each in plans_of_unit(car.id) if each.name == name)
        plan.last_done_m = done
    drive(car, 15_000)
    for _turn in range(5):
        fleet.plan(assets.vehicle(place))
    day = today(place)
    with counting() as asked:
        found = standing_of(place.id, day)
    assert [each.plan.name for each in found][:4] == ["Worse", "Over", "Near", "Far"]
    assert len(asked) == 1


def test_what_comes_near_and_what_is_over_is_told_once_each(place, car):
    fleet.plan(car)
    drive(car, 9_700)
    assert [maintenance.tell_of_due() for _turn in range(3)] == [1, 0, 0]
    drive(car, 10_200)
    assert [maintenance.tell_of_due() for _turn in range(2)] == [1, 0]
    assert [(each.kind, each.severity, each.status, each.times) for each in alerts()] == [
        ("maintenance_due", "warning", "cleared", 1),
        ("maintenance_due", "critical", "open", 1),
    ]
    assert alerts()[1].facts["left"] == -200_000
    assert alerts()[1].unit_id == car.id


def test_many_plans_are_told_of_in_one_go(place):
    cars = [assets.vehicle(place) for _turn in range(3)]
    plans = [fleet.plan(each) for each in cars]
    for each, km in zip(cars, (9_800, 11_000, 10), strict=True):
        drive(each, km)
    assert [maintenance.tell_of_due() for _turn in range(2)] == [2, 0]
    maintenance.end_plan(asset_id=place.id, plan_id=plans[0].id, actor=ACTOR)
    units.retire(unit_id=cars[1].id, reason="Sold", actor=ACTOR)
    drive(cars[2], 9_900)
    assert [maintenance.tell_of_due() for _turn in range(2)] == [2, 0]


def test_an_alert_that_somebody_cleared_is_not_raised_again_and_again(place, car):
    fleet.plan(car)
    drive(car, 11_000)
    maintenance.tell_of_due()
    alert = alerts()[0]
    alert.status, alert.cleared_at, alert.cleared_by = "cleared", alert.happened_at, "Musa"
    db.session.commit()
    assert maintenance.tell_of_due() == 0
    assert len(alerts()) == 1


@pytest.mark.parametrize("how", ["ended", "retired"])
def test_a_plan_that_ended_is_spoken_of_no_more(place, car, how):
    plan = fleet.plan(car)
    drive(car, 11_000)
    maintenance.tell_of_due()
    if how == "ended":
        maintenance.end_plan(asset_id=place.id, plan_id=plan.id, actor=ACTOR)
    else:
        units.retire(unit_id=car.id, reason="Sold", actor=ACTOR)
    maintenance.tell_of_due()
    assert [each.status for each in alerts()] == ["cleared"]
    assert maintenance.tell_of_due() == 0
    assert standing_of(place.id, today(place)) == []


def test_work_done_counts_the_plan_anew_and_ends_its_alert(place, car):
    plan = fleet.plan(car, every_days=90)
    plan.every_km = 10_000
    drive(car, 10_400)
    maintenance.tell_of_due()
    order = fleet.order(car, plan_id=plan.id)
    work_orders.start(order_id=order.id, actor=ACTOR)
    work_orders.finish(order_id=order.id, actor=ACTOR)
    plan = get_plan(place.id, plan.id)
    assert (plan.last_done_m, plan.last_done_on) == (10_400_000, today(place))
    assert [each.status for each in alerts()] == ["cleared"]
    assert maintenance.tell_of_due() == 0


def test_done_is_taken_back_and_the_plan_is_over_again(place, car):
    plan = fleet.plan(car)
    drive(car, 10_400)
    order = fleet.order(car, plan_id=plan.id)
    work_orders.finish(order_id=order.id, actor=ACTOR, odometer_m=10_300_000)
    assert order.odometer_m == 10_300_000
    order = work_orders.take_back(order_id=order.id, actor=ACTOR)
    assert (order.status, order.done_at) == ("in_progress", None)
    assert get_plan(place.id, plan.id).last_done_m == 0
    assert maintenance.tell_of_due() == 1
    with pytest.raises(errors.WrongOrderStatus, match="is not done"):
        work_orders.take_back(order_id=order.id, actor=ACTOR)


def test_done_is_not_taken_back_once_the_plan_was_done_again(place, car):
    plan = fleet.plan(car)
    first, second = (fleet.order(car, plan_id=plan.id) for _turn in range(2))
    work_orders.finish(order_id=first.id, actor=ACTOR)
    drive(car, 900)
    work_orders.finish(order_id=second.id, actor=ACTOR)
    with pytest.raises(errors.DoneTooLongAgo, match="done again since"):
        work_orders.take_back(order_id=first.id, actor=ACTOR)


def test_the_odometer_does_not_run_backwards(place, car):
    drive(car, 20_000)
    order = fleet.order(car, plan_id=fleet.plan(car).id)
    with pytest.raises(errors.OdometerBackwards, match="stood at 20000 km"):
        work_orders.finish(order_id=order.id, actor=ACTOR, odometer_m=19_999_999)
    with pytest.raises(errors.InTheFuture):
        work_orders.finish(order_id=order.id, actor=ACTOR, done_on=today(place) + timedelta(days=1))


def test_lines_add_up_to_the_minor_unit(car):
    order = fleet.order(car)
    for kind, quantity, price in (("part", 4_500, 333), ("labour", 1_500, 500_000), ("other", 1, 499)):
        line = work_orders.add_line(
            order_id=order.id, kind=kind, description="x", quantity=quantity, unit_price=price, actor=ACTOR
        )
    assert [each.amount for each in lines_of(order.id)] == [1_499, 750_000, 0]
    assert order.total == 751_499
    work_orders.remove_line(order_id=order.id, line_id=line.id, actor=ACTOR)
    work_orders.remove_line(order_id=order.id, line_id=lines_of(order.id)[0].id, actor=ACTOR)
    assert order.total == 750_000
    with pytest.raises(errors.NoSuchLine):
        work_orders.remove_line(order_id=order.id, line_id=line.id, actor=ACTOR)


def test_numbers_have_no_gaps_even_where_one_was_refused(place, car):
    assert fleet.order(car).number == 1
    with pytest.raises(errors.PlanOfAnotherVehicle):
        fleet.order(car, plan_id=fleet.plan(assets.vehicle(place)).id)
    assert fleet.order(car).number == 2


def test_a_vehicle_in_the_workshop_is_not_let(car):
    order = fleet.order(car, out_of_use=True)
    work_orders.start(order_id=order.id, actor=ACTOR)
    assert unit_of(car.id).status == "suspended"
    work_orders.finish(order_id=order.id, actor=ACTOR)
    assert unit_of(car.id).status == "inactive"
    work_orders.take_back(order_id=order.id, actor=ACTOR)
    assert unit_of(car.id).status == "suspended"
    work_orders.cancel(order_id=order.id, reason="Sold", actor=ACTOR)
    assert unit_of(car.id).status == "inactive"


def test_a_let_vehicle_is_not_taken_from_under_anybody(car):
    order = fleet.order(car, out_of_use=True)
    grants.grant_direct(unit_id=car.id, minutes=60, reason="Replacement", actor=ACTOR)
    with pytest.raises(errors.VehicleLet, match="is let until"):
        work_orders.start(order_id=order.id, actor=ACTOR)
    assert unit_of(car.id).status == "active"


def test_of_two_orders_the_last_brings_the_vehicle_back(car):
    first, second = (fleet.order(car, out_of_use=True) for _turn in range(2))
    for order in (first, second):
        work_orders.start(order_id=order.id, actor=ACTOR)
    work_orders.finish(order_id=first.id, actor=ACTOR)
    assert unit_of(car.id).status == "suspended"
    work_orders.finish(order_id=second.id, actor=ACTOR)
    assert unit_of(car.id).status == "inactive"


def test_what_somebody_else_suspended_stays_so(car):
    units.suspend(unit_id=car.id, reason="Papers", actor=ACTOR)
    order = fleet.order(car, out_of_use=True)
    work_orders.start(order_id=order.id, actor=ACTOR)
    work_orders.finish(order_id=order.id, actor=ACTOR)
    assert unit_of(car.id).status == "suspended"


def test_an_order_at_its_end_is_written_on_no_more(car):
    done, cancelled = fleet.order(car), fleet.order(car)
    work_orders.finish(order_id=done.id, actor=ACTOR)
    work_orders.cancel(order_id=cancelled.id, reason="Not needed", actor=ACTOR)
    for order, word in ((done, "is done already"), (cancelled, "was cancelled")):
        for step in (
            lambda id=order.id: work_orders.finish(order_id=id, actor=ACTOR),
            lambda id=order.id: work_orders.cancel(order_id=id, reason="x", actor=ACTOR),
            lambda id=order.id: work_orders.amend_order(order_id=id, title="x", actor=ACTOR),
            lambda id=order.id: work_orders.add_line(
                order_id=id, kind="part", description="x", quantity=1, unit_price=1, actor=ACTOR
            ),
        ):
            with pytest.raises(errors.WrongOrderStatus, match=word):
                step()
    with pytest.raises(errors.WrongOrderStatus, match="begun already"):
        work_orders.start(order_id=done.id, actor=ACTOR)
