"""Folios: what a guest owes is added up, moved between payers, corrected by other lines, and the books balance."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.gateways.base import ChargeStatus
from portal.shared.customers.queries import get_customer
from portal.shared.ledger import chart
from portal.shared.payments.errors import RefundTooLarge
from portal.shared.payments.models import BillKind
from portal.shared.payments.queries import find_payment_of
from portal.shared.payments.services import desk, intents, refunds, settlement
from portal.trades.hotel.errors import (
    AlreadyDone,
    AmountWrong,
    FolioClosed,
    FolioOpen,
    LeaveNeeded,
    NoSuchFolio,
    ReasonMissing,
    WrongStatus,
)
from portal.trades.hotel.models import ChargeCode, LineKind, StayNight
from portal.trades.hotel.queries.folios import balance_of, balances, get_folio, money_of
from portal.trades.hotel.services import dating, folio_closing, folio_invoices, folio_money, folio_moves, folios
from tests.factories import assets, hotel
from tests.factories import folios as made
from tests.factories.assets import ACTOR
from tests.factories.bills import booked, credit, credit_booked
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once
from tests.payments.test_settle import charge as told

NINTH, TENTH, ELEVENTH, TWELFTH, THIRTEENTH = (date(2026, 3, day) for day in (9, 10, 11, 12, 13))


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


@pytest.fixture
def place(session):
    return hotel.ber()


@pytest.fixture
def stay(place):
    """A guest in house for three nights at 100."""
    return made.check_in(hotel.stay(place, NINTH, TWELFTH))


def whole(place):
    """That the books of a place balance, and agree with its folios."""
    sums = db.session.execute(text("select coalesce(sum(amount), 0) from ledger_posting")).scalar()
    lines = db.session.execute(text("select coalesce(sum(l.amount), 0) from folio_line l join folio f on f.id = "
                                    "l.folio_id where not f.waiting")).scalar()  # fmt: skip
    return sums == 0 and booked(place, chart.GUEST_LEDGER) == lines


def test_a_night_is_charged_at_its_agreed_price_and_once(place, stay):
    """Scenario 25: VAT within 107.00 is 7.00. The night's taxes are those that were agreed with it."""
    vat = {"name": "VAT", "amount": 654, "inclusive": True, "rate_ppm": 70_000}
    city = {"name": "City tax", "amount": 300, "inclusive": False, "rate_ppm": None}
    night = db.session.get(StayNight, (stay.id, NINTH))
    night.taxes = [vat, city]
    db.session.commit()
    for _n in range(2):
        made.charge_nights(stay, NINTH)
    lines = made.all_lines(stay)
    assert [(line.code, line.amount, line.tax, line.tax_ppm) for line in lines] == [
        ("room", 10_000, 654, 70_000),
        ("tax", 300, 300, None),
    ]
    assert booked(place, chart.ROOMS) == 9_346
    assert booked(place, chart.TAXES) == 954
    assert balances([stay.id]) == {stay.id: 10_300}
    assert whole(place)


def test_extras_come_from_the_hotels_list_with_their_tax(place, stay):
    """Scenario 25: VAT-inclusive 7 % of 107.00 is 7.00."""
    db.session.add(ChargeCode(asset_id=place.id, code="breakfast", name="Breakfast", price=10_700, tax_ppm=70_000))
    db.session.add(ChargeCode(asset_id=place.id, code="spa", name="Spa", price=5_000, tax_ppm=190_000, inclusive=False))
    db.session.commit()
    line = folios.post_charge(stay_id=stay.id, code="breakfast", actor=ACTOR)
    assert (line.words, line.amount, line.tax) == ("Breakfast", 10_700, 700)
    folios.post_charge(stay_id=stay.id, code="spa", quantity=2, actor=ACTOR)
    assert [(each.words, each.amount, each.tax) for each in made.all_lines(stay)[1:]] == [
        ("2 × Spa", 10_000, 0),
        ("Tax on 2 × Spa", 1_900, 1_900),
    ]
    assert booked(place, chart.EXTRAS) == 20_000
    with pytest.raises(AmountWrong, match="more than nothing"):
        folios.post_charge(stay_id=stay.id, code="damage", actor=ACTOR)
    for _n in range(2):
        folios.post_charge(stay_id=stay.id, code="damage", amount=100, key=f"once:{stay.id}", actor=ACTOR)
    assert balance_of(made.folio(stay).id) == 22_700
    assert whole(place)


