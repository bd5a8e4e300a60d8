"""What providers charge: the price lists in force, what an amount would cost, and a new charge from a day on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import Response, g, request, url_for

from portal.core.clock import local_date, utcnow
from portal.core.errors import DomainError, Forbidden
from portal.core.words import _
from portal.shared.payments.band_queries import all_bands, count_over
from portal.shared.payments.models import ChargeBand
from portal.shared.payments.providers import called
from portal.shared.payments.services import bands
from portal.web.filters import money
from portal.web.guards import current_actor, current_user, permission
from portal.web.htmx import go, page, toast
from portal.web.payments.band_forms import CHANNELS, DIRECTIONS, AmountForm, BandForm, EndForm
from portal.web.payments.views import blueprint


@dataclass(frozen=True, slots=True)
class Cost:
    """What an amount costs: the charge, what is left, and what to ask for so that the amount itself is left."""

    amount: int
    charge: int
    to_ask: int | None

    @property
    def left(self) -> int:
        """What is left of the amount."""
        return self.amount - self.charge


@blueprint.get("/<asset_number>/charges", endpoint="bands")
@permission("payments.providers")
def index(asset_number: str) -> Response:
    """Every price list, with what an amount would cost by it."""
    return _list(EndForm(formdata=None))


@blueprint.route("/<asset_number>/charges/new", methods=["GET", "POST"])
@permission("payments.providers")
def bands_new(asset_number: str) -> Response:
    """A charge from a day on; the one for the same amounts ends there."""
    _must_run_the_portal()
    form = BandForm()
    if form.starts_on.data is None and request.method == "GET":
        form.starts_on.data = local_date(g.place.timezone)
    if form.validate_on_submit():
        try:
            form.just_once(current_actor(), lambda: _set(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("The charge holds from %(day)s.", day=f"{form.starts_on.data:%d %b %Y}"))
            return go(url_for(".bands", asset_number=asset_number))
    return page("charges/new.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.post("/<asset_number>/charges/<uuid:band_id>/end")
@permission("payments.providers")
def bands_end(asset_number: str, band_id: uuid.UUID) -> Response:
    """A charge ends on a day; what it was before stays as it was."""
    _must_run_the_portal()
    form = EndForm()
    if form.validate_on_submit():
        try:
            bands.end_band(band_id=band_id, ends_at=_midnight(form.ends_on.data), actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("The charge ends."), "info")
            return go(url_for(".bands", asset_number=asset_number))
    return _list(form)


def charge_words(band: ChargeBand) -> str:
    """A charge as a price list writes it: 1.5 % + ₦100.00, at most ₦2,000.00."""
    parts = []
    if band.basis_points:
        parts.append(f"{Decimal(band.basis_points) / 100:f}%")
    if band.fixed or not band.basis_points:
        parts.append(money(band.fixed, band.currency))
    said = " + ".join(parts)
    return _("%(charge)s, at most %(cap)s", charge=said, cap=money(band.cap, band.currency)) if band.cap else said


def amounts_words(band: ChargeBand) -> str:
    """Which amounts a charge is for."""
    lower, upper = band.amounts.lower or 0, band.amounts.upper
    if upper is None:
        return _("from %(amount)s", amount=money(lower, band.currency)) if lower else _("any amount")
    return f"{money(lower, band.currency)} – {money(upper - 1, band.currency)}"


def _list(form: EndForm) -> Response:
    now = utcnow()
    past = request.args.get("past") == "1"
    listed = [
        (_title(*kind), list(found))
        for kind, found in groupby(
            all_bands(since=None if past else now),
            key=lambda band: (band.provider, band.direction, band.currency, band.channel),
        )
    ]
    asked, cost = _asked()
    return page(
        "charges/list.html",
        lists=listed,
        now=now,
        past=past,
        over=count_over(now),
        asked=asked,
        cost=cost,
        form=form,
        runs_it=current_user.platform_admin,
        charge_words=charge_words,
        amounts_words=amounts_words,
        status=422 if form.errors or asked.errors else 200,
    )


def _asked() -> tuple[AmountForm, Cost | None]:
    """The calculator stands in the address, so that an answer can be sent to somebody."""
    given = "amount" in request.args
    form = AmountForm(request.args if given else None, meta={"csrf": False})
    if not given or not form.validate():
        return form, None
    provider, direction, channel = form.provider.data, form.direction.data, form.channel.data or ""
    amount, currency = form.amount.data.minor, g.place.currency
    try:
        to_ask = bands.gross_up(amount, provider, currency, channel, direction=direction)
    except DomainError:
        to_ask = None
    return form, Cost(amount, bands.charge(provider, direction, amount, currency, channel), to_ask)


def _set(form: BandForm) -> ChargeBand:
    return bands.set_band(
        provider=form.provider.data,
        direction=form.direction.data,
        channel=form.channel.data or "",
        currency=g.place.currency,
        lower=form.lower.data.minor,
        upper=form.upper.data.minor + 1 if form.upper.data else None,
        fixed=form.fixed.data.minor if form.fixed.data else 0,
        basis_points=form.basis_points.data,
        cap=form.cap.data.minor if form.cap.data else None,
        starts_at=_midnight(form.starts_on.data),
        source=form.source.data or "",
        actor=current_actor(),
    )


def _title(provider: str, direction: str, currency: str, channel: str) -> str:
    """The name of a price list."""
    parts = [called(provider), str(dict(DIRECTIONS)[direction]), currency]
    return " · ".join([*parts, str(dict(CHANNELS).get(channel, channel))] if channel else parts)


def _midnight(day: date) -> datetime:
    """The beginning of a day at this place."""
    return datetime.combine(day, time(), ZoneInfo(g.place.timezone))


def _must_run_the_portal() -> None:
    """Charges hold for every business here, so one business does not change them for the others."""
    if not current_user.platform_admin:
        raise Forbidden(
            _("Charges hold for every business on this portal. Ask whoever runs the portal to change them.")
        )
