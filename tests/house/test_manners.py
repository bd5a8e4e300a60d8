"""The client of the tests watches every request of the suite; here it is shown to catch what it watches for."""

import pytest
from sqlalchemy import text

from portal import create_app
from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.identity.models import User
from tests.support import manners
from tests.support.clients import Client
from tests.support.databases import settings_for_tests


@transactional
def nothing():
    """A command that changes nothing."""


def loose():
    db.session.execute(text("update asset set name = name"))
    return "", 303


def left():
    db.session.add(User(name="Nobody"))
    return "", 303


def twice():
    nothing()
    nothing()
    return "", 303


def decent():
    nothing()
    return "The room is let.", 409


@pytest.fixture
def planted(database_url):
    """`planted(view)` sends a POST to a page that does what it should not."""

    def ask(view):
        app = create_app(settings_for_tests(database_url))
        app.config["WTF_CSRF_ENABLED"] = False
        app.test_client_class = Client
        app.add_url_rule("/planted", "planted", view, methods=["POST"])
        try:
            return app.test_client().post("/planted")
        finally:
            with app.app_context():
                db.engine.dispose()

    return ask


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (loose, "wrote outside a command"),
        (left, "left changes uncommitted"),
        (twice, "ran ['nothing', 'nothing']: at most 1"),
        (lambda: "done", "neither refused nor led on"),
        (lambda: ("<p>no</p>", 409), "refused without a sentence"),
    ],
    ids=["written outside a command", "left uncommitted", "two commands", "no ending", "no sentence"],
)
def test_a_request_without_manners_fails_its_test(planted, view, said):
    with pytest.raises(AssertionError) as caught:
        planted(view)
    assert said in str(caught.value)


def test_a_request_with_manners_passes(planted):
    assert planted(decent).status_code == 409


def test_the_exceptions_are_pages_that_exist(app):
    assert not {*manners.SHOWS_A_PAGE, *manners.SEVERAL} - set(app.view_functions)
