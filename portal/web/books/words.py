"""The books in words: facts, accounts, sides, and what an entry is about."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from babel.dates import format_date
from flask import current_app, g, url_for

from portal.core.words import _, gettext, language, ngettext
from portal.reporting.closing import HELD, PAYOUTS, REFUNDS, UNCLAIMED, Hanging
from portal.reporting.subjects import Subject
from portal.shared.customers.models import Customer
from portal.shared.identity.queries import find_user
from portal.shared.ledger.chart import CHART, FACTS, Line, Plan
from portal.shared.ledger.models import Account, Entry
from portal.shared.ledger.queries.periods import month_after


def fact_words(fact: str) -> str:
    """What happened; a fact the chart no longer knows is shown by its name."""
    return gettext(FACTS[fact].words) if fact in FACTS else fact


def named(name: str) -> str:
    """An account's name as it is kept, in the reader's language."""
    return gettext(name)


def planned(plan: Plan) -> str:
    """An account of the chart by name, of those with an owner for whichever."""
    return gettext(plan.name).format(owner=_("each provider"))


def kind_words(kind: str) -> str:
    """A kind of account, for several of them."""
    return {
        "asset": _("What we have"),
        "liability": _("What we owe"),
        "equity": _("The owner's"),
        "income": _("Earned"),
        "expense": _("Spent"),
    }[kind]


def account_words(account: Account, customers: Mapping[str, Customer] | None = None) -> str:
    """An account's name; a customer's credit bears the customer's."""
    name = gettext(account.name)
    owner = (customers or {}).get(account.owner)
    return f"{name}: {owner.name}" if owner else name


def help_of(code: str) -> str:
    """What an account is for."""
    return gettext(CHART[code].help) if code in CHART else ""


def subject_words(kind: str) -> str:
    """What sort of thing an entry is about."""
    return {
        "payment": _("Payment"),
        "refund": _("Refund"),
        "payout": _("Payout"),
        "bill": _("Bill"),
        "mobile_receipt": _("Mobile money"),
        "difference": _("Difference"),
        "settlement": _("Settlement"),
        "manual": _("By hand"),
    }.get(kind, kind.replace("_", " ").capitalize())


def short(name: str) -> str:
    """A long reference as far as a list has room for it."""
    return name if len(name) <= 14 else f"{name[:11]}…"


def subject_url(subject: Subject | None) -> str | None:
    """The page of the thing an entry is about, where there is one."""
    if subject is None:
        return None
    number = g.place.asset_number
    for endpoint, values in _pages(subject):
        if endpoint in current_app.view_functions:
            return url_for(endpoint, asset_number=number, **values)
    return None


def _pages(subject: Subject) -> Iterable[tuple[str, dict[str, str]]]:
    """Where it may be shown, the closest page first."""
    if subject.kind in ("payment", "refund") and subject.reference:
        yield "payments.show", {"reference": subject.reference}
    elif subject.kind == "payout":
        yield "payments.payouts_show", {"reference": subject.name}
    elif subject.kind == "bill":
        yield "payments.bills_show", {"number": subject.name}
    elif subject.kind == "mobile_receipt":
        yield "payments.mobile_show", {"transaction": subject.name}
    elif subject.kind in ("difference", "settlement"):
        yield "payments.reconciliation_difference", {"difference_id": str(subject.id)}


def who(key: str | None) -> str:
    """A person by name, or what the portal did by itself: `user:<key>` and `system:<name>` as they are kept."""
    if not key:
        return "–"
    kind, _colon, name = key.partition(":")
    if kind != "user":
        return name.capitalize()
    try:
        found = find_user(uuid.UUID(name))
    except ValueError:
        return name.capitalize()
    return found.name if found else _("somebody who left")


def month_words(month: date) -> str:
    """A month as people say it."""
    return str(format_date(month, "LLLL y", locale=language()))


def end_of(month: date) -> date:
    """The last day of a month."""
    return month_after(month) - timedelta(days=1)


def hanging_words(each: Hanging) -> str:
    """What still hangs in the air, counted."""
    return {
        HELD: ngettext("%(num)s payment held for a decision", "%(num)s payments held for a decision", each.count),
        UNCLAIMED: ngettext(
            "%(num)s mobile payment nobody claimed", "%(num)s mobile payments nobody claimed", each.count
        ),
        PAYOUTS: ngettext("%(num)s payout on its way", "%(num)s payouts on their way", each.count),
        REFUNDS: ngettext("%(num)s refund on its way", "%(num)s refunds on their way", each.count),
    }[each.kind]


def line_words(line: Line) -> str:
    """One leg of the chart's table in words: the account, or what stands in for one."""
    if line.account in CHART:
        return gettext(CHART[line.account].name).format(owner=_("the provider"))
    return {
        "<money>": _("Where the money lies"),
        "<earned>": _("What it was earned with"),
        "<credit>": _("Customer credit"),
        "<counter>": _("The account it goes to"),
    }.get(line.account, line.account)


def amount_words(line: Line) -> str:
    """Which part of the money a leg of the chart's table takes."""
    return {
        "net": _("what reached us"),
        "fee": _("the provider's charge"),
        "used": _("what it bought"),
        "remainder": _("what was left over"),
        "passed_on": _("the charge the payer bore"),
        "held": _("what is held"),
        "credit": _("what lay on the credit"),
        "given_back": _("what takes earnings back"),
        "amount": _("the amount"),
        "total": _("the amount and its charge"),
        "gross": _("before the charge"),
        "more_fee": _("what the charge was more"),
    }.get(line.amount, line.amount.replace("_", " "))


def about(entry: Entry, found: Mapping[uuid.UUID, Subject]) -> Subject | None:
    """The thing an entry is about, of those that were looked up."""
    return found.get(entry.subject_id) if entry.subject_id else None
