"""All the money in one look: whether the books are sound, and how they stand to the last minor unit."""

from sqlalchemy import func, select

from portal.core.db import db
from portal.reporting import books_check
from portal.shared.assets.models import Asset
from portal.shared.ledger import chart
from portal.shared.ledger.models import Posting
from portal.shared.ledger.queries import standing


def sound() -> bool:
    """Complain unless every posting sums to nothing and `flask ledger verify` finds nothing."""
    db.session.rollback()
    db.session.expire_all()
    assert db.session.scalar(select(func.coalesce(func.sum(Posting.amount), 0))) == 0
    wrong = [said for each in books_check.run() for said in each.wrong]
    assert not wrong, wrong
    return True


def stands(place: Asset, *, currency: str | None = None, customer: object = None) -> dict[str, int]:
    """What stands on each account of a place that money passes through; those with nothing are left out."""
    accounts = {f"at {each}": f"{chart.PROVIDER}:{each}" for each in ("sandbox", "flutterwave", "mpesa")} | {
        "cash": chart.CASH, "bank": chart.BANK, "held": chart.HELD, "hire": chart.HIRE, "sales": chart.SALES,
        "deposits": chart.DEPOSITS, "unclaimed": chart.UNCLAIMED, "refunds": chart.REFUNDS_GIVEN,
        "refunds under way": chart.REFUNDS_ON_THEIR_WAY, "payouts under way": chart.PAYOUTS_ON_THEIR_WAY,
        "charges": chart.PROVIDER_CHARGES, "charges passed on": chart.CHARGES_PASSED_ON,
        "payout charges": chart.PAYOUT_CHARGES, "costs": chart.COSTS, "opening": chart.OPENING,
    }  # fmt: skip
    if customer is not None:
        accounts["credit"] = chart.credit_of(customer)
    found = {
        name: standing(place.business_id, place.id, code, currency or place.currency) for name, code in accounts.items()
    }
    return {name: minor for name, minor in found.items() if minor}
