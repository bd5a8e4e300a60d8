"""The demo business: loaded once, and consistent with every rule the portal has."""

import pytest
from sqlalchemy import text

from jobs.schedule import SCHEDULE
from portal import demo
from portal.core.db import db
from portal.core.numbers import is_label_number
from portal.demo.places import FLEET, HOTEL, PLACES
from portal.reporting import occupancy, revenue
from portal.shared.assets import queries
from portal.shared.audit.queries import check_chain
from portal.shared.audit.services import seal
from portal.shared.devices import alert_queries, rule_conditions
from portal.shared.devices.models import RuleKind
from portal.shared.identity import passwords

pytestmark = pytest.mark.database


def one(statement: str):
    return db.session.execute(text(statement)).scalar_one()


def test_it_loads_once(seeded):
    events = one("select count(*) from asset_event")
    assert events > 5_000
    assert not demo.seed()
    assert one("select count(*) from asset_event") == events


def test_every_place_has_a_number_that_can_be_read_from_a_sticker(seeded):
    assert [queries.get_asset(place.asset_number).name for place in PLACES] == [place.name for place in PLACES]
    assert all(is_label_number(unit.label) for unit in queries.units_of(HOTEL.id))


def test_somebody_can_sign_in_for_every_role(seeded):
    accounts = demo.accounts()
    assert accounts[0]["role"] == "platform_admin"
    assert {"owner", "manager", "front_desk", "housekeeper", "driver", "viewer"} <= {each["role"] for each in accounts}
    for each in accounts:
        passwords.check(each["password"], known=[each["email"]])


def test_units_stand_as_their_last_grant_left_them(seeded):
    wrong = one(
        "select count(*) from unit u where (u.status = 'active') <> exists (select 1 from access_grant g"
        " where g.unit_id = u.id and g.ended_at is null and g.revoked_at is null and g.during @> now())"
    )
    assert wrong == 0
    late = one(
        "select count(*) from unit u where u.status = 'active' and u.expires_at <>"
        " (select max(upper(g.during)) from access_grant g where g.unit_id = u.id)"
    )
    assert late == 0


def test_every_paid_grant_is_covered_by_its_payment(seeded):
    short = one(
        "select count(*) from access_grant g join payment p on p.id = g.payment_id join payment_intent i"
        " on i.id = p.intent_id where extract(epoch from upper(g.during) - lower(g.during)) / 60"
        " <> (p.amount - p.remainder) / i.price * i.period_minutes or not p.counted"
        " or i.status not in ('succeeded', 'part_refunded')"
    )
    assert short == 0
    assert (
        one(
            "select count(*) from payment p join payment_intent i on i.id = p.intent_id where p.counted"
            " and i.purpose = 'unit_access' and p.id not in (select payment_id from access_grant"
            " where payment_id is not null)"
        )
        == 0
    )


def test_revenue_is_what_was_kept_of_the_payments_and_what_was_billed(seeded):
    kept = one(
        "select sum(p.amount - p.remainder - p.refunded) from payment p join payment_intent i on i.id = p.intent_id"
        f" where p.counted and i.purpose = 'unit_access' and p.asset_id = '{HOTEL.id}'"
    )
    billed = one(
        "select sum(case kind when 'invoice' then amount when 'sale' then paid end) from bill"
        f" where status <> 'cancelled' and asset_id = '{HOTEL.id}'"
    )
    # a night that was slept is earned whether or not it is paid; those of the doors were earned by their payments
    slept = one("select sum(amount - tax) from folio_line where kind = 'charge' and by <> 'sandbox'")
    assert revenue.total_revenue(HOTEL.id) == kept + billed + slept
    assert min(kept, billed) > 0
    assert one("select count(*) from payment where not counted") == 2


def test_the_hotel_is_neither_empty_nor_full(seeded):
    standing = occupancy.standing([HOTEL.id])[HOTEL.id]
    assert 0.3 < standing.share < 0.95
    assert 0 < standing.expected_yield < standing.full_yield


