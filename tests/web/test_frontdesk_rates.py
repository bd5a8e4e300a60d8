"""The pages of rates: a grid to type in, many nights looked at before they are changed, plans and terms."""

import re
from datetime import date, timedelta

import pytest

from portal.core.db import db
from portal.shared.identity.models import Role
from portal.trades.hotel.models import CancelPolicy, HotelTax, Promotion, RateChange, RatePlan, Restriction
from portal.trades.hotel.queries.inventory import room_type_at
from portal.trades.hotel.queries.quotes import plan_at, quote, rate_plans
from portal.trades.hotel.queries.rates import rates_of
from tests.factories import hotel
from tests.web.test_frontdesk_settings import browser

TODAY = hotel.TODAY
MONDAY = date(2026, 3, 9)


@pytest.fixture
def place(session):
    return hotel.ber(days=60)


@pytest.fixture
def desk(app, wired, place):
    """A manager's browser."""
    return browser(app, place, Role.MANAGER)


def base(place, path=""):
    return f"/frontdesk/{place.asset_number}/rates{path}"


def cell(place, kind="p", night=MONDAY, type="DBL"):
    return f"{kind}.{room_type_at(place.id, type).id}.{night.isoformat()}"


def price(place, plan="BAR", night=MONDAY):
    found = quote(
        place, room_type_at(place.id, "DBL"), plan_at(place.id, plan), night, night + timedelta(days=1), adults=1
    )
    return found.room_total


def test_a_hotel_without_types_or_plans_is_told_what_comes_first(app, wired, session):
    bare = hotel.hotel({})
    desk = browser(app, bare, Role.MANAGER)
    assert "No room types yet" in desk.get(base(bare)).text
    place = hotel.hotel({"DBL": ("Double", 2, ["1"])})
    desk = browser(app, place, Role.MANAGER)
    assert "Add the first plan" in desk.get(base(place)).text
    said = {
        "/plans": "No rate plan yet", "/policies": "No terms yet", "/taxes": "No taxes yet",
        "/promotions": "No promotions yet", "/prices": "No plan with prices", "/limits": "All plans",
    }  # fmt: skip
    for path, words in said.items():
        assert words in desk.get(base(place, path)).text, path


def test_the_grid_shows_a_plans_prices_and_what_limits_it_and_little_is_asked_for_it(desk, place, count_queries):
    hotel.restrict(place, MONDAY, min_arrival=2)
    hotel.restrict(place, MONDAY, plan="BAR", type="DBL", closed_to_arrival=True)
    with count_queries() as sent:
        shown = desk.get(base(place, "?from=2026-03-09&days=31")).text
    assert len(sent) <= 16, sent
    assert f'name="{cell(place)}" value="100.00"' in shown
    assert f'name="{cell(place, "r")}" value="cta" placeholder="min2"' in shown
    assert 'value="130.00"' in shown
    derived = desk.get(base(place, "?plan=NRF&from=2026-03-09")).text
    assert "Non-refundable follows: BAR −10%" in derived
    assert f'name="{cell(place)}"' not in derived
    assert ">90.00</a>" in derived
    everything = desk.get(base(place, "?plan=-&from=2026-03-09")).text
    assert f'name="{cell(place, "r")}" value=""' in everything
    for strange in ("?plan=zzz&from=never&days=x", "?from=9999-12-31", "?from=0001-01-01"):
        assert desk.get(base(place, strange)).status_code == 200


@pytest.mark.parametrize("path", ["/plans", "/policies", "/taxes", "/promotions", "/prices", "/why/NRF/DBL/2026-03-09"])
def test_its_other_pages_ask_for_little_too(desk, place, count_queries, path):
    with count_queries() as sent:
        assert desk.get(base(place, path)).status_code == 200
    assert len(sent) <= 18, sent


