"""The desks of the left rail: what each is called, its key, who may sit there and at which kinds of place."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.core.words import LazyText, lazy_

EVERYWHERE = frozenset({"hotel", "fleet", "depot", "shop"})


@dataclass(frozen=True)
class Desk:
    """One desk. Its first page is the endpoint `<name>.index`; any one of the permissions opens it."""

    name: str
    label: LazyText
    icon: str
    key: str
    permissions: tuple[str, ...]
    kinds: frozenset[str] = field(default=EVERYWHERE)
    #: Shown in the rail only to people of these roles, though others may open it; none means everybody who may.
    roles: frozenset[str] = frozenset()

    @property
    def endpoint(self) -> str:
        return f"{self.name}.index"


def _at(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


DESKS = (
    Desk("frontdesk", lazy_("Front desk"), "bed", "f", ("hotel.view",), _at("hotel")),
    Desk("till", lazy_("Till"), "cash-register", "t", ("pos.view",), _at("hotel", "shop", "depot")),
    Desk("depot", lazy_("Depot"), "cylinder", "d", ("depot.view",), _at("depot")),
    Desk("fleet", lazy_("Fleet"), "map", "v", ("fleet.view",), _at("fleet", "depot")),
    Desk("driving", lazy_("My vehicle"), "steering-wheel", "w", ("fleet.own",), _at("fleet", "depot"), _at("driver")),
    Desk("units", lazy_("Units"), "layout-grid", "u", ("units.view",), _at("hotel", "fleet", "depot")),
    Desk("stock", lazy_("Stock"), "packages", "s", ("stock.view",)),
    Desk("customers", lazy_("Customers"), "users", "c", ("customers.view",)),
    Desk("payments", lazy_("Payments"), "credit-card", "p", ("payments.view",)),
    Desk("credits", lazy_("Credits"), "gift", "r", ("credits.view",)),
    Desk("books", lazy_("Books"), "books", "b", ("books.view",)),
    Desk("reports", lazy_("Reports"), "chart-bar", "o", ("reports.view",)),
    Desk(
        "admin",
        lazy_("Admin"),
        "settings",
        "a",
        ("people.view", "audit.view", "devices.view", "jobs.view", "health.view"),
    ),
)
KINDS = {
    "hotel": (lazy_("Hotel"), "building"),
    "fleet": (lazy_("Fleet"), "car"),
    "depot": (lazy_("Depot"), "cylinder"),
    "shop": (lazy_("Shop"), "building-store"),
}