def test_sixty_of_a_hundred_go_to_the_company_and_the_sums_stay(place, stay):
    """Scenario 25."""
    company = made.company(stay)
    line = made.charge(stay, 10_000)
    folio_moves.transfer(asset_id=place.id, line_id=line.id, to=company.id, amount=6_000, actor=ACTOR)
    guest = made.folio(stay)
    assert (balance_of(guest.id), balance_of(company.id)) == (4_000, 6_000)
    assert balances([stay.id]) == {stay.id: 10_000}
    with pytest.raises(AmountWrong, match=r"40\.00 EUR"):
        folio_moves.transfer(asset_id=place.id, line_id=line.id, to=company.id, amount=4_001, actor=ACTOR)
    back = next(each for each in made.all_lines(stay) if each.folio_id == company.id)
    with pytest.raises(WrongStatus, match="Move it back first"):
        folio_moves.reverse(asset_id=place.id, line_id=line.id, reason="Not theirs", actor=ACTOR)
    folio_moves.transfer(asset_id=place.id, line_id=back.id, to=guest.id, actor=ACTOR)
    folio_moves.reverse(asset_id=place.id, line_id=line.id, reason="Not theirs", actor=ACTOR)
    assert (balance_of(guest.id), balance_of(company.id)) == (0, 0)
    assert whole(place)


def test_a_charge_is_shared_to_the_last_cent(place, stay):
    """Scenario 25: 100.00 split over three is 33.34 + 33.33 + 33.33."""
    others = [
        made.company(stay),
        folios.open_window(stay_id=stay.id, name="Agent", payer_id=stay.guest_id, actor=ACTOR),
    ]
    line = made.charge(stay, 10_000)
    folio_moves.split_line(asset_id=place.id, line_id=line.id, among=[each.id for each in others], actor=ACTOR)
    windows = [made.folio(stay), *others]
    assert [balance_of(each.id) for each in windows] == [3_334, 3_333, 3_333]
    assert whole(place)


def test_charges_go_by_themselves_to_who_pays_their_kind(place, stay):
    company = made.company(stay, "room", "tax")
    made.charge_nights(stay, NINTH)
    made.charge(stay)
    assert (made.amounts(company), made.amounts(made.folio(stay))) == ([10_000], [1_000])


def test_a_charge_is_taken_back_once_on_the_day_that_is_open(place, stay):
    """Scenario 19: posted lines are neither updated nor deleted; a correction is a reversal, once only."""
    made.charge_nights(stay, NINTH)
    line = made.all_lines(stay)[0]
    with pytest.raises(ReasonMissing):
        folio_moves.reverse(asset_id=place.id, line_id=line.id, reason=" ", actor=ACTOR)
    folio_moves.reverse(asset_id=place.id, line_id=line.id, reason="Heating broken", actor=ACTOR)
    with pytest.raises(AlreadyDone):
        folio_moves.reverse(asset_id=place.id, line_id=line.id, reason="Heating broken", actor=ACTOR)
    assert made.amounts(made.folio(stay)) == [10_000, -10_000]
    assert booked(place, chart.ROOMS) == 0
    assert whole(place)
    for change in ("update folio_line set amount = 1", "delete from folio_line"):
        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.execute(text(change))


