"""Whatever is typed into an address or a form, no page breaks: it answers, leads on, or refuses in a sentence."""

import random
import re
import uuid

import pytest

from portal.shared.payments.queries import payments_for
from portal.web.forms import BaseForm
from tests.factories import assets, payments
from tests.factories import identity as people
from tests.house.test_files import ROOT, tracked

NASTY = [
    "", " ", "\0", "\u200b", "x" * 5_000, "-1", "0", "1", "9" * 40, "1e999", "NaN", "Infinity", "١٢", "12,50", "-0",
    "2031-02-30", "9999-12-31", "0001-01-01", "<script>alert(1)</script>", "' OR 1=1--", "%", "\\", "../../etc/passwd",
    "//evil.example", "a\r\nb: c", "😀", "null", "[]", "{}", "~", "9999-12-31T23:59:59Z~x", "true",
    str(uuid.UUID(int=7)),
    "a@b", "a@example.com", "owner", "room", "active", "+2348031234567", "{{ 7*7 }}", "%(x)s", "\u202e", "e\u0301" * 50,
]  # fmt: skip
GOOD = {
    "price": "15000", "period_minutes": "1440", "minutes": "60", "reason": "Because", "email": "new@example.com",
    "name": "Ada", "role": "cashier", "number": "301", "capability": "access", "action": "unlock", "periods": "1",
    "kind": "hotel", "currency": "NGN", "timezone": "Africa/Lagos", "language": "en", "theme": "dark", "once": "x1",
    "password": people.PASSWORD, "current": people.PASSWORD, "bank_name": "GTB", "bank_account_name": "Ada",
    "bank_account_number": "0123456789", "outcome": "paid",
}  # fmt: skip
LAST = ("sign_out", "leave", "delete", "close", "retire", "end")
ROUNDS = 6
#: The pages are tried in so many goes, each with what its own left behind and no more.
GOES = 4


def names():
    """Every name that a page reads from its address or its forms."""
    found = {field for form in _forms(BaseForm) for field in vars(form) if not field.startswith("_")}
    for path in tracked(".py"):
        if path.is_relative_to(ROOT / "portal/web"):
            found |= set(re.findall(r"(?:args|form|asked|chosen)\.get\(\"(\w+)\"", path.read_text()))
    return sorted(found)


def _forms(kind):
    for each in kind.__subclasses__():
        yield each
        yield from _forms(each)


@pytest.fixture
def known(session):
    """What there is to be named in an address."""
    hotel = assets.place()
    owner = people.member(hotel, platform_admin=True)
    room = assets.room(hotel, number="101")
    made = payments.paid(room)
    return owner, {
        "asset_number": hotel.asset_number,
        "kind": "room",
        "number": room.number,
        "label": room.label,
        "reference": payments_for(room.id)[0].reference,
        "access_code": made.provider_ref,
        "user_id": owner.id,
    }


@pytest.mark.parametrize("go", range(GOES))
def test_nothing_typed_into_a_page_is_an_error_of_ours(app, client, known, go):
    owner, there = known
    chance = random.Random(20_261_120 + go)
    typed = names()
    assert {"q", "cursor", "price", "reason", "email"} <= set(typed)
    rules = [each for each in app.url_map.iter_rules() if not each.rule.startswith(("/api/", "/static/", "/live"))]
    rules.sort(key=lambda rule: any(word in rule.rule for word in LAST))
    broken = []
    for rule in rules[go::GOES]:
        people.sign_in(client, owner)
        for method in sorted(rule.methods & {"GET", "POST"}):
            for _round in range(ROUNDS):
                values = {
                    name: there[name] if _known(name, converter, there, chance) else _value(converter, chance)
                    for name, converter in rule._converters.items()
                }
                url = app.url_map.bind("localhost").build(rule.endpoint, values)
                sent = _filled(typed, chance)
                more = {"query_string": sent} if method == "GET" else {"data": sent}
                htmx = {"HX-Request": "true", "HX-Target": "x"} if chance.random() < 0.3 else {}
                try:
                    with client.open(url, method=method, headers=htmx, **more) as answer:
                        assert answer.status_code < 500
                except Exception as fault:
                    broken.append(f"{method} {url} {more}: {fault}")
    assert not broken, f"{len(broken)} broke:\n" + "\n".join(broken[:5])


def _filled(typed, chance):
    """Every name with something good, something nasty, or not at all."""
    nasty = chance.choice([0.05, 0.3, 0.9])
    filled = {}
    for name in typed:
        if chance.random() < nasty:
            filled[name] = chance.choice(NASTY)
        elif name in GOOD:
            filled[name] = GOOD[name]
    return filled


def _known(name, converter, there, chance):
    """Whether to name what is really there; not where the address has words of its own for it."""
    fits = type(converter).__name__ != "AnyConverter" or there.get(name) in converter.items
    return name in there and fits and chance.random() < 0.8


def _value(converter, chance):
    kind = type(converter).__name__
    if kind == "AnyConverter":
        return chance.choice(sorted(converter.items))
    if kind == "UUIDConverter":
        return uuid.UUID(int=chance.randrange(2**64))
    if kind == "IntegerConverter":
        return chance.choice([0, 1, 2**31, 2**63])
    return chance.choice([each for each in NASTY if each])
