"""The same request, any number of times: one effect, one answer."""

import threading

import pytest

from portal.core import idempotency
from portal.core.errors import Conflict
from tests.core.test_transaction import in_threads

pytestmark = pytest.mark.database

ASKED = idempotency.request_hash("POST", "/api/x/", b'{"a":1}')


def ask(work, key="k1", asked=ASKED, actor="user:1"):
    return idempotency.once(actor=actor, key=key, asked=asked, work=work)


def test_the_second_time_gets_the_first_answer(committed):
    effects = []

    def work():
        effects.append(1)
        return {"number": len(effects)}, 201

    first, second = ask(work), ask(work)
    assert (first.status, first.body, first.replayed) == (201, {"number": 1}, False)
    assert (second.status, second.body, second.replayed) == (201, {"number": 1}, True)


def test_the_same_key_for_something_else_is_refused(committed):
    ask(lambda: ({}, 200))
    with pytest.raises(idempotency.IdempotencyKeyReused):
        ask(lambda: ({}, 200), asked=idempotency.request_hash("POST", "/api/x/", b'{"a":2}'))


def test_keys_of_two_people_do_not_meet(committed):
    assert ask(lambda: ({"who": 1}, 200)).body == {"who": 1}
    assert ask(lambda: ({"who": 2}, 200), actor="user:2").body == {"who": 2}


def test_a_refused_request_may_be_asked_again(committed):
    def refuse():
        raise Conflict("Sold out.")

    with pytest.raises(Conflict):
        ask(refuse)
    assert not ask(lambda: ({}, 201)).replayed


def test_twins_at_once_have_one_effect(committed, app):
    effects = []
    started = threading.Event()

    def slow():
        effects.append(1)
        started.set()
        threading.Event().wait(0.3)
        return {"n": len(effects)}, 201

    def second():
        started.wait(5)
        return ask(slow)

    first, other = in_threads(app, lambda: ask(slow), second)
    assert effects == [1]
    assert first.body == other.body == {"n": 1}
    assert other.replayed