def test_a_folio_closes_at_nothing_or_leaves_what_is_owed_to_its_payer(place, stay):
    """Scenario 25: closing with an open balance is refused unless reason + permission; closed takes no line."""
    guest, line = made.folio(stay), made.charge(stay, 5_000)
    with pytest.raises(LeaveNeeded, match=r"50\.00 EUR is still owed"):
        folio_closing.close(folio_id=guest.id, reason="Later", actor=ACTOR)
    with pytest.raises(ReasonMissing):
        folio_closing.close(folio_id=guest.id, allowed=True, actor=ACTOR)
    folio_closing.close(folio_id=guest.id, reason="Pays at the end of the month", allowed=True, actor=ACTOR)
    assert booked(place, chart.owed_by(guest.payer_id)) == 5_000
    assert booked(place, chart.GUEST_LEDGER) == 0
    for change in (
        lambda: made.charge(stay),
        lambda: folio_moves.reverse(asset_id=place.id, line_id=line.id, reason="x", actor=ACTOR),
    ):
        with pytest.raises(FolioClosed):
            change()
    by_hand = "insert into folio_line (id, asset_id, folio_id, kind, code, words, business_date, amount, by) select"
    by_hand += " gen_random_uuid(), asset_id, id, 'charge', 'x', 'x', '2026-03-02', 1, 'x' from folio"
    with pytest.raises(DBAPIError, match="is closed"), db.session.begin_nested():
        db.session.execute(text(by_hand))
    folio_money.take(folio_id=guest.id, way="cash", amount=2_000, actor=ACTOR)
    assert booked(place, chart.owed_by(guest.payer_id)) == 3_000
    with pytest.raises(WrongStatus, match="has been paid since"):
        folio_closing.reopen(folio_id=guest.id, reason="Mistake", actor=ACTOR)
    assert whole(place)


def test_a_folio_left_owing_by_mistake_is_opened_again_with_what_it_owes(place, stay):
    guest, _line = made.folio(stay), made.charge(stay, 5_000)
    folio_closing.close(folio_id=guest.id, reason="Later", allowed=True, actor=ACTOR)
    folio_closing.reopen(folio_id=guest.id, reason="Mistake", actor=ACTOR)
    assert balance_of(guest.id) == 5_000
    folio_money.take(folio_id=guest.id, way="cash", amount=6_000, tendered=10_000, actor=ACTOR)
    with pytest.raises(FolioOpen, match=r"10\.00 EUR too much"):
        folio_closing.close(folio_id=guest.id, actor=ACTOR)
    folio_money.keep_as_credit(folio_id=guest.id, amount=1_000, actor=ACTOR)
    assert credit_booked(place, guest.payer_id) == 1_000
    folio_closing.close(folio_id=guest.id, actor=ACTOR)
    assert get_folio(place.id, guest.id).status == "closed"
    assert whole(place)


def test_every_way_of_paying_is_one_line(place, stay):
    guest, _line = made.folio(stay), made.charge(stay, 50_000)
    folio_money.take(folio_id=guest.id, way="cash", amount=10_000, actor=ACTOR)
    folio_money.take(folio_id=guest.id, way="card", amount=10_000, slip="771", actor=ACTOR)
    bill = folio_money.ask(folio_id=guest.id, amount=20_000, actor=ACTOR)
    assert bill.kind == BillKind.FOLIO
    opened = intents.open_intent(
        purpose="bill", subject_id=bill.id, amount=20_000, payer_email="guest@example.com", actor=ACTOR
    ).intent
    for _n in range(5):  # scenario 23: the message comes five times, and there is one payment line
        settlement.settle(charge=told(opened), provider="sandbox", via="webhook", actor=ACTOR)
    assert made.amounts(guest) == [50_000, -10_000, -10_000, -20_000]
    lines = made.all_lines(stay)
    assert [line.code for line in lines] == ["minibar", "cash", "card", "sandbox"]
    assert lines[3].payment_id == find_payment_of(opened.id).id
    assert booked(place, chart.CASH) == 10_000
    assert money_of([stay.id])[stay.id].paid == 40_000
    assert whole(place)


