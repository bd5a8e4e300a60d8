"""The people of the demo: a platform admin, and one login for each role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.core.db import db
from portal.demo.common import DAYS, insert, key
from portal.demo.places import DEPOT, FLEET, HOTEL, PLACES, SHOP, DemoPlace
from portal.shared.identity import passwords
from portal.shared.identity.models import Membership, Role, User

PLATFORM = "platform_admin"


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to sign in as; the password is theirs alone and known to everybody, as demos are."""

    name: str
    role: str
    places: tuple[DemoPlace, ...] = ()

    @property
    def email(self) -> str:
        return f"{self.role.replace('_', '.').removesuffix('.admin')}@lagoon.example"

    @property
    def password(self) -> str:
        return f"lagoon-{self.name.split()[0].lower()}-tide-2026"


PEOPLE = (
    DemoPerson("Amara Okafor", PLATFORM),
    DemoPerson("Olumide Bankole", Role.OWNER, PLACES),
    DemoPerson("Adaeze Nwosu", Role.ADMIN, PLACES),
    DemoPerson("Musa Ibrahim", Role.MANAGER, PLACES),
    DemoPerson("Funke Adeyemi", Role.FRONT_DESK, (HOTEL,)),
    DemoPerson("Chidi Eze", Role.CASHIER, (SHOP, HOTEL)),
    DemoPerson("Wanjiku Kamau", Role.DEPOT_SALES, (DEPOT,)),
    DemoPerson("Otieno Odhiambo", Role.DISPATCHER, (FLEET, DEPOT)),
    DemoPerson("Halima Sule", Role.HOUSEKEEPER, (HOTEL,)),
    DemoPerson("Kiprop Cheruiyot", Role.DRIVER, (FLEET, DEPOT)),
    DemoPerson("Victor Mensah", Role.VIEWER, PLACES),
    DemoPerson("Grace Achieng", Role.CUSTOMER),
)


def load(now: datetime) -> None:
    """Write the people, what they may do where, and nothing they have done."""
    joined = now - timedelta(days=DAYS + 3)
    insert(
        User,
        [
            {
                "id": key(person.email),
                "created_at": joined,
                "email": person.email,
                "name": person.name,
                "password_hash": passwords.hashed(person.password),
                "platform_admin": person.role == PLATFORM,
                "last_asset_id": person.places[0].id if person.places else None,
            }
            for person in PEOPLE
        ],
    )
    insert(
        Membership,
        [
            {
                "id": key(f"{person.email} at {place.name}"),
                "created_at": joined,
                "user_id": key(person.email),
                "asset_id": place.id,
                "role": person.role,
            }
            for person in PEOPLE
            for place in person.places
        ],
    )


def accounts() -> list[dict[str, str | None]]:
    """Those who can sign in here, each with the first place they work at."""
    there = set(db.session.scalars(select(User.email).where(User.email.in_([person.email for person in PEOPLE]))))
    return [
        {
            "email": person.email,
            "password": person.password,
            "role": str(person.role),
            "asset_number": person.places[0].asset_number if person.places else None,
        }
        for person in PEOPLE
        if person.email in there
    ]