def test_the_hotels_calendar_is_what_was_sold_and_its_board_is_lively(seeded):
    off = one(
        "select count(*) from inventory_calendar c left join (select n.room_type_id, n.night,"
        " count(*) filter (where s.status <> 'held') as booked, count(*) filter (where s.status = 'held') as held"
        " from stay_night n join stay s on s.id = n.stay_id where not n.released group by 1, 2) n"
        " on n.room_type_id = c.room_type_id and n.night = c.night"
        " where (c.booked, c.held) <> (coalesce(n.booked, 0), coalesce(n.held, 0)) or c.forced > 0"
    )
    assert off == 0
    assert one("select count(*) from stay_night n left join inventory_calendar c using (room_type_id, night)"
               " where c.night is null") == 0  # fmt: skip
    today = f"(select business_date from asset where id = '{HOTEL.id}')"
    for board in (
        f"status = 'confirmed' and arrival = {today}", f"status = 'in_house' and departure = {today}",
        "status = 'held'", f"status = 'confirmed' and room_id is null and arrival = {today}",
    ):  # fmt: skip
        assert one(f"select count(*) from stay where asset_id = '{HOTEL.id}' and {board}") > 0, board
    assert one("select count(*) from room where status = 'dirty'") > 3
    assert one("select count(*) from business_day where state = 'open'") == 1


def test_bills_stand_as_what_came_for_them_left_them(seeded):
    wrong = one(
        "select count(*) from bill b where b.paid <> (select coalesce(sum(p.amount), 0) from payment p"
        " join payment_intent i on i.id = p.intent_id where i.subject_id = b.id)"
    )
    assert wrong == 0
    assert one("select count(distinct status) from bill") == 4
    assert one("select count(*) from bill where status in ('open', 'part_paid') and due_on < current_date") == 1
    last = one(f"select last_number from document_series where name = 'bill' and scope_id = '{HOTEL.id}'")
    assert last == one(f"select max(number) from bill where asset_id = '{HOTEL.id}'") == 9


def test_payouts_are_booked_as_they_ended_and_one_waits(seeded):
    found = db.session.execute(text("select status, count(*) from payout group by 1 order by 1")).all()
    assert [tuple(each) for each in found] == [("draft", 1), ("failed", 1), ("success", 1)]
    assert one("select count(*) from payout where approved_by = requested_by") == 0
    reserved = (
        "select coalesce(sum(p.amount), 0) from ledger_posting p join ledger_account a on a.id = p.account_id"
        " where a.code = '1190'"
    )
    assert one(reserved) == 0
    assert one("select sum(amount) from sandbox_transfer where status = 'success'") == one(
        "select sum(amount) from payout where status = 'success'"
    )


def test_commands_are_numbered_without_gaps(seeded):
    assert (
        one(
            "select count(*) from unit u where u.command_seq <>"
            " (select count(*) from device_command c where c.unit_id = u.id)"
        )
        == 0
    )


def test_the_clockwork_finds_nothing_to_mend_in_it(seeded):
    for job in SCHEDULE:
        while job.run() and job.batches:
            pass
    # what is asked again every few seconds may be due once more by now, but not twice
    assert [job.name for job in SCHEDULE if job.run() and job.run()] == []
    seal()
    assert check_chain().intact


def test_the_provider_has_the_same_month_but_for_two_slips(seeded):
    nightly = next(job for job in SCHEDULE if job.name == "comparisons of the night")
    under_way = next(job for job in SCHEDULE if job.name == "comparisons under way")
    assert nightly.run() == 3  # of the provider, and of the cash and the cards that guests paid with
    while under_way.run():
        pass
    found = db.session.execute(text("select kind, count(*) from reconciliation_difference group by 1 order by 1")).all()
    assert [tuple(each) for each in found] == [("fee_differs", 1), ("missing_here", 1)]
    assert one("select sum(amount) from ledger_posting") == 0


def test_money_goes_back_waits_for_somebody_and_is_disputed(seeded):
    assert one("select string_agg(status, ' ' order by status) from refund") == "processed requested"
    assert one("select count(*) from dispute where status = 'open' and due_at > now()") == 1
    assert one("select sum(amount) from ledger_posting") == 0


def test_places_have_rules_of_their_own_that_stand_when_written_again(seeded):
    rules = [*alert_queries.rules_of(HOTEL.id), *alert_queries.rules_of(FLEET.id)]
    assert {rule.kind for rule in rules} == set(RuleKind)
    for rule in rules:
        assert rule_conditions.read(rule.kind, rule.condition, unit_kind=rule.unit_kind) == rule.condition