def test_credit_pays_a_folio_and_its_bill(place):
    stay = made.check_in(hotel.stay(place, NINTH, TENTH))
    guest, _line = made.folio(stay), made.charge(stay, 5_000)
    get_customer(stay.guest_id).email = "ada@example.com"
    db.session.commit()
    credit(place, 4_000)
    folio_money.spend_credit(folio_id=guest.id, amount=1_000, actor=ACTOR)
    bill = folio_money.ask(folio_id=guest.id, amount=3_000, actor=ACTOR)
    desk.spend_credit(bill_id=bill.id, amount=3_000, actor=ACTOR)
    assert made.amounts(guest) == [5_000, -1_000, -3_000]
    assert credit_booked(place, guest.payer_id) == 0
    assert whole(place)


def test_a_deposit_is_held_until_the_guest_comes(place):
    stay = hotel.stay(place, NINTH, TWELFTH)
    guest = made.folio(stay)
    folio_money.take(folio_id=guest.id, way="cash", amount=30_000, actor=ACTOR)
    assert booked(place, chart.DEPOSITS) == 30_000
    assert made.all_lines(stay)[0].kind == "deposit"
    money = money_of([stay.id])[stay.id]
    assert (money.total, money.paid, money.due) == (30_000, 30_000, 0)
    made.check_in(stay)
    assert booked(place, chart.DEPOSITS) == 0
    assert booked(place, chart.GUEST_LEDGER) == -30_000
    assert whole(place)


def test_a_deposit_goes_back_from_where_it_is_held(place):
    stay = hotel.stay(place, NINTH, TWELFTH)
    taken = folio_money.take(folio_id=made.folio(stay).id, way="cash", amount=30_000, actor=ACTOR)
    refunds.set_limit(asset_id=place.id, approval_above=100_000, actor=ACTOR)
    refunds.request(reference=taken.intent.reference, amount=10_000, reason="One night less", actor=ACTOR, alone=True)
    assert booked(place, chart.DEPOSITS) == 20_000
    assert made.amounts(made.folio(stay)) == [-30_000, 10_000]
    assert booked(place, chart.REFUNDS_GIVEN) == 0
    assert whole(place)


def test_no_more_goes_back_than_came_for_the_folio(place, stay):
    """What became credit does not go back a second time from the drawer."""
    guest = made.folio(stay)
    taken = folio_money.take(folio_id=guest.id, way="cash", amount=40_000, actor=ACTOR)
    refunds.set_limit(asset_id=place.id, approval_above=100_000, actor=ACTOR)
    folio_money.keep_as_credit(folio_id=guest.id, amount=30_000, actor=ACTOR)
    with pytest.raises(RefundTooLarge, match=r"100\.00 EUR"):
        refunds.request(reference=taken.intent.reference, amount=20_000, reason="x", actor=ACTOR, alone=True)
    assert whole(place)


def test_two_tills_give_back_four_hundred_once(app, committed):
    """Scenario 12: refund > 400 in total refused even from two tills at once."""
    place = hotel.ber()
    stay = made.check_in(hotel.stay(place, NINTH, THIRTEENTH))
    taken = folio_money.take(folio_id=made.folio(stay).id, way="cash", amount=40_000, actor=ACTOR)
    refunds.set_limit(asset_id=place.id, approval_above=100_000, actor=ACTOR)

    def give_back():
        refunds.request(reference=taken.intent.reference, amount=25_000, reason="Leaves", actor=ACTOR, alone=True)
        return "given"

    said = at_once(app, tried(give_back), tried(give_back))
    assert sorted(said) == ["given", "refund_too_large"]
    assert made.amounts(made.folio(stay)) == [-40_000, 25_000]


