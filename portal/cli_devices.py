"""Flask commands for devices: a crowd of simulated ones, for trying, testing and loading."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from config import Settings
from portal.core.errors import DomainError
from portal.demo.simulator import enrol, faults, routes, run
from portal.gateways import account_files
from portal.shared.devices import broker_accounts

devices_group = AppGroup("devices", help="Devices: simulate a crowd of them, write their accounts for a broker.")


@devices_group.command("simulate")
@click.option("--place", default="new", show_default=True, help="The place's number; 'new' opens one for this run.")
@click.option("--rooms", type=click.IntRange(0, 2_000), default=20, show_default=True)
@click.option("--vehicles", type=click.IntRange(0, 2_000), default=10, show_default=True)
@click.option(
    "--rate",
    type=click.FloatRange(0.01, 10_000),
    default=10.0,
    show_default=True,
    help="Messages a second, all devices together; a vehicle says one a second at most.",
)
@click.option("--seconds", type=click.FloatRange(1, 604_800), default=60.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed tells the same story.")
@click.option("--dialect", type=click.Choice(["envelope", "plain", "mixed"]), default="mixed", show_default=True)
@click.option(
    "--faults",
    "wanted",
    default="",
    metavar="LIST",
    help=f"What goes wrong, with its chance per message: {','.join(faults.KNOWN)}, or all. "
    "Like offline=0.01,jump=0.05,duplicate.",
)
@click.option("--route", "files", multiple=True, type=click.Path(path_type=Path), help="A GeoJSON line to drive along.")
@click.option(
    "--drain",
    type=click.FloatRange(0, 86_400),
    default=60.0,
    show_default=True,
    help="How long to wait at the end for the last acknowledgement, in seconds.",
)
@click.option(
    "--report",
    type=click.FloatRange(0.1, 3_600),
    default=5.0,
    show_default=True,
    help="Seconds between two lines of news.",
)
@click.option(
    "--mqtt-url",
    default="",
    help="The devices' listener, mqtt://host:port; with name:secret@ in it all share that account."
    " Without it the one the portal itself knows.",
)
def simulate(
    place: str, rooms: int, vehicles: int, wanted: str, files: tuple[Path, ...], mqtt_url: str, dialect: str,
    report: float, **asked: Any,
) -> None:  # fmt: skip
    """Simulate rooms and vehicles over real MQTT; ends with 0 when everything they said was acknowledged."""
    settings: Settings = current_app.extensions["settings"]
    if rooms + vehicles == 0:
        raise click.ClickException("Nobody would speak: ask for rooms, vehicles, or both.")
    try:
        broker = run.door_of(settings, mqtt_url)
        chances = faults.read(wanted)
        driven = [routes.read(path) for path in files]
        at = enrol.place(place, rooms=rooms, seed=asked["seed"])
        members = enrol.enrol(at, rooms=rooms, vehicles=vehicles, dialect=dialect)
    except DomainError as error:
        raise click.ClickException(error.message) from error
    except (ValueError, run.SimulationError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(members)} devices at {at.name} ({at.asset_number}).")
    plan = run.Plan(
        broker=broker,
        members=members,
        chances=chances,
        routes=driven,
        report_every=report,
        **asked,
    )
    sys.exit(0 if _run(plan) else 1)


def _run(plan: run.Plan) -> bool:
    """Play it to its end, or to the first Ctrl-C; whether everything was acknowledged."""
    stopping = threading.Event()
    before = {each: signal.signal(each, lambda *_: stopping.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        fared = run.Simulation(plan).run(click.echo, stopping.is_set)
    except run.SimulationError as error:
        raise click.ClickException(str(error)) from error
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    for line in run.summary(fared, plan.seconds):
        click.echo(line)
    return fared.well


@devices_group.command("broker-files")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for device_passwords and device_acl.",
)
def broker_files_command(out: Path) -> None:
    """Write the accounts of all devices for a mosquitto of your own, and say how it is told of them."""
    out.mkdir(parents=True, exist_ok=True)
    known = broker_accounts.accounts()
    for name, text in (
        ("device_acl", broker_accounts.acl_text(known)),
        ("device_passwords", broker_accounts.password_text(known)),
    ):
        click.echo(f"{'Wrote' if account_files.write(out / name, text) else 'Unchanged:'} {out / name}")
    click.echo(
        f"\n{len(known)} devices may sign in. In mosquitto.conf, under the devices' listener:\n"
        f"  per_listener_settings true\n  listener 8883\n  allow_anonymous false\n"
        f"  password_file {out / 'device_passwords'}\n  acl_file {out / 'device_acl'}\n"
        "  use_username_as_clientid true\n"
        "Then have it read them again: kill -HUP $(pidof mosquitto)"
    )
