"""Every macro in every state on one page, for those who build pages; development only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Blueprint, Response, current_app

from portal.core.words import _, lazy_
from portal.web.components import icon_names
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChoiceField,
    DayField,
    EmailField,
    MoneyField,
    PhoneField,
    QuantityField,
    RadioChoiceField,
    StrictStringField,
)
from portal.web.guards import public
from portal.web.htmx import go, page, toast

blueprint = Blueprint("styleguide", __name__)


class Example(BaseForm):
    """A field of each kind."""

    name = StrictStringField(lazy_("Name"), description=lazy_("As it should stand on the receipt."))
    email = EmailField(lazy_("E-mail address"))
    phone_number = PhoneField(lazy_("Phone number"), required=False, region="NG")
    price = MoneyField(lazy_("Price of one night"), currency="NGN")
    weight = QuantityField(lazy_("Weight"), required=False)
    arrival = DayField(lazy_("Arrival"))
    room_type = ChoiceField(lazy_("Room type"), choices=[("single", lazy_("Single")), ("double", lazy_("Double"))])
    pay = RadioChoiceField(
        lazy_("Pays"), choices=[("now", lazy_("Now")), ("later", lazy_("At departure"))], default="now"
    )
    breakfast = BooleanField(lazy_("Breakfast"), description=lazy_("Served from six to ten."))
    remark = StrictStringField(lazy_("Remark"), required=False, multiline=True, max_length=500)


@blueprint.route("/styleguide", methods=["GET", "POST"])
@public
def show() -> Response:
    """The page of components; its form can be sent, with and without JavaScript."""
    form = Example()
    if form.validate_on_submit():
        toast(_("Saved. Nothing was really kept."), undo="/styleguide/undo")
        return go("/styleguide")
    sprite = Path(current_app.static_folder or "") / "vendor/icons/icons.svg"
    return page(
        "home/styleguide.html",
        "form",
        form=form,
        now=datetime.now(UTC),
        hour=timedelta(hours=1),
        icons=sorted(icon_names(sprite)),
        status=422 if form.errors else 200,
    )


@blueprint.get("/styleguide/panel")
@public
def panel() -> Response:
    """What a row opens at the side."""
    return page("home/styleguide_panel.html", "panel")


@blueprint.post("/styleguide/undo")
@public
def undo() -> Response:
    """What an undo leads to."""
    toast(_("Taken back."), "info")
    return go("/styleguide")


@blueprint.post("/styleguide/refuse")
@public
def refuse() -> Response:
    """What a refusal looks like."""
    from portal.core.errors import Conflict

    raise Conflict(_("Room 204 is let until 12 March. Choose another room or move that stay."))
