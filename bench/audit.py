"""Night audit: a house of 300 guests is charged its night and the day is closed, beside a house of 30."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

from bench.ground import Ground
from bench.twins import copy_of
from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.trades.hotel.models import FolioLine
from portal.trades.hotel.services import night_audit
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.factories.folios import full_house

GUESTS = 300
BUDGET = 2.0


def run(ground: Ground) -> None:
    """Prints how long closing takes for a small house and for a large one, and whether that is within the budget."""
    took = {}
    for guests in (30, GUESTS):
        with copy_of(ground, f"audit_{guests}") as app, app.app_context():
            took[guests] = closed(guests)
            print(f"  {guests:4} guests  {took[guests]:.2f} s  {guests / took[guests]:7.0f} nights/s")
    said = "within" if took[GUESTS] < BUDGET else "BEYOND"
    print(f"  {said} the {BUDGET:.0f} s for {GUESTS} guests")


def closed(guests: int) -> float:
    """Seconds that closing the day of a full house takes."""
    with clock_set_to(datetime(2026, 3, 3, 0, 30, tzinfo=UTC)):
        place = full_house(guests)
        begun = time.monotonic()
        night_audit.close_day(asset_id=place.id, day=hotel.TODAY, actor=ACTOR)
        took = time.monotonic() - begun
        assert db.session.query(FolioLine).filter_by(asset_id=place.id, night=date(2026, 3, 2)).count() == guests
    return took
