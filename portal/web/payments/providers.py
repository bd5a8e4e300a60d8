"""Provider settings: which accounts this business has, whether their keys work, and what to enter at the provider."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, g, url_for
from wtforms.widgets import PasswordInput

from portal.core.errors import DomainError
from portal.core.words import _, lazy_
from portal.gateways import registry
from portal.shared.payments import providers as known
from portal.shared.payments.models import GatewayAccount
from portal.shared.payments.queries import accounts_of, find_account
from portal.shared.payments.services import accounts
from portal.web.forms import BaseForm, BooleanField, StrictStringField
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast
from portal.web.payments.views import blueprint

#: Where a provider's messages arrive: what the operator enters on the provider's own page.
WEBHOOKS = {"paystack": "/api/payment/webhook/paystack/", "flutterwave": "/api/payment/webhook/flutterwave/"}


@blueprint.get("/<asset_number>/providers")
@permission("payments.providers")
def providers(asset_number: str) -> Response:
    """Every provider that can be set up, and how it stands."""
    found = {each.provider: each for each in accounts_of(g.place.business_id)}
    return page(
        "payments/providers.html",
        fields=accounts.FIELDS,
        found=found,
        called=known.called,
        by_settings=registry.names(),
        webhooks={name: current_app.extensions["settings"].public_url + path for name, path in WEBHOOKS.items()},
    )


@blueprint.route("/<asset_number>/providers/<any(paystack, flutterwave, mpesa):provider>", methods=["GET", "POST"])
@permission("payments.providers")
def providers_set_up(asset_number: str, provider: str) -> Response:
    """Enter or change what the provider gave this business."""
    account = find_account(g.place.business_id, provider)
    form = _form(provider, account)
    if form.validate_on_submit():
        given = {each.name: form[each.name].data for each in accounts.FIELDS[provider]}
        try:
            accounts.set_up(
                place=g.place,
                provider=provider,
                given=given,
                payer_bears_charges=bool(form.payer_bears_charges.data),
                actor=current_actor(),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(provider)s is set up. Test the connection now.", provider=known.called(provider)))
            return go(url_for(".providers", asset_number=asset_number))
    return page(
        "payments/provider.html",
        "form",
        form=form,
        account=account,
        provider=provider,
        called=known.called(provider),
        status=422 if form.errors else 200,
    )


@blueprint.post("/<asset_number>/providers/<any(paystack, flutterwave, mpesa):provider>/test")
@permission("payments.providers")
def providers_test(asset_number: str, provider: str) -> Response:
    """Ask the provider whether it knows these keys."""
    account = accounts.test(place=g.place, provider=provider, actor=current_actor())
    toast(account.test_said or "", "good" if account.test_passed else "bad")
    return go(url_for(".providers", asset_number=asset_number))


@blueprint.post("/<asset_number>/providers/<any(paystack, flutterwave, mpesa):provider>/<any(on, off):which>")
@permission("payments.providers")
def providers_switch(asset_number: str, provider: str, which: str) -> Response:
    """Offer it to payers, or stop offering it."""
    accounts.switch(place=g.place, provider=provider, enabled=which == "on", actor=current_actor())
    name = known.called(provider)
    toast(
        _("Payers can choose %(provider)s again.", provider=name)
        if which == "on"
        else _("%(provider)s is not offered any more; payments already begun there are still settled.", provider=name)
    )
    return go(url_for(".providers", asset_number=asset_number))


def _form(provider: str, account: GatewayAccount | None) -> Any:
    """A form with this provider's fields. A key is never shown again: an empty box leaves it as it is."""
    fields: dict[str, Any] = {}
    for each in accounts.FIELDS[provider]:
        stored = account is not None and each.name in account.hints
        options: dict[str, Any] = {"required": each.needed and not stored, "description": each.hint}
        if each.secret:
            options["widget"] = PasswordInput()
            options["render_kw"] = {"autocomplete": "off"}
        if stored and account is not None:
            options["description"] = lazy_("Stored: %(hint)s. Leave empty to keep it.", hint=account.hints[each.name])
        fields[each.name] = StrictStringField(
            each.words, max_length=9_000 if each.long else 200, multiline=each.long, **options
        )
    fields["payer_bears_charges"] = BooleanField(
        lazy_("The payer bears the charges"),
        description=lazy_("The provider's charge is added to what the payer is asked for, and said before they pay."),
    )
    form = type("ProviderForm", (BaseForm,), fields)
    shown = {**account.details, "payer_bears_charges": account.payer_bears_charges} if account else {}
    return form(data=shown)
