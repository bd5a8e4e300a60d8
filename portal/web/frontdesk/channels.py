"""Calendars of other channels: ours for them, theirs that are read along, and the tray of what does not fit."""

from __future__ import annotations

import uuid

from flask import Response, current_app, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _, lazy_, ngettext
from portal.trades.hotel import ical
from portal.trades.hotel.queries import channels as queries
from portal.trades.hotel.queries.inventory import room_types
from portal.trades.hotel.services import channels
from portal.web.forms import BaseForm, OnceForm, StrictStringField, UuidSelectField
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission, require
from portal.web.htmx import go, page, toast

LIST = "/<asset_number>/settings/channels"


class FeedForm(OnceForm):
    """Another channel's calendar of a type."""

    name = StrictStringField(
        lazy_("Channel"), max_length=40, description=lazy_("As it stands on its reservations: Airbnb.")
    )
    room_type = UuidSelectField(lazy_("Room type"))
    url = StrictStringField(
        lazy_("Address of its calendar"),
        required=False,
        max_length=1_000,
        description=lazy_("Read every ten minutes; without one its file is uploaded by hand."),
    )


class ForceForm(BaseForm):
    """Why it is sold though there is no room."""

    reason = StrictStringField(lazy_("Why"), max_length=200)


@blueprint.get(LIST)
@permission("hotel.settings")
def settings_channels(asset_number: str) -> Response:
    """Our addresses, their calendars, and what waits for a person."""
    settings = current_app.extensions["settings"]
    types = room_types(g.place.id)
    return page(
        "frontdesk/channels.html",
        "rows",
        types=types,
        by_id={each.id: each for each in room_types(g.place.id, retired=True)},
        ours={each.id: f"{settings.public_url}/ical/{each.ical_token}.ics" for each in types if each.ical_token},
        feeds=queries.feeds_of(g.place.id),
        tray=queries.tray_of(g.place.id),
    )


@blueprint.route(f"{LIST}/new", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_channels_new(asset_number: str) -> Response:
    """Read another calendar along."""
    form = FeedForm()
    form.room_type.offer((each.id, f"{each.code} · {each.name}") for each in room_types(g.place.id))
    if form.validate_on_submit():
        actor = current_actor()
        said = {"name": form.name.data, "room_type_id": form.room_type.data, "url": form.url.data or None}
        try:
            form.just_once(actor, lambda: channels.add_feed(asset_id=g.place.id, actor=actor, **said))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Its calendar is read along."))
            return _back()
    return page("frontdesk/channel_new.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.post(f"{LIST}/types/<uuid:type_id>/address")
@permission("hotel.settings")
def settings_channels_address(asset_number: str, type_id: uuid.UUID) -> Response:
    """An address for a type's own calendar, or another one."""
    channels.new_address(asset_id=g.place.id, room_type_id=type_id, actor=current_actor())
    toast(_("Give the new address to the channel; the one before opens nothing any more."))
    return _back()


@blueprint.route(f"{LIST}/<uuid:feed_id>/upload", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_channels_upload(asset_number: str, feed_id: uuid.UUID) -> Response:
    """A calendar as a file."""
    feed, form = queries.get_feed(g.place.id, feed_id), BaseForm()
    if form.validate_on_submit():
        sent = request.files.get("file")
        try:
            content = sent.read(ical.MOST_BYTES + 1) if sent else b""
            changed = channels.take(feed_id=feed.id, content=content, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(ngettext("%(num)s event changed something.", "%(num)s events changed something.", changed))
            return _back()
    return page("frontdesk/channel_upload.html", "form", form=form, feed=feed, status=422 if form.errors else 200)


@blueprint.post(f"{LIST}/<uuid:feed_id>/remove")
@permission("hotel.settings")
def settings_channels_remove(asset_number: str, feed_id: uuid.UUID) -> Response:
    """Read it no more."""
    channels.remove_feed(asset_id=g.place.id, feed_id=feed_id, actor=current_actor())
    toast(_("It is read no more. What it blocked is on sale again; what was booked stays booked."))
    return _back()


@blueprint.post(f"{LIST}/tray/<uuid:item_id>/<any(retry, dismiss):verb>")
@permission("hotel.settings")
def settings_channels_settle(asset_number: str, item_id: uuid.UUID, verb: str) -> Response:
    """Try it again, or let it be."""
    item = channels.settle(asset_id=g.place.id, item_id=item_id, verb=verb, actor=current_actor())
    if item.state in ("conflict", "exception"):
        toast(item.why or _("It does not fit yet."), "warn")
    else:
        toast(_("Settled."))
    return _back()


@blueprint.route(f"{LIST}/tray/<uuid:item_id>/force", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_channels_force(asset_number: str, item_id: uuid.UUID) -> Response:
    """Take it beyond the house."""
    require("hotel.override", asset_id=g.place.id)
    item, form = queries.get_item(g.place.id, item_id), ForceForm()
    if form.validate_on_submit():
        try:
            reason = parse.text(form.reason.data, "reason", max_length=200)
            channels.settle(asset_id=g.place.id, item_id=item_id, verb="force", reason=reason, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("It is booked; the night shows its minus."), "warn")
            return _back()
    return page("frontdesk/channel_force.html", "form", form=form, item=item, status=422 if form.errors else 200)


def _back() -> Response:
    return go(url_for(".settings_channels", asset_number=g.place.asset_number))
