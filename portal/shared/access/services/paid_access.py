"""What a payment for the use of a unit is called, on pages, receipts and in letters."""

from __future__ import annotations

from portal.core.words import _
from portal.core.written import on_paper
from portal.shared.access.queries import find_grant_of_payment
from portal.shared.assets.queries import asset_of, units_by_id
from portal.shared.assets.services.units import called
from portal.shared.ledger import chart
from portal.shared.payments import owed
from portal.shared.payments.models import PaymentIntent
from portal.shared.payments.purposes import About


def about(intent: PaymentIntent) -> About:
    """The unit, and from when until when it may be used; a unit may have been deleted since."""
    unit = units_by_id({intent.subject_id}).get(intent.subject_id)
    if unit is None:
        return About(_("A room or vehicle that is not there any more"))
    grant = find_grant_of_payment(intent.payment.id) if intent.payment else None
    if grant is None:
        return About(called(unit))
    timezone = asset_of(unit.asset_id).timezone
    return About(
        called(unit),
        ((_("From"), on_paper(grant.starts_at, timezone)), (_("Until"), on_paper(grant.ends_at, timezone))),
    )


def earned(intent: PaymentIntent) -> str:
    """Where its money is booked: to hire, or to the folio of the stay that it bought."""
    folio_id = owed.behind(intent)
    return chart.HIRE if folio_id is None else owed.keeper().account(folio_id)
