"""Every route stands behind the guard that permissions.yaml names, for every role, at one's own place and another's."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from portal.shared.identity import permissions, rights_page
from portal.shared.identity.models import Role
from tests.factories import assets
from tests.factories import identity as people

PLATFORM, STRANGER = "platform", "no place"
VISITORS = [*Role, PLATFORM, STRANGER]
EXEMPT = {"static"}
#: A value that fits each converter; the guard answers before the view could look for such a thing.
VALUES: dict[str, Any] = {"UUIDConverter": uuid.UUID(int=7), "IntegerConverter": 1, "FloatConverter": 1.0}


def _routes(app):
    """(endpoint, rule, method, guard) of everything that is not public."""
    for rule in app.url_map.iter_rules():
        guard = permissions.matrix().routes.get(rule.endpoint)
        if guard not in (None, permissions.PUBLIC):
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule, method, guard


def _is_api(rule) -> bool:
    return rule.rule.startswith("/api/")


def _address(app, rule, asset_number: str) -> str:
    values = {
        name: asset_number
        if name == "asset_number"
        else next(iter(converter.regex.strip("(?:)").split("|")))
        if type(converter).__name__ == "AnyConverter"
        else VALUES.get(type(converter).__name__, "x")
        for name, converter in rule._converters.items()
    }
    return app.url_map.bind("localhost").build(rule.endpoint, values)


def _ask(client, app, rule, method, asset_number, headers=None):
    """One request that names the place in the URL, or else where the guard looks for it."""
    more: dict[str, Any] = {"headers": headers or {}}
    if "asset_number" not in rule.arguments:
        if method == "GET":
            more["query_string"] = {"asset_number": asset_number}
        elif _is_api(rule):
            more["json"] = {"asset_number": asset_number}
    return client.open(_address(app, rule, asset_number), method=method, **more)


@pytest.fixture
def stubbed(app, monkeypatch):
    """Behind each guard nothing but a word, so that only the guard answers."""
    for view in app.view_functions.values():
        if hasattr(view, "__wrapped__") and getattr(view, "guard", permissions.PUBLIC) != permissions.PUBLIC:
            monkeypatch.setattr(view, "__wrapped__", lambda *_args, **_values: ("let in", 299))


def _expected(guard: str, visitor: str, own: bool) -> set[int]:
    role = Role.OWNER if visitor == PLATFORM else visitor
    if guard == permissions.SIGNED_IN:
        return {299}
    if guard == permissions.DEVICE:
        return {401}
    if guard == permissions.PLATFORM:
        return {299} if visitor == PLATFORM else {404}
    right = permissions.matrix().permissions[guard.removesuffix(permissions.ANYWHERE)]
    if guard.endswith(permissions.ANYWHERE):
        return {299} if role in right.roles else {403}
    if visitor == STRANGER or (not own and visitor != PLATFORM):
        return {404}
    return {299} if role in right.roles else {403}


@pytest.mark.parametrize("visitor", VISITORS)
def test_every_route_lets_in_whom_the_matrix_names(app, session, client, stubbed, visitor):
    own, other = assets.place(), assets.place(name="Another place")
    if visitor in (PLATFORM, STRANGER):
        user = people.person(platform_admin=visitor == PLATFORM)
    else:
        user = people.member(own, visitor)
    people.sign_in(client, user)
    token = people.bearer(app, user)
    places = {"own": own.asset_number, "other": other.asset_number}
    wrong = []
    for rule, method, guard in _routes(app):
        for whose, asset_number in places.items():
            headers = token if _is_api(rule) else {"HX-Request": "true"}
            got = _ask(client, app, rule, method, asset_number, headers).status_code
            if got not in _expected(guard, visitor, whose == "own"):
                wrong.append(f"{method} {rule.rule} ({guard}), {whose}: {got}")
    assert not wrong, f"{visitor}: {wrong}"


def test_nobody_gets_past_a_guard_without_signing_in(app, session, client, stubbed):
    asset_number = assets.place().asset_number
    wrong = []
    for rule, method, guard in _routes(app):
        answer = _ask(client, app, rule, method, asset_number)
        if _is_api(rule):
            right = answer.status_code == 401 and answer.json["error"]["code"] == "sign_in_needed"
        elif method == "GET":
            right = answer.status_code == 303 and answer.location.startswith("/sign-in?next=/")
        else:
            right = answer.status_code == 401
        if not right:
            wrong.append(f"{method} {rule.rule} ({guard}): {answer.status_code}")
    assert not wrong, wrong


def test_every_route_is_in_the_matrix_and_carries_the_guard_it_names(app):
    routes = permissions.matrix().routes
    views: dict[str, Callable[..., Any]] = {
        name: view for name, view in app.view_functions.items() if name not in EXEMPT
    }
    missing = {name: getattr(view, "guard", None) for name, view in views.items() if name not in routes}
    assert not missing, f"add these to routes in permissions.yaml or a file beside it, as endpoint: guard: {missing}"
    differing = {
        name: (getattr(view, "guard", None), routes[name])
        for name, view in views.items()
        if getattr(view, "guard", None) != routes[name]
    }
    assert not differing, f"the view's guard is not what permissions.yaml says: {differing}"


def test_the_matrix_names_only_what_there_is(app):
    matrix = permissions.matrix()
    gone = set(matrix.routes) - set(app.view_functions)
    assert not gone, f"take these out of routes in permissions.yaml: {gone}"
    known = {permissions.PUBLIC, permissions.SIGNED_IN, permissions.PLATFORM, permissions.DEVICE, *matrix.permissions}
    unknown = {guard for guard in matrix.routes.values() if guard.removesuffix(permissions.ANYWHERE) not in known}
    assert not unknown
    assert set(matrix.roles) == set(Role)
    for right in matrix.permissions.values():
        assert right.re <= right.roles, f"{right.name}: only who holds a right gives the password for it"
        assert Role.OWNER in right.roles or not right.roles, f"{right.name}: an owner holds every right of the place"
    assert permissions.permissions_in(Role.CUSTOMER) == frozenset()


def test_the_page_of_rights_is_up_to_date():
    assert rights_page.as_markdown() == (permissions.FILE.parents[3] / "docs" / "rights.md").read_text(), (
        "run `flask rights-doc`"
    )