def test_cells_are_typed_and_taken_back_whole(desk, place):
    sent = {
        cell(place): "150", cell(place, night=MONDAY + timedelta(days=1)): "", cell(place, "r"): "min2 q5",
        cell(place, type="SGL"): "70.00", "p.nonsense": "1", "zzz": "1",
    }  # fmt: skip
    answer = desk.post(base(place, "?plan=BAR&from=2026-03-09"), data=sent)
    assert answer.status_code == 303
    assert answer.location.endswith("?plan=BAR&from=2026-03-09")
    assert db.session.query(Restriction).one().quota == 5
    written = rates_of(plan_at(place.id, "BAR").id, [room_type_at(place.id, "DBL").id], MONDAY, date(2026, 3, 12))
    assert sorted((key[1].day, rate[0]) for key, rate in written.items()) == [(9, 15_000), (11, 10_000)]
    shown = desk.get(answer.location).text
    assert "3 cells are changed." in shown
    undo = re.search(r'name="changes" value="([^"]+,[^"]+)"', shown)[1]
    assert desk.post(base(place, "/undo"), data={"changes": undo}).status_code == 303
    assert price(place) == 10_000
    assert db.session.query(Restriction).count() == 0
    assert desk.post(base(place, "/undo"), data={"changes": undo}).status_code == 409
    assert desk.post(base(place, "/undo"), data={"changes": "x"}).status_code == 422


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("p", "a hundred", "price"),
        ("p", "-5", "at least"),
        ("p", "1.234", "decimals"),
        ("r", "min", "is no restriction"),
        ("r", "<b>", "is no restriction"),
    ],
)
def test_a_cell_that_cannot_be_meant_changes_nothing_and_is_shown_again(desk, place, kind, typed, said):
    wrong = cell(place, kind)
    other = cell(place, night=MONDAY + timedelta(days=1))
    answer = desk.post(base(place, "?from=2026-03-09"), data={wrong: typed, other: "180"})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'href="#{wrong}"' in answer.text
    assert 'value="180"' in answer.text
    assert db.session.query(RateChange).count() == 0


def test_nights_that_are_over_and_plans_that_follow_cannot_be_typed(desk, place):
    assert desk.post(base(place), data={cell(place, night=date(2026, 3, 1)): "1"}).status_code == 422
    desk.post(base(place, "?plan=NRF"), data={cell(place): "1"})
    assert price(place, "NRF") == 9_000


def test_the_grid_is_a_sheet_to_take_away(desk, place):
    sheet = desk.get(base(place, ".csv?plan=NRF&from=2026-03-13&days=7"))
    assert sheet.text.splitlines()[:2] == ["plan,room_type,night,price,restrictions", "NRF,DBL,2026-03-13,117.00,"]


def many(place, **changes):
    types = [str(room_type_at(place.id, "DBL").id)]
    plan = str(plan_at(place.id, "BAR").id)
    return {"plan": plan, "types": types, "start": "2026-03-09", "end": "2026-03-22", "weekdays": ["4", "5"],
            "column": "price", "how": "percent", "value": "10", "rounding": "5", **changes}  # fmt: skip