def test_money_taken_back_by_the_provider_is_owed_again(place, stay):
    guest, _line = made.folio(stay), made.charge(stay, 5_000)
    bill = folio_money.ask(folio_id=guest.id, amount=5_000, actor=ACTOR)
    opened = intents.open_intent(
        purpose="bill", subject_id=bill.id, amount=5_000, payer_email="guest@example.com", actor=ACTOR
    ).intent
    settlement.settle(charge=told(opened), provider="sandbox", via="webhook", actor=ACTOR)
    folio_closing.close(folio_id=guest.id, actor=ACTOR)
    gone = told(opened, status=ChargeStatus.REVERSED)
    settlement.settle(charge=gone, provider="sandbox", via="poller", actor=ACTOR)
    assert (get_folio(place.id, guest.id).status, balance_of(guest.id)) == ("open", 5_000)
    assert whole(place)


def test_money_that_comes_after_the_folio_is_closed_waits_for_a_person(place, stay):
    guest, _line = made.folio(stay), made.charge(stay, 5_000)
    bill = folio_money.ask(folio_id=guest.id, amount=5_000, actor=ACTOR)
    opened = intents.open_intent(
        purpose="bill", subject_id=bill.id, amount=5_000, payer_email="guest@example.com", actor=ACTOR
    ).intent
    folio_money.take(folio_id=guest.id, way="cash", amount=5_000, actor=ACTOR)
    folio_closing.close(folio_id=guest.id, actor=ACTOR)
    settlement.settle(charge=told(opened), provider="sandbox", via="webhook", actor=ACTOR)
    db.session.refresh(opened)
    assert (opened.status, opened.review_reason) == ("review", "folio_over")
    assert booked(place, chart.HELD) == 5_000


def test_balances_of_many_stays_are_one_question(place):
    stays = [made.check_in(hotel.stay(place, NINTH, TENTH)) for _n in range(3)]
    for number, stay in enumerate(stays, start=1):
        made.charge(stay, number * 100)
    assert balances([each.id for each in stays]) == {each.id: n * 100 for n, each in enumerate(stays, start=1)}
    assert balances([]) == {}


def test_another_hotels_folio_is_not_there(place, stay):
    other = assets.place(name="Elsewhere")
    with pytest.raises(NoSuchFolio):
        get_folio(other.id, made.folio(stay).id)


def test_a_guest_who_leaves_early_pays_the_nights_used_and_the_fee(session):
    """Scenario 12: 4 x 100 paid 400, 2 nights posted; without a fee 200 to refund, with "one night" 100; balance 0."""
    place = hotel.ber(today=NINTH)
    with clock_set_to(datetime(2026, 3, 9, 14, tzinfo=UTC)):
        stay = made.check_in(hotel.stay(place, NINTH, THIRTEENTH))
        taken = folio_money.take(folio_id=made.folio(stay).id, way="cash", amount=40_000, actor=ACTOR)
        made.charge_nights(stay, NINTH, TENTH)
        dating.shorten(asset_id=place.id, stay_id=stay.id, departure=ELEVENTH, actor=ACTOR)
        assert [hotel.figures(place, night)["booked"] for night in (ELEVENTH, TWELFTH)] == [0, 0]
        assert money_of([stay.id])[stay.id].due == -20_000
        folios.post_charge(stay_id=stay.id, code="early_departure", amount=10_000, kind=LineKind.FEE, actor=ACTOR)
        assert money_of([stay.id])[stay.id].due == -10_000
        refunds.set_limit(asset_id=place.id, approval_above=100_000, actor=ACTOR)
        given = {"reference": taken.intent.reference, "reason": "Left early", "actor": ACTOR, "alone": True}
        with pytest.raises(RefundTooLarge):
            refunds.request(amount=40_001, **given)
        refunds.request(amount=10_000, **given)
        assert balance_of(made.folio(stay).id) == 0
        said = folio_invoices.issue(folio_id=made.folio(stay).id, actor=ACTOR).snapshot
    assert [line["amount"] for line in said["lines"]] == [10_000, 10_000, 10_000]
    assert (said["total"], said["paid"]) == (30_000, 30_000)
    assert whole(place)
