"""How rates are said: terms of cancelling, what a plan follows, restrictions, what was edited."""

from __future__ import annotations

from typing import Any

from babel.dates import format_date
from flask import g

from portal.core.words import _, language, ngettext
from portal.trades.hotel import pricing, shorthand
from portal.trades.hotel.models import CancelPolicy, HotelTax, Promotion, RateChange, RatePlan
from portal.web.filters import money, percent
from portal.web.frontdesk.rate_forms import WEEKDAYS

#: What the short words of the grid mean.
SHORT = {
    "closed": "x",
    "closed_to_arrival": "cta",
    "closed_to_departure": "ctd",
    "min_arrival": "min2",
    "max_arrival": "max7",
    "min_through": "thru3",
    "max_stay": "stay7",
    "min_advance": "adv1",
    "max_advance": "far90",
    "quota": "q5",
}


def restriction_words(name: str) -> str:
    """What a restriction is called."""
    return {
        "closed": _("closed"),
        "closed_to_arrival": _("no arrival"),
        "closed_to_departure": _("no departure"),
        "min_arrival": _("least nights from an arrival"),
        "max_arrival": _("most nights from an arrival"),
        "min_through": _("least nights of a stay over it"),
        "max_stay": _("most nights of a stay over it"),
        "min_advance": _("least days booked ahead"),
        "max_advance": _("most days booked ahead"),
        "quota": _("so many sold at most"),
    }[name]


def weekday(day: Any) -> str:
    """The head of a column: "Mon"."""
    return format_date(day, "EEE", locale=language())


def date_of(day: Any) -> str:
    """The day of a column: "9 Mar"."""
    return format_date(day, "d MMM", locale=language())


def figure_words(value: int, kind: str) -> str:
    """A change with its sign: −10%, +€5.00."""
    if kind == "percent":
        return percent(value / 1_000_000, sign=True).replace("-", "\u2212")
    return money(value, g.place.currency, sign=True)


def follows_words(plan: RatePlan, by_id: dict[Any, RatePlan]) -> str:
    """What a plan's prices come from."""
    if plan.parent_id is None:
        return _("Its own prices")
    return f"{by_id[plan.parent_id].code} {figure_words(plan.derive_value, plan.derive_kind or '')}"


def fee_words(kind: str, value: int) -> str:
    """What a late cancellation or a no-show costs."""
    if kind == "nights":
        return _("the first night") if value == 1 else ngettext("%(num)s night", "the first %(num)s nights", value)
    if kind == "percent":
        return _("%(share)s of the stay", share=percent(value / 1_000_000))
    return (
        money(value, g.place.currency) if kind == "amount" else _("nothing") if kind == "none" else _("the whole stay")
    )


def free_words(policy: CancelPolicy) -> str:
    """Until when cancelling is free."""
    if policy.late_kind == "none":
        return _("Always free")
    if policy.free_days >= pricing.NEVER_FREE:
        return _("Never free")
    at = f"{policy.free_until_minute // 60:02}:{policy.free_until_minute % 60:02}"
    if policy.free_days == 0:
        return _("Free until %(at)s on the day of arrival", at=at)
    return ngettext(
        "Free until %(at)s the day before", "Free until %(at)s, %(num)s days before", policy.free_days, at=at
    )


def tax_words(tax: HotelTax) -> str:
    """How much a tax is, and of what."""
    if tax.kind == "percent":
        share = percent((tax.rate_ppm or 0) / 1_000_000)
        return _("%(share)s in the price", share=share) if tax.inclusive else _("%(share)s on the price", share=share)
    said = money(tax.amount, g.place.currency)
    said = _("%(sum)s a night", sum=said) if tax.kind == "per_night" else _("%(sum)s a person and night", sum=said)
    return _("%(sum)s, in the price", sum=said) if tax.inclusive else said


def promotion_words(promotion: Promotion) -> str:
    """What a promotion takes off."""
    if promotion.kind == "percent":
        return _("%(share)s off", share=percent(promotion.value / 1_000_000))
    return _("%(sum)s off a night", sum=money(promotion.value, g.place.currency))


def change_words(change: RateChange) -> str:
    """An edit in a line: what was done to how many cells."""
    said = change.said
    if said["how"] == "typed":
        what = _("Typed into the grid")
    elif said["how"] == "rules":
        lifted = [_("no more %(what)s", what=restriction_words(name)) for name in said["lifted"]]
        what = ", ".join([*filter(None, [shorthand.written(said["set"])]), *lifted])
    elif said["how"] == "set":
        what = _("Set to %(sum)s", sum=money(said["value"], g.place.currency))
    else:
        what = figure_words(said["value"], said["how"])
    cells = ngettext("%(num)s night", "%(num)s nights", said["cells"])
    days = said.get("weekdays", [])
    on = ", ".join(str(words) for key, words in WEEKDAYS if int(key) in days) if 0 < len(days) < 7 else ""
    return " · ".join(filter(None, [what, said["plan"] or _("all plans"), ", ".join(said["types"]), on, cells]))