def test_a_weekend_is_looked_at_then_changed_then_taken_back(desk, place):
    fresh = desk.get(base(place, "/prices?plan=BAR")).text
    assert 'value="2026-03-02"' in fresh
    looked = desk.get(base(place, "/prices"), query_string=many(place)).text
    assert "4 nights would change" in looked
    assert "130.00</del>" in looked
    assert ">145.00</ins>" in looked
    seen = re.search(r'name="seen" value="(\w+)"', looked)[1]
    answer = desk.post(base(place, "/prices"), data=many(place, seen=seen))
    assert answer.status_code == 303
    assert price(place, night=date(2026, 3, 13)) == 14_500
    assert price(place, night=MONDAY) == 10_000
    shown = desk.get(answer.location).text
    assert "4 nights are changed." in shown
    assert "+10% · BAR · DBL · Fri, Sat · 4 nights" in shown
    again = desk.post(base(place, "/prices"), data=many(place, seen=seen))
    assert again.status_code == 422
    assert "Somebody changed some of these meanwhile" in again.text
    assert price(place, night=date(2026, 3, 13)) == 14_500
    edit = db.session.query(RateChange).one()
    assert desk.post(base(place, "/undo"), data={"changes": str(edit.id)}).status_code == 303
    assert price(place, night=date(2026, 3, 13)) == 13_000


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value": ""}, "Enter the figure"),
        ({"value": "ten"}, "must be a number"),
        ({"types": []}, "Choose the room types"),
        ({"weekdays": []}, "other days of the week"),
        ({"end": "2026-03-01"}, "The last day is before the first"),
        ({"plan": "nothing"}, "Choose one from the list"),
        ({"how": "set", "value": "1.234"}, "more exact than the currency"),
        ({"start": "2026-02-01"}, "Nights that are over"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_changed(desk, place, changes, said):
    for answer in (
        desk.get(base(place, "/prices"), query_string=many(place, **changes)),
        desk.post(base(place, "/prices"), data=many(place, seen="0", **changes)),
    ):
        if answer.status_code == 200:
            assert "start" in changes  # looking back is allowed
            continue
        assert answer.status_code == 422
        assert said in answer.text
    assert db.session.query(RateChange).count() == 0


def test_limits_are_set_and_lifted_the_same_way(desk, place):
    asked = {**many(place, plan=""), "rule": "cta min2", "lifted": []}
    looked = desk.get(base(place, "/limits"), query_string=asked).text
    assert "4 nights would change" in looked
    seen = re.search(r'name="seen" value="(\w+)"', looked)[1]
    assert desk.post(base(place, "/limits"), data={**asked, "seen": seen}).status_code == 303
    assert {(each.min_arrival, each.closed_to_arrival) for each in db.session.query(Restriction)} == {(2, True)}
    asked |= {"rule": "", "lifted": ["closed_to_arrival", "min_arrival"]}
    seen = re.search(r'name="seen" value="(\w+)"', desk.get(base(place, "/limits"), query_string=asked).text)[1]
    assert desk.post(base(place, "/limits"), data={**asked, "seen": seen}).status_code == 303
    assert db.session.query(Restriction).count() == 0
    assert desk.get(base(place, "/limits"), query_string={**asked, "rule": "zzz"}).status_code == 422


def a_plan(**changes):
    return {"once": "one", "code": "mem", "name": "Members", "parent": "", "derive_kind": "percent",
            "derive_value": "-15", "rounding": "5", "policy": "", "meal": "breakfast",
            "package": "Breakfast; 15.00; person", "sell_from": "", "sell_until": "", "public": "y",
            **changes}  # fmt: skip


def test_a_plan_is_added_changed_retired_and_sold_again(desk, place):
    bar = plan_at(place.id, "BAR")
    assert desk.post(base(place, "/plans/new"), data=a_plan(parent=str(bar.id))).status_code == 303
    plan = db.session.query(RatePlan).filter_by(code="MEM").one()
    assert (plan.derive_value, plan.rounding, plan.meal) == (-150_000, 500, "breakfast")
    assert plan.package == [{"code": "BREAKFAST", "words": "Breakfast", "amount": 1_500, "per": "person"}]
    shown = desk.get(base(place, "/plans")).text
    assert shown.index("BAR") < shown.index("BAR −15%")
    assert "€85.00" in shown
    form = desk.get(base(place, f"/plans/{plan.id}")).text
    assert 'value="-15"' in form
    assert "Breakfast; 15.00; person" in form
    sent = a_plan(parent=str(bar.id), derive_kind="amount", derive_value="-5.50", package="")
    assert desk.post(base(place, f"/plans/{plan.id}"), data=sent).status_code == 303
    assert (plan.derive_value, plan.package) == (-550, [])
    why = desk.get(base(place, "/why/MEM/DBL/2026-03-09")).text
    assert "BAR as written in the grid" in why
    assert "€95.00" in why
    assert desk.post(base(place, f"/plans/{plan.id}/retire")).status_code == 303
    assert [each.code for each in rate_plans(place.id)] == ["BAR", "NRF"]
    assert "Sold no more" in desk.get(base(place, "/plans")).text
    assert desk.post(base(place, f"/plans/{plan.id}/restore")).status_code == 303
    assert desk.post(base(place, f"/plans/{bar.id}/retire")).status_code == 409


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": "bar"}, "rate plan of that code already"),
        ({"code": ""}, "Enter the code"),
        ({"derive_value": "-101"}, "−100%"),
        ({"derive_value": "x"}, "must be a number"),
        ({"package": "Breakfast 15"}, "Write each line as"),
        ({"package": "Breakfast; x; person"}, "Breakfast"),
        ({"sell_from": "2026-04-02", "sell_until": "2026-04-01"}, "The last day is before the first"),
    ],
)
def test_a_plan_that_cannot_be_is_said_at_its_field(desk, place, changes, said):
    parent = str(plan_at(place.id, "BAR").id)
    answer = desk.post(base(place, "/plans/new"), data=a_plan(**{"parent": parent, **changes}))
    assert answer.status_code == 422
    assert said in answer.text
    assert len(rate_plans(place.id)) == 2


def test_a_plan_made_its_own_ancestor_is_refused_on_the_page(desk, place):
    """Scenario 11, through its page."""
    bar, nrf = plan_at(place.id, "BAR"), plan_at(place.id, "NRF")
    answer = desk.post(base(place, f"/plans/{bar.id}"), data=a_plan(parent=str(nrf.id)))
    assert answer.status_code == 422
    assert "BAR would follow itself" in answer.text or "Members would follow itself" in answer.text


