"""Flask commands for the fleet: find the tracks anew from the words themselves, and compare."""

from __future__ import annotations

import sys
import uuid

import click
from flask.cli import AppGroup

from portal.core.errors import DomainError
from portal.shared.assets.models import UnitKind
from portal.shared.assets.queries import get_asset, get_unit, units_of
from portal.trades.fleet.services import tracking

fleet_group = AppGroup("fleet", help="The fleet: find trips and odometers anew, or see whether they are right.")


@fleet_group.command("refold")
@click.option("--place", required=True, help="The place's number.")
@click.option("--vehicle", default="", help="The vehicle's number; all of the place without it.")
def refold(place: str, vehicle: str) -> None:
    """Find trips, stops, days and the odometer anew from every word that is kept."""
    for number, unit_id in _vehicles(place, vehicle):
        heard = tracking.refold(unit_ids=[unit_id])
        click.echo(f"{number}: {'found anew' if heard else 'never heard of'}.")


@fleet_group.command("verify")
@click.option("--place", required=True, help="The place's number.")
@click.option("--vehicle", default="", help="The vehicle's number; all of the place without it.")
def verify(place: str, vehicle: str) -> None:
    """Count again from the words themselves, change nothing, and name whatever is written otherwise."""
    sound = True
    for number, unit_id in _vehicles(place, vehicle):
        for line in tracking.recount(unit_id=unit_id):
            sound = False
            click.echo(f"{number}: {line}")
    if not sound:
        sys.exit(1)
    click.echo("What is written is what the vehicles said.")


def _vehicles(place: str, vehicle: str) -> list[tuple[str, uuid.UUID]]:
    try:
        asset = get_asset(place)
        if vehicle:
            return [(vehicle, get_unit(asset.id, vehicle, UnitKind.VEHICLE).id)]
    except DomainError as error:
        raise click.ClickException(error.message) from error
    return [(unit.number, unit.id) for unit in units_of(asset.id, UnitKind.VEHICLE)]
