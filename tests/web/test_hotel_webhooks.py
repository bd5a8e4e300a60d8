"""Other systems by the pages: added with a secret shown once, tried, paused, removed and back."""

import re

import pytest

from portal.shared.identity.models import Role
from portal.shared.notifications.services import webhooks
from portal.shared.notifications.webhook_queries import last_calls, webhooks_of
from tests.factories import assets
from tests.factories.assets import ACTOR
from tests.web.test_frontdesk_settings import base, browser


@pytest.fixture
def place(session):
    return assets.place()


def test_a_system_is_added_tried_paused_and_removed(app, wired, place, monkeypatch):
    monkeypatch.setattr("portal.gateways.outward._private_allowed", True)
    desk, pages = browser(app, place, Role.MANAGER), f"{base(place)}settings/webhooks"
    assert "No other system is told" in desk.get(pages).text
    said = {"once": "w", "url": "http://127.0.0.1:9/hook", "topics": ["pms.reservation.created"]}
    shown = desk.post(f"{pages}/new", data=said).text
    assert len(re.search(r'id="secret" value="([^"]+)"', shown)[1]) > 30
    assert desk.post(f"{pages}/new", data=said).status_code == 303, "sent twice it is one"
    [made] = webhooks_of(place.id)
    one = f"{pages}/{made.id}"
    assert desk.post(f"{one}/test").status_code == 303
    assert len(last_calls(made.id)) == 1
    assert "A test" in desk.get(one).text
    assert made.secret not in desk.get(one).data
    desk.post(f"{one}/pause")
    assert "Paused" in desk.get(pages).text
    desk.post(f"{one}/resume")
    desk.post(f"{one}/remove")
    assert "No other system is told" in desk.get(pages).text
    desk.post(f"{one}/restore")
    assert "http://127.0.0.1:9/hook" in desk.get(pages).text


def test_an_address_inside_and_no_topic_are_refused_at_their_fields(app, wired, place):
    desk, new = browser(app, place, Role.MANAGER), f"{base(place)}settings/webhooks/new"
    inside = desk.post(new, data={"once": "a", "url": "http://10.0.0.1/", "topics": ["pms.reservation.created"]})
    assert (inside.status_code, "inside this network" in inside.text) == (422, True)
    nothing = desk.post(new, data={"once": "b", "url": "http://8.8.8.8/"})
    assert (nothing.status_code, "Choose what it is told of." in nothing.text) == (422, True)


def test_another_hotels_system_is_not_there(app, wired, place):
    made, _secret = webhooks.add(asset_id=place.id, url="http://8.8.8.8/", topics=["any"], actor=ACTOR)
    other = assets.place()
    desk = browser(app, other, Role.OWNER)
    assert desk.get(f"{base(other)}settings/webhooks/{made.id}").status_code == 404
    assert desk.post(f"{base(other)}settings/webhooks/{made.id}/remove").status_code == 404
