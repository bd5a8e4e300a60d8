"""Who works where: invitations that work once, ranks that hold, a place that always has an owner."""

import pytest
from sqlalchemy import func, select

from portal.core.actor import system
from portal.shared.audit.models import AuditEntry
from portal.shared.identity import queries
from portal.shared.identity.errors import AlreadyMember, LastOwner, LinkOver, NoSuchPerson, NotYourRank, WeakPassword
from portal.shared.identity.models import Membership, OneTimeLink, Role, User
from portal.shared.identity.services import memberships
from tests.factories import assets
from tests.factories import identity as people
from tests.factories.identity import PASSWORD, acting

URL = "https://portal.test/invitation/{token}"


def _invite(place, actor, email="new@example.com", role=Role.CASHIER):
    return memberships.invite(asset=place, email=email, role=role, actor=actor, url=URL)


def test_opening_a_place_makes_its_opener_the_owner(session):
    user = people.person()
    place = memberships.open_place(
        kind="hotel", name="Marina", currency="NGN", timezone="Africa/Lagos", owner=user, actor=acting(user)
    )
    assert queries.standing(user.id, place.asset_number).role is Role.OWNER
    assert user.last_asset_id == place.id


def test_an_invitation_makes_an_account_once(session):
    place = assets.place()
    owner = people.member(place)
    invitation = _invite(place, acting(owner))
    stranger = people.Actor(people.ActorKind.USER, "a visitor")
    with pytest.raises(WeakPassword):
        memberships.accept(token=invitation.token, name="New Person", password="short", actor=stranger)
    member = memberships.accept(token=invitation.token, name="New Person", password=PASSWORD, actor=stranger)
    assert member.role == Role.CASHIER
    with pytest.raises(LinkOver):
        memberships.accept(token=invitation.token, name="Thief", password=PASSWORD, actor=stranger)
    joined = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.joined")).one()
    assert (joined.actor_name, joined.after["role"]) == ("New Person", "cashier")


def test_invited_twice_only_the_later_link_works_and_a_member_is_not_invited(session):
    place = assets.place()
    owner = people.member(place)
    first, second = _invite(place, acting(owner)), _invite(place, acting(owner), role=Role.VIEWER)
    assert len(queries.invitations_to(place.id)) == 1
    with pytest.raises(LinkOver):
        memberships.accept(token=first.token, name="New", password=PASSWORD, actor=acting(owner))
    member = memberships.accept(token=second.token, name="New", password=PASSWORD, actor=acting(owner))
    assert member.role == Role.VIEWER
    with pytest.raises(AlreadyMember, match="New works here already"):
        _invite(place, acting(owner))


def test_one_invitation_followed_by_many_at_once(committed, at_once):
    place = assets.place()
    invitation = _invite(place, acting(people.member(place)))
    outcomes = at_once(
        lambda: memberships.accept(token=invitation.token, name="New", password=PASSWORD, actor=system("tests")), 6
    )
    assert sum(isinstance(each, Membership) for each in outcomes) == 1
    assert sum(isinstance(each, LinkOver) for each in outcomes) == 5
    assert committed.scalar(select(func.count()).select_from(User).where(User.email == "new@example.com")) == 1


def test_one_person_invited_by_many_at_once_has_one_open_invitation(committed, at_once):
    place = assets.place()
    actor = acting(people.member(place))
    at_once(lambda: _invite(place, actor), 6)
    assert len(queries.invitations_to(place.id)) == 1
    assert committed.scalar(select(func.count()).select_from(OneTimeLink)) == 6


def test_nobody_gives_a_role_at_or_above_their_own(session):
    place = assets.place()
    by_role = {role: people.member(place, role) for role in Role}
    may = {
        Role.OWNER: set(Role),
        Role.ADMIN: set(Role) - {Role.OWNER, Role.ADMIN},
        Role.MANAGER: set(Role) - {Role.OWNER, Role.ADMIN, Role.MANAGER},
    }
    for giver, user in by_role.items():
        for role in Role:
            if role in may.get(giver, set()):
                _invite(place, acting(user), f"{giver}-{role}@example.com".replace("_", "-"), role)
            else:
                with pytest.raises(NotYourRank):
                    _invite(place, acting(user), "someone@example.com", role)
    manager, admin = by_role[Role.MANAGER], by_role[Role.ADMIN]
    with pytest.raises(NotYourRank):
        memberships.assign_role(asset_id=place.id, user_id=manager.id, role=Role.ADMIN, actor=acting(manager))
    with pytest.raises(NotYourRank):
        memberships.assign_role(asset_id=place.id, user_id=admin.id, role=Role.VIEWER, actor=acting(manager))
    with pytest.raises(NotYourRank):
        memberships.remove(asset_id=place.id, user_id=admin.id, actor=acting(manager))


def test_an_owner_of_one_place_is_nobody_at_another(session):
    here, there = assets.place(), assets.place()
    owner, other = people.member(here), people.member(there, Role.CASHIER)
    with pytest.raises(NotYourRank):
        memberships.remove(asset_id=there.id, user_id=other.id, actor=acting(owner))
    with pytest.raises(NoSuchPerson):
        memberships.remove(asset_id=here.id, user_id=other.id, actor=acting(owner))
    with pytest.raises(NotYourRank):
        _invite(there, acting(owner))


def test_the_last_owner_stays(session):
    place = assets.place()
    owner = people.member(place)
    with pytest.raises(LastOwner):
        memberships.remove(asset_id=place.id, user_id=owner.id, actor=acting(owner))
    with pytest.raises(LastOwner):
        memberships.assign_role(asset_id=place.id, user_id=owner.id, role=Role.ADMIN, actor=acting(owner))
    heir = people.member(place, Role.VIEWER)
    memberships.assign_role(asset_id=place.id, user_id=heir.id, role=Role.OWNER, actor=acting(owner))
    memberships.remove(asset_id=place.id, user_id=owner.id, actor=acting(owner), reason="sold the hotel")
    assert [m.user_id for m in queries.members_of(place.id)] == [heir.id]


def test_two_owners_who_leave_at_once_leave_one_behind(committed, at_once):
    place = assets.place()
    owners = [people.member(place) for _ in range(4)]
    ids = iter([owner.id for owner in owners])
    actors = {owner.id: acting(owner) for owner in owners}

    def leave():
        mine = next(ids)
        memberships.remove(asset_id=place.id, user_id=mine, actor=actors[mine])

    outcomes = at_once(leave, 4)
    assert sum(isinstance(each, LastOwner) for each in outcomes) == 1
    assert len(queries.members_of(place.id)) == 1


def test_somebody_with_a_lower_role_may_always_leave(session):
    place = assets.place()
    people.member(place)
    clerk = people.member(place, Role.CASHIER)
    memberships.remove(asset_id=place.id, user_id=clerk.id, actor=acting(clerk))
    assert queries.standing(clerk.id, place.asset_number).role is None


def test_an_invitation_taken_back_is_dead(session):
    place = assets.place()
    owner = people.member(place)
    invitation = _invite(place, acting(owner))
    memberships.withdraw(
        asset_id=place.id, link_id=queries.find_link("invitation", invitation.token).id, actor=acting(owner)
    )
    with pytest.raises(LinkOver):
        memberships.accept(token=invitation.token, name="New", password=PASSWORD, actor=acting(owner))
