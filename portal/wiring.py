"""The one table of who reacts to whom: payment purposes, tender kinds, event handlers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

from config import Settings
from portal.core import outbox, vault
from portal.gateways import outward, registry, sandbox, streams
from portal.gateways.base import Gateway
from portal.gateways.daraja import Daraja
from portal.gateways.flutterwave import Flutterwave
from portal.gateways.mailer import Mailer
from portal.gateways.paystack import Paystack
from portal.reporting import downtime
from portal.reporting import hotel as hotel_figures
from portal.shared.access import lettings
from portal.shared.access.services import grants, offers, paid_access
from portal.shared.assets.models import UnitStatus
from portal.shared.devices import interlocks
from portal.shared.devices.services import broker_keeper, command_alerts, hours, plain_hearing, retention, watching
from portal.shared.devices.services import registry as device_registry
from portal.shared.devices.services.alert_rules import connect_fences
from portal.shared.devices.services.rule_watch import fence_crossed
from portal.shared.devices.services.rule_watch import look as look_at_rules
from portal.shared.devices.services.telling import connect as connect_telling
from portal.shared.identity import passwords
from portal.shared.identity.services import mails
from portal.shared.notifications.services import webhooks
from portal.shared.payments import owed, paybill_accounts, purposes
from portal.shared.payments.services import addresses, bills, receipt_letters
from portal.trades.fleet.queries import live
from portal.trades.fleet.queries.fences import fence_names
from portal.trades.fleet.services import tracking
from portal.trades.fleet.track import KINDS
from portal.trades.hotel.events import PROMISED
from portal.trades.hotel.services import (
    door_stays,
    folio_closing,
    folio_invoices,
    folio_money,
    housekeeping,
    night_audit,
    properties,
    recount,
    room_senses,
)
from portal.trades.hotel.services import upkeep as hotel_upkeep


def connect(settings: Settings) -> None:
    """Join the domains to each other and to the gateways the settings name."""
    registry.connect(_gateways, _own_gateway)
    vault.connect(settings.derived_key("vault"))
    purposes.register(
        offers.PURPOSE,
        prepare=offers.prepare,
        fulfil=grants.grant_from_payment,
        earned=paid_access.earned,
        about=paid_access.about,
    )
    purposes.register(bills.PURPOSE, prepare=bills.prepare, fulfil=bills.fulfil, earned=bills.earned, about=bills.about)
    owed.connect(folio_money)
    lettings.connect(door_stays)
    folio_closing.before_reopening[:] = [folio_invoices.keeps_closed]
    purposes.register(
        owed.PURPOSE,
        prepare=folio_money.prepare,
        fulfil=folio_money.fulfil,
        earned=folio_money.earned,
        about=folio_money.about,
    )
    addresses.connect(settings.public_url)
    paybill_accounts.connect(settings.derived_key("paybill"))
    if settings.testing:
        passwords.use_cheapest()
    outbox.on(
        "payments.payment.settled",
        "receipt",
        partial(receipt_letters.send_when_settled, public_url=settings.public_url),
    )
    retention.connect(kept_months=settings.events_kept_months)
    # first among the watchers: they lock rooms, then vehicles, and what others lock comes after them
    watching.register("rooms", room_senses.KINDS, room_senses.look)
    watching.register("vehicles", KINDS, tracking.follow)
    watching.register("plain devices", (), plain_hearing.look)
    watching.register("sums of the hours", (), hours.mark)
    broker_keeper.connect(
        broker_keeper.Files(
            settings.mqtt_password_file, settings.mqtt_acl_file, settings.mqtt_reload_pid_file, settings.mqtt_broker_log
        )
    )
    outbox.on("devices.account.changed", "broker accounts", broker_keeper.keep_after)
    outbox.on("assets.unit.amended", "devices of retired units", _free_devices)
    for ended in ("done", "failed", "expired"):
        outbox.on(f"devices.command.{ended}", "command alerts", command_alerts.follow)
    interlocks.register("ignition", "turn_off", live.may_be_moving)
    outbox.on("identity.mail.written", "mail", partial(mails.post, send=_mailer(settings).send))
    connect_telling(settings.public_url)
    connect_fences(fence_names)
    outbox.on("fleet.fence.crossed", "alert rules", _fence_rules)
    night_audit.connect(_night_figures)
    hotel_upkeep.connect(days_ahead=settings.days_to_preload)
    outbox.on("assets.asset.registered", "hotels", properties.open_registered)
    outbox.on("assets.unit.registered", "hotels", properties.take_in_registered)
    outbox.on("hotel.stay.changed", "housekeeping", housekeeping.after_stay)
    downtime.connect(folder=settings.var_dir / "downtime")
    outbox.on("hotel.day.closed", "downtime pack", downtime.write_after_close)
    outbox.on("assets.unit.amended", "calendars of retired rooms", recount.after_retiring)
    _tell_other_systems(settings)
    # the last of the watchers: others lock vehicles and rooms before any alert
    watching.register("alert rules", (), look_at_rules)


def _tell_other_systems(settings: Settings) -> None:
    """What hotels promise to announce goes to webhooks, and to the streams that are set up."""
    outward.connect(private_allowed=settings.private_addresses_allowed)
    told: dict[str, streams.Stream | None] = {
        "redis stream": streams.RedisStream(settings.redis_url) if settings.redis_url else None,
        "kafka": streams.kafka_topic(settings.kafka_bootstrap_servers) if settings.kafka_bootstrap_servers else None,
    }
    for topic in PROMISED:
        outbox.on(topic, "webhooks", partial(webhooks.tell, topic))
        for name, stream in told.items():
            if stream is not None:
                outbox.on(topic, name, partial(stream.append, topic))


def _night_figures(asset_id: uuid.UUID, night: date) -> dict[str, Any]:
    """What was sold on a night, as the reports count it, to be kept with the day."""
    found = hotel_figures.nights(asset_id, night, night + timedelta(days=1))
    return {name: value for name, value in asdict(found[0]).items() if name != "night"} if found else {}


def _free_devices(body: Mapping[str, Any]) -> None:
    if body["status"] == UnitStatus.RETIRED:
        device_registry.unbind_retired(unit_id=uuid.UUID(body["subject_id"]))


def _fence_rules(body: Mapping[str, Any]) -> None:
    if body["what"] in ("enter", "leave"):  # rules count for themselves how long a vehicle stays
        fence_crossed(
            asset_id=uuid.UUID(body["asset_id"]),
            unit_id=uuid.UUID(body["subject_id"]),
            geofence_id=uuid.UUID(body["geofence_id"]),
            what=body["what"],
            at=datetime.fromisoformat(body["at"]),
            fence=fence_names(uuid.UUID(body["asset_id"])).get(uuid.UUID(body["geofence_id"])),
        )


def _mailer(settings: Settings) -> Mailer:
    host = urlsplit(settings.public_url).hostname or "localhost"
    return Mailer(smtp_url=settings.smtp_url, folder=settings.var_dir / "mail", host=host)


def _gateways(settings: Settings) -> list[Gateway]:
    """What the settings connect: the provider they name first, then every other one whose keys they hold."""
    if settings.payment_provider == "sandbox":
        phones = cast(Gateway, sandbox.daraja_gateway(settings))  # it has no checkout, and offers none
        return [sandbox.gateway(settings), sandbox.flutterwave_gateway(settings), phones]
    keys = {
        "paystack": {"secret_key": settings.paystack_secret_key},
        "flutterwave": {
            "secret_key": settings.flutterwave_secret_key,
            "secret_hash": settings.flutterwave_secret_hash,
        },
    }
    connected = {name: _own_gateway(settings, name, held, {}) for name, held in keys.items() if all(held.values())}
    if settings.daraja_consumer_key:
        connected["mpesa"] = _daraja(
            settings,
            {
                "consumer_key": settings.daraja_consumer_key,
                "consumer_secret": settings.daraja_consumer_secret,
                "passkey": settings.daraja_passkey,
                "initiator_password": settings.daraja_initiator_password,
            },
            {
                "shortcode": settings.daraja_shortcode,
                "till": settings.daraja_till,
                "initiator": settings.daraja_initiator,
                "certificate": settings.daraja_certificate,
            },
        )
    first = settings.payment_provider
    return [connected[name] for name in sorted(connected, key=lambda name: name != first)]


def _own_gateway(settings: Settings, provider: str, keys: Mapping[str, str], details: Mapping[str, Any]) -> Gateway:
    """A provider's client with these keys; where the provider is, the settings say."""
    if provider == "paystack":
        return Paystack(secret_key=keys["secret_key"], base_url=settings.paystack_base_url)
    if provider == "flutterwave":
        return Flutterwave(
            secret_key=keys["secret_key"], secret_hash=keys["secret_hash"], base_url=settings.flutterwave_base_url
        )
    if provider == "mpesa":
        return _daraja(settings, keys, details)
    raise registry.unknown(provider)


def _daraja(settings: Settings, keys: Mapping[str, str], details: Mapping[str, Any]) -> Gateway:
    """Safaricom's Daraja; it has no checkout, and offers none."""
    made = Daraja(
        consumer_key=keys["consumer_key"],
        consumer_secret=keys["consumer_secret"],
        shortcode=details["shortcode"],
        till=details.get("till", ""),
        passkey=keys["passkey"],
        initiator=details.get("initiator", ""),
        initiator_password=keys.get("initiator_password", ""),
        certificate=details.get("certificate"),
        base_url=settings.daraja_base_url,
    )
    return cast(Gateway, made)
