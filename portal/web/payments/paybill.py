"""The paybill of a business: where its news comes to, and what is done with money for an account nobody knows."""

from __future__ import annotations

from flask import Response, g, url_for

from portal.core.errors import DomainError
from portal.core.words import _, lazy_
from portal.shared.payments.paybill_accounts import RESPONSE_TYPES, PayBillAt, of_place
from portal.shared.payments.services import paybill
from portal.web.forms import BaseForm, BooleanField, RadioChoiceField
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast
from portal.web.payments.push_words import offers_phones
from portal.web.payments.views import blueprint

SILENT = (lazy_("Take the money"), lazy_("Refuse the money"))


class RulesForm(BaseForm):
    """What becomes of money that fits nothing here, and of money while this portal is silent."""

    strict = BooleanField(
        lazy_("Refuse payments for an account nobody knows, or for more than is due"),
        description=lazy_("Otherwise they are taken, and wait in the list until somebody claims them."),
    )
    response_type = RadioChoiceField(
        lazy_("If the portal does not answer in time"), choices=tuple(zip(RESPONSE_TYPES, SILENT, strict=True))
    )


@blueprint.route("/<asset_number>/mobile-paybill", methods=["GET", "POST"], endpoint="mobile_paybill")
@permission("payments.providers")
def rules(asset_number: str) -> Response:
    """How payments to the paybill are received at this business."""
    at = of_place(g.place)
    form = RulesForm(data={"strict": at.strict, "response_type": at.response_type})
    if form.validate_on_submit():
        try:
            paybill.amend(
                place=g.place,
                provider=at.provider,
                strict=form.strict.data,
                response_type=form.response_type.data,
                actor=current_actor(),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Saved. Register the addresses again if you changed what happens in silence."))
            return go(url_for(".mobile_paybill", asset_number=asset_number))
    return _page(at, form)


@blueprint.post("/<asset_number>/mobile-paybill/register")
@permission("payments.providers")
def mobile_register(asset_number: str) -> Response:
    """Tell the provider where news of the paybill goes."""
    at = of_place(g.place)
    said = paybill.register(at=at, actor=current_actor())
    toast(_("Registered. The provider said: %(said)s", said=said or "–"))
    return go(url_for(".mobile_paybill", asset_number=asset_number))


def _page(at: PayBillAt, form: RulesForm) -> Response:
    return page(
        "payments/paybill.html",
        "form",
        at=at,
        form=form,
        offered=offers_phones(g.place),
        status=422 if form.errors else 200,
    )
