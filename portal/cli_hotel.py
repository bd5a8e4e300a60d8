"""Flask commands for hotels: the calendar compared with a recount, and mended."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from portal.core.actor import system
from portal.core.errors import DomainError
from portal.shared.assets.queries import get_asset
from portal.trades.hotel.services import recount

hotel_group = AppGroup("hotel", help="Hotels: see whether the calendar is what was sold, and mend it.")


@hotel_group.command("check")
@click.option("--place", default="", help="The hotel's number; every open hotel without it.")
@click.option("--repair", is_flag=True, help="Bring what is off to what a recount says.")
def check(place: str, repair: bool) -> None:
    """Count rooms, blocks, stays and allotments again and name every night whose figures differ."""
    try:
        places = [get_asset(place).id] if place else recount.hotels()
    except DomainError as error:
        raise click.ClickException(error.message) from error
    off = 0
    for asset_id in places:
        found = (
            recount.repair(asset_id=asset_id, actor=system("operator")) if repair else recount.check(asset_id=asset_id)
        )
        off += len(found)
        for each in found:
            click.echo(str(each))
    if off and not repair:
        click.echo("Run it again with --repair to mend this.")
        sys.exit(1)
    click.echo(f"{off} figures mended." if off else "The calendar is what was sold.")
