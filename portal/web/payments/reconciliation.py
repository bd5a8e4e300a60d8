"""Reconciliation: what the providers list beside our payments and the books, and every difference with what to do."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, request, url_for

from portal.core.clock import local_date, utcnow
from portal.core.errors import DomainError
from portal.core.words import _, lazy_, ngettext
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import assets_of
from portal.shared.identity.models import Role
from portal.shared.identity.permissions import permissions_in
from portal.shared.identity.queries import memberships_of
from portal.shared.payments import providers
from portal.shared.payments import reconciliation_queries as queries
from portal.shared.payments.models import Difference, DifferenceKind, DifferenceStatus, Reconciliation
from portal.shared.payments.services import reconciliation as comparing
from portal.web.context import NOTICES, Notice
from portal.web.download import csv_file, sum_of
from portal.web.forms import BaseForm, ChoiceField, DayField
from portal.web.guards import current_actor, current_user, permission
from portal.web.htmx import go, page, toast
from portal.web.payments import reconciliation_words as words
from portal.web.payments.views import blueprint


class CompareForm(BaseForm):
    """Which provider, over which days; both ends are compared."""

    provider = ChoiceField(lazy_("Paid by"))
    first = DayField(lazy_("From"))
    last = DayField(lazy_("Until"))


@blueprint.route("/<asset_number>/reconciliation", methods=["GET", "POST"])
@permission("payments.reconcile")
def reconciliation(asset_number: str) -> Response:
    """The last comparisons, what is open, and the form that begins one."""
    form = _form()
    if form.validate_on_submit():
        first, last = _moment(form.first.data), _moment(form.last.data + timedelta(days=1))
        try:
            run = comparing.run(
                business_id=g.place.business_id,
                provider=form.provider.data,
                since=first,
                until=last,
                actor=current_actor(),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            return go(url_for(".reconciliation_run", asset_number=asset_number, run_id=run.id))
    wanted = _wanted(DifferenceStatus.OPEN)
    return page(
        "payments/reconciliation.html",
        "form",
        form=form,
        runs=queries.runs_of(g.place.business_id, limit=6).items,
        found=queries.differences_of(g.place.business_id, wanted, cursor=request.args.get("cursor") or None),
        status=422 if form.errors else 200,
        **_list(wanted),
    )


@blueprint.get("/<asset_number>/reconciliation/differences.csv")
@permission("payments.reconcile")
def reconciliation_export(asset_number: str) -> Response:
    """The differences that are shown, all of them, for a spreadsheet."""
    heads = ("found", "provider", "kind", "status", "name", "reference", "ours", "theirs", "currency", "by", "note")
    rows = (
        (
            each.created_at, each.provider, each.kind, each.status, each.name, each.reference or "",
            sum_of(each.ours, each.currency), sum_of(each.theirs, each.currency), each.currency,
            each.resolved_by or "", each.note or "",
        )
        for each in queries.export_of(g.place.business_id, _wanted(DifferenceStatus.OPEN))
    )  # fmt: skip
    return csv_file(f"differences-{g.place.asset_number}-{utcnow():%Y-%m-%d}", heads, rows)


@blueprint.get("/<asset_number>/reconciliation/runs")
@permission("payments.reconcile")
def reconciliation_runs(asset_number: str) -> Response:
    """Every comparison, the youngest first."""
    found = queries.runs_of(g.place.business_id, cursor=request.args.get("cursor") or None, limit=50)
    return page("payments/reconciliation_runs.html", "runs", found=found, **_common())


@blueprint.get("/<asset_number>/reconciliation/<uuid:run_id>")
@permission("payments.reconcile")
def reconciliation_run(asset_number: str, run_id: uuid.UUID) -> Response:
    """One comparison: how far it is, or what came of it."""
    run = queries.get_run(run_id, g.place.business_id)
    places = places_here()
    wanted = queries.Wanted(places=places, status=None, run_id=run.id)
    return page(
        "payments/reconciliation_run.html",
        "run",
        run=run,
        sums=_sums(run, places),
        found=queries.differences_of(g.place.business_id, wanted, cursor=request.args.get("cursor") or None),
        **_list(wanted),
    )


@blueprint.post("/<asset_number>/reconciliation/<uuid:run_id>/again")
@permission("payments.reconcile")
def reconciliation_again(asset_number: str, run_id: uuid.UUID) -> Response:
    """Go on with one that stopped."""
    run = queries.get_run(run_id, g.place.business_id)
    comparing.try_again(run_id=run.id, actor=current_actor())
    toast(_("It goes on where it stopped."), "info")
    return go(url_for(".reconciliation_run", asset_number=asset_number, run_id=run.id))


def places_here() -> set[uuid.UUID]:
    """The places of this business whose money this person may reconcile."""
    here = {each.id for each in assets_of(g.place.business_id)}
    if current_user.platform_admin:
        return here
    held = {each.asset_id: permissions_in(Role(each.role)) for each in memberships_of(current_user.id)}
    return {place for place in here if "payments.reconcile" in held.get(place, ())}


def _form() -> CompareForm:
    here = local_date(g.place.timezone)
    form = CompareForm(data={"first": here - timedelta(days=2), "last": here})
    form.provider.offer([(name, providers.called(name)) for name in ways(g.place)])
    return form


def ways(place: Asset) -> list[str]:
    """Every way to pay that can be compared: what is connected, and what money ever came by."""
    offered = [each.provider for each in providers.offered(place.business_id)]
    return list(dict.fromkeys([*offered, *queries.ways_of(place.business_id)]))


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(g.place.timezone)).astimezone(UTC)


def _wanted(status: str) -> queries.Wanted:
    """The chips of the address, read leniently: a filter nobody knows filters nothing."""
    asked = request.args
    wanted = asked.get("status") or status
    return queries.Wanted(
        places=places_here(),
        status=wanted if wanted in set(DifferenceStatus) else None,
        kind=asked["kind"] if asked.get("kind") in set(DifferenceKind) else None,
        provider=asked.get("provider") or None,
    )


def _common() -> dict[str, Any]:
    return {"words": words, "called": providers.called}


def _list(wanted: queries.Wanted) -> dict[str, Any]:
    known = ways(g.place)
    return {
        "kinds": queries.sums_of(g.place.business_id, wanted),
        "ways": known,
        "ways_words": [(name, providers.called(name)) for name in known],
        **_common(),
    }


def _sums(run: Reconciliation, places: set[uuid.UUID]) -> dict[str, dict[str, list[int]]]:
    """The sides of a comparison by currency, over the places this person may see: count, gross, charges."""
    found: dict[str, dict[str, list[int]]] = {}
    seen = {str(each) for each in places} | {""}
    for place, currencies in run.counts.get("money", {}).items():
        for currency, sides in currencies.items() if place in seen else ():
            sums = found.setdefault(currency, defaultdict(lambda: [0, 0, 0]))
            for side, figures in sides.items():
                sums[side] = [a + b for a, b in zip(sums[side], figures, strict=True)]
    return found


def _waiting(place: Asset) -> list[Notice]:
    """The line under the bell while differences are open."""
    number = g.differences if "differences" in g else queries.count_open([place.id]).get(place.id, 0)
    said = ngettext("%(num)s difference in the payments", "%(num)s differences in the payments", number)
    to = url_for("payments.reconciliation", asset_number=place.asset_number)
    return [Notice(said, to, "scale")] if number else []


NOTICES.append(("payments.reconcile", _waiting))


def about(difference: Difference) -> dict[str, Any]:
    """What the templates need to speak of a difference."""
    return {"difference": difference, **_common()}