def test_terms_of_cancelling_have_their_list_and_form(desk, place):
    sent = {"once": "one", "name": "Strict", "free_days": "", "free_until_minute": "18:00", "late_kind": "percent",
            "late_value": "80", "no_show_kind": "all", "no_show_value": ""}  # fmt: skip
    assert desk.post(base(place, "/policies/new"), data=sent).status_code == 303
    made = db.session.query(CancelPolicy).filter_by(name="Strict").one()
    shown = desk.get(base(place, "/policies")).text
    assert "Never free" in shown
    assert "80% of the stay" in shown
    assert "Free until 18:00, 2 days before" in shown
    assert 'value="80"' in desk.get(base(place, f"/policies/{made.id}")).text
    assert desk.post(base(place, f"/policies/{made.id}"), data={**sent, "free_days": "1"}).status_code == 303
    assert "Free until 18:00 the day before" in desk.get(base(place, "/policies")).text
    assert desk.post(base(place, "/policies/new"), data={**sent, "once": "2", "late_value": ""}).status_code == 422
    assert desk.post(base(place, f"/policies/{made.id}/remove")).status_code == 303
    flex = db.session.query(CancelPolicy).one()
    assert desk.post(base(place, f"/policies/{flex.id}/remove")).status_code == 409


def test_taxes_have_their_list_and_form(desk, place):
    sent = {"once": "one", "name": "VAT 7%", "kind": "percent", "value": "7", "inclusive": "y", "applies_to": "room",
            "from_on": "2026-01-01", "until_on": ""}  # fmt: skip
    assert desk.post(base(place, "/taxes/new"), data=sent).status_code == 303
    city = {**sent, "once": "two", "name": "City tax", "kind": "per_person", "value": "2.5", "from_on": "2026-07-01"}
    del city["inclusive"]
    assert desk.post(base(place, "/taxes/new"), data=city).status_code == 303
    shown = desk.get(base(place, "/taxes")).text
    assert "7% in the price" in shown
    assert "€2.50 a person and night" in shown
    vat = db.session.query(HotelTax).filter_by(kind="percent").one()
    assert 'value="7"' in desk.get(base(place, f"/taxes/{vat.id}")).text
    assert "VAT 7%" in desk.get(base(place, "/why/BAR/DBL/2026-03-09")).text
    assert desk.post(base(place, "/taxes/new"), data={**sent, "once": "3", "value": "0"}).status_code == 422
    assert desk.post(base(place, f"/taxes/{vat.id}/remove")).status_code == 303
    assert vat.until_on == TODAY


def test_promotions_have_their_list_and_form(desk, place):
    sent = {"once": "one", "name": "Spring", "code": "", "kind": "percent", "value": "10", "plan": "", "room_type": "",
            "min_nights": "1", "stay_from": "2026-03-09", "last_night": "2026-03-09", "book_from": "2026-03-01",
            "book_until": "2026-03-31"}  # fmt: skip
    assert desk.post(base(place, "/promotions/new"), data=sent).status_code == 303
    spring = db.session.query(Promotion).one()
    assert (price(place), price(place, night=MONDAY + timedelta(days=1))) == (9_000, 10_000)
    assert "10% off" in desk.get(base(place, "/promotions")).text
    assert 'value="2026-03-09"' in desk.get(base(place, f"/promotions/{spring.id}")).text
    assert desk.post(base(place, f"/promotions/{spring.id}"), data={**sent, "value": "20"}).status_code == 303
    assert price(place) == 8_000
    assert desk.post(base(place, f"/promotions/{spring.id}/end")).status_code == 303
    assert price(place) == 10_000
    assert desk.post(base(place, f"/promotions/{spring.id}/renew")).status_code == 303
    for wrong in ({"value": "101"}, {"last_night": "2026-03-08"}, {"name": ""}, {"kind": "x"}):
        answer = desk.post(base(place, "/promotions/new"), data={**sent, "once": "two", "name": "Other", **wrong})
        assert answer.status_code == 422


def test_another_hotels_plans_and_terms_are_not_there(desk, place):
    other = hotel.ber(name="Hotel Havel", days=30)
    plan, policy = plan_at(other.id, "BAR"), db.session.query(CancelPolicy).filter_by(asset_id=other.id).one()
    assert desk.get(base(place, f"/policies/{policy.id}")).status_code == 404
    assert desk.post(base(place, f"/policies/{policy.id}/remove")).status_code == 404
    assert desk.get(base(place, f"/plans/{plan.id}")).status_code in (404, 409)
    assert desk.post(base(place, f"/plans/{plan.id}/retire")).status_code in (404, 409)
    foreign = f"p.{room_type_at(other.id, 'DBL').id}.2026-03-09"
    desk.post(base(place), data={foreign: "1"})
    assert price(other) == 10_000
