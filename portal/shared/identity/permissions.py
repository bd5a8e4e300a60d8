"""Every right by name, read from permissions.yaml, and the question whether somebody holds it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from portal.core.words import _, gettext
from portal.shared.assets.models import Asset
from portal.shared.identity import queries
from portal.shared.identity.errors import NoSuchPlace, PasswordNeeded, RoleLacksRight
from portal.shared.identity.models import Role

FILE = Path(__file__).with_name("permissions.yaml")
MORE_ROUTES = tuple(FILE.with_name(f"routes_{door}.yaml") for door in ("api", "money", "fleet", "hotel"))
PUBLIC, SIGNED_IN, PLATFORM, DEVICE = "public", "signed_in", "platform", "device"
ANYWHERE = " anywhere"
#: Nobody gives a role at or above their own (an owner may), nor touches a person who holds one.
RANKS = {Role.OWNER: 4, Role.ADMIN: 3, Role.MANAGER: 2}


@dataclass(frozen=True, slots=True)
class Permission:
    """One right: what an admin reads, who holds it, and what is asked of them."""

    name: str
    words: str
    roles: frozenset[Role]
    re: frozenset[Role] = frozenset()
    reason: frozenset[Role] = frozenset()
    note: str = ""

    @property
    def always_with_reason(self) -> bool:
        """Whether everybody who holds it has to write down why."""
        return bool(self.reason) and self.reason == self.roles


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole file: rights, routes, and the roles' names for people."""

    permissions: dict[str, Permission]
    routes: dict[str, str]
    roles: dict[Role, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A person let in at a place: the place, the role they act in, and every right it holds there."""

    asset: Asset
    role: Role
    permissions: frozenset[str]
    borrowed: bool = False


@cache
def matrix() -> Matrix:
    """All the files, read once."""
    document = yaml.safe_load(FILE.read_text())
    routes = dict(document["routes"])
    for file in MORE_ROUTES:
        routes |= yaml.safe_load(file.read_text())["routes"]
    rights = {
        name: Permission(
            name=name,
            words=cell["words"],
            roles=frozenset(map(Role, cell["roles"])),
            re=frozenset(map(Role, cell.get("re", ()))),
            reason=_roles(cell["roles"] if cell.get("reason") is True else cell.get("reason", ())),
            note=cell.get("note", ""),
        )
        for name, cell in document["permissions"].items()
    }
    return Matrix(rights, routes, {Role(name): words for name, words in document["roles"].items()})


def _roles(names: Iterable[str]) -> frozenset[Role]:
    return frozenset(map(Role, names))


def reason_needed(permission: str, role: Role) -> bool:
    """Whether this role has to write down why it uses this right."""
    return role in matrix().permissions[permission].reason


@cache
def permissions_in(role: Role | None) -> frozenset[str]:
    """Every right a role holds."""
    return frozenset(name for name, right in matrix().permissions.items() if role in right.roles)


def permissions_of(user_id: uuid.UUID, asset_id: uuid.UUID) -> frozenset[str]:
    """Every right a person holds at a place."""
    stands = queries.standing_by_id(user_id, asset_id)
    return permissions_in(stands.role if stands else None)


def has(user_id: uuid.UUID, asset_id: uuid.UUID, permission: str) -> bool:
    """Whether a person holds a right at a place."""
    matrix().permissions[permission]
    return permission in permissions_of(user_id, asset_id)


def enter(user_id: uuid.UUID, asset_number: str, permission: str, *, proved: bool) -> Entry:
    """Let a person use a right at a place; raises NoSuchPlace, RoleLacksRight or PasswordNeeded."""
    return _admit(queries.standing(user_id, asset_number), permission, proved)


def enter_by_id(user_id: uuid.UUID, asset_id: uuid.UUID, permission: str, *, proved: bool) -> Entry:
    """As `enter`, for a place known by its key, such as the one a payment belongs to."""
    return _admit(queries.standing_by_id(user_id, asset_id), permission, proved)


def enter_anywhere(user_id: uuid.UUID, permission: str) -> None:
    """Let a person use a right of a page that is not of one place; raises RoleLacksRight."""
    right = matrix().permissions[permission]
    user = queries.find_user(user_id)
    if user is not None and user.platform_admin:
        return
    if not any(member.role in right.roles for member in queries.memberships_of(user_id)):
        raise _lacks(right)


def role_words(role: str) -> str:
    """A role as a person reads it."""
    return gettext(matrix().roles[Role(role)])


def may_give(giver: Role, role: Role) -> bool:
    """Whether a holder of one role may give, change or take another."""
    return giver is Role.OWNER or RANKS.get(giver, 0) > RANKS.get(role, 1)


def _admit(stands: queries.Standing | None, permission: str, proved: bool) -> Entry:
    right = matrix().permissions[permission]
    if stands is None or stands.role is None:
        raise NoSuchPlace(_("There is nothing here, or it is not yours to see."))
    if stands.role not in right.roles:
        raise _lacks(right)
    if stands.role in right.re and not proved:
        raise PasswordNeeded(_("Give your password once more for this."), needs=permission)
    return Entry(stands.asset, stands.role, permissions_in(stands.role), stands.borrowed)


def _lacks(right: Permission) -> RoleLacksRight:
    return RoleLacksRight(
        _(
            "Your role here may not do this (%(right)s). Ask somebody who may.",
            right=gettext(right.words).lower(),
        ),
        needs=right.name,
    )
