"""Other systems the hotel tells of bookings and free rooms: added, tried, paused, removed, and what they answered."""

from __future__ import annotations

import uuid

from flask import Response, g, url_for
from wtforms.fields import SelectChoice

from portal.core.errors import DomainError
from portal.core.words import _, lazy_
from portal.shared.notifications import webhook_queries as queries
from portal.shared.notifications.services import webhooks
from portal.trades.hotel.events import PROMISED
from portal.web.forms import ChecksField, OnceForm, StrictStringField
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

LIST = "/<asset_number>/settings/webhooks"
TOPICS = dict(
    zip(
        PROMISED,
        (lazy_("What can be sold"), lazy_("Reservations made"), lazy_("Reservations that will not come")),
        strict=True,
    )
)


class WebhookForm(OnceForm):
    """Where, and of what."""

    url = StrictStringField(
        lazy_("Address"), max_length=500, description=lazy_("On the internet, such as https://example.com/hook.")
    )
    topics = ChecksField(
        lazy_("Tell it of"), choices=[SelectChoice(*each) for each in TOPICS.items()], default=list(TOPICS)
    )


@blueprint.get(LIST)
@permission("hotel.settings")
def settings_webhooks(asset_number: str) -> Response:
    """The systems that are told, and how the last calls went."""
    found = queries.webhooks_of(g.place.id)
    last = {each.id: queries.last_calls(each.id, 1) for each in found}
    return page("frontdesk/webhooks.html", "rows", found=found, last=last, topics=TOPICS)


@blueprint.route(f"{LIST}/new", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_webhooks_new(asset_number: str) -> Response:
    """Tell another system."""
    form = WebhookForm()
    if form.validate_on_submit():
        said: list[str] = []
        actor = current_actor()

        def add() -> None:
            made, secret = webhooks.add(
                asset_id=g.place.id, url=form.url.data, topics=form.topics.data or [], actor=actor
            )
            said.extend((secret, str(made.id)))

        try:
            form.just_once(actor, add)
        except DomainError as error:
            form.refuse(error)
        else:
            if said:
                return page("frontdesk/webhook_secret.html", "form", secret=said[0], webhook_id=said[1])
            return go(url_for(".settings_webhooks", asset_number=asset_number))
    return page("frontdesk/webhook_new.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.get(f"{LIST}/<uuid:webhook_id>")
@permission("hotel.settings")
def settings_webhook(asset_number: str, webhook_id: uuid.UUID) -> Response:
    """One system, and what it was told lately."""
    found = queries.get_webhook(g.place.id, webhook_id)
    return page("frontdesk/webhook.html", "rows", webhook=found, calls=queries.last_calls(webhook_id), topics=TOPICS)


@blueprint.post(f"{LIST}/<uuid:webhook_id>/<any(test, pause, resume, remove, restore):step>")
@permission("hotel.settings")
def settings_webhook_step(asset_number: str, webhook_id: uuid.UUID, step: str) -> Response:
    """Try a system, pause it, or tell it no more."""
    if step == "test":
        webhooks.test(asset_id=g.place.id, webhook_id=webhook_id, actor=current_actor())
        toast(_("A test is on its way; what was answered stands here in a moment."), "info")
        return go(url_for(".settings_webhook", asset_number=asset_number, webhook_id=webhook_id))
    webhooks.step(asset_id=g.place.id, webhook_id=webhook_id, verb=step, actor=current_actor())
    undo = url_for(".settings_webhook_step", asset_number=asset_number, webhook_id=webhook_id, step="restore")
    if step == "remove":
        toast(_("It is told no more."), undo=undo)
        return go(url_for(".settings_webhooks", asset_number=asset_number))
    toast({"pause": _("It is told nothing until it is told again.")}.get(step, _("It is told again.")), "info")
    return go(url_for(".settings_webhook", asset_number=asset_number, webhook_id=webhook_id))
