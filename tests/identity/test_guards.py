"""Rights at a place: members by role, strangers not at all, platform admins everywhere."""

import pytest

from portal.shared.identity import permissions
from portal.shared.identity.errors import NoSuchPlace, PasswordNeeded, RoleLacksRight
from tests.factories import assets
from tests.factories import identity as people


def test_a_role_holds_what_the_matrix_gives_it_and_nothing_at_another_place(session):
    here, there = assets.place(), assets.place(name="Other")
    clerk = people.member(here, "front_desk")
    assert permissions.has(clerk.id, here.id, "units.control")
    assert not permissions.has(clerk.id, here.id, "units.grant")
    assert permissions.permissions_of(clerk.id, there.id) == frozenset()
    with pytest.raises(RoleLacksRight, match="decide on payments"):
        permissions.enter(clerk.id, here.asset_number, "payments.review", proved=True)
    with pytest.raises(NoSuchPlace):
        permissions.enter(clerk.id, there.asset_number, "units.control", proved=True)
    assert permissions.enter(clerk.id, here.asset_number.lower(), "units.view", proved=False).asset is here


def test_a_strange_number_in_the_address_is_simply_not_there(session):
    clerk = people.member(assets.place())
    for number in ("", "\0", "\ud800", "nobody", "x" * 5000, "' or 1=1"):
        with pytest.raises(NoSuchPlace):
            permissions.enter(clerk.id, number, "assets.view", proved=True)


def test_a_platform_admin_borrows_an_owners_rights_and_bank_details_want_the_password_again(session):
    place = assets.place()
    admin = people.person(platform_admin=True)
    entry = permissions.enter(admin.id, place.asset_number, "assets.bank", proved=True)
    assert entry.borrowed
    with pytest.raises(PasswordNeeded):
        permissions.enter(admin.id, place.asset_number, "assets.bank", proved=False)


def test_a_deactivated_person_has_no_rights(session):
    place = assets.place()
    owner = people.member(place, active=False)
    assert permissions.permissions_of(owner.id, place.id) == frozenset()
