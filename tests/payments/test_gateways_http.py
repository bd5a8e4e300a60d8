"""The one line to every provider: what is tried again, what never is, when it is left alone, what it never tells."""

import logging
import threading
import time

import httpx
import pytest

from portal.gateways import http
from portal.gateways.base import GatewayDown, ReplyLost
from portal.gateways.breaker import Breaker, breaker_of
from portal.gateways.http import Call, Wire
from tests.support.providers import said, slow

SECRET = "Bearer sk_live_a_key_nobody_may_see"
GOOD = said({"status": True})


@pytest.fixture
def wire(stage):
    return Wire(gateway="stage", base_url=stage.url, trust_env=False, timeout=httpx.Timeout(0.3))


def ask(wire, call=Call.QUESTION, method="GET", **more):
    return wire.ask(method, "/x/y", headers={"Authorization": SECRET}, call=call, **more)


@pytest.mark.parametrize("trouble", [None, said({}, 500), (503, {}, b"<html>"), said({"status": False}, 502)])
def test_a_question_is_asked_again(wire, stage, trouble):
    stage.answers = [trouble, trouble, GOOD]
    assert ask(wire).document == {"status": True}
    assert len(stage.asked) == 3


@pytest.mark.parametrize("trouble", [None, said({}, 500), (503, {}, b"<html>")])
@pytest.mark.parametrize(("call", "kind"), [(Call.OFFER, GatewayDown), (Call.ORDER, ReplyLost)])
def test_what_changes_something_is_sent_once(wire, stage, trouble, call, kind):
    stage.answers = [trouble, GOOD]
    with pytest.raises(GatewayDown) as silent:
        ask(wire, call, "POST", body={"amount": 1})
    assert type(silent.value) is kind
    assert len(stage.asked) == 1


def test_what_was_certainly_not_sent_is_sent_again(wire, stage, monkeypatch):
    right, tries = wire._http.send, []

    def send(request, **how):
        tries.append(request)
        if len(tries) < 3:
            raise httpx.ConnectError("nobody there")
        return right(request, **how)

    monkeypatch.setattr(wire._http, "send", send)
    stage.answers = [GOOD]
    assert ask(wire, Call.ORDER, "POST", body={}).status == 200
    assert (len(tries), len(stage.asked)) == (3, 1)


def test_a_slow_provider_is_not_waited_for_three_times(wire, stage):
    stage.answers = [slow(1.0, GOOD)]
    begun = time.monotonic()
    with pytest.raises(GatewayDown):
        ask(wire)
    assert time.monotonic() - begun < 0.9
    with pytest.raises(ReplyLost):
        ask(wire, Call.ORDER, "POST", body={})


def test_nobody_is_followed_elsewhere_with_our_key(wire, stage):
    stage.answers = [(302, {"Location": f"{stage.url}/elsewhere"}, b"")]
    with pytest.raises(GatewayDown):
        ask(wire)
    assert stage.paths() == [("GET", "/x/y")]


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": true, "data": NaN}',
        b'{"a": ' * 2_000 + b"1" + b"}" * 2_000,
        b"[" * 50_000,
        b'{"status": true, "status": false}',
        b'{"x": "\\u0000"}',
        b'{"x": "' + b"y" * (http.MOST_BYTES + 1) + b'"}',
        b'{"x": ' + b"9" * 5_000 + b"}",
        b"[]",
        b"\xff\xfe",
    ],
    ids=range(9),
)
def test_what_cannot_be_read_strictly_is_no_answer(wire, stage, body):
    stage.answers = [(200, {}, body)]
    with pytest.raises(GatewayDown):
        ask(wire)


def test_an_answer_that_drips_for_ever_is_given_up(wire, monkeypatch):
    monkeypatch.setattr(http, "MOST_SECONDS", 0.05)

    class Endless(httpx.SyncByteStream):
        def __iter__(self):
            while True:
                time.sleep(0.02)
                yield b" "

    wire._http = httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(200, stream=Endless())))
    with pytest.raises(GatewayDown):
        ask(wire)


def test_too_many_requests_is_heard_and_not_answered_with_more(wire, stage):
    stage.answers = [said({"status": False}, 429)]
    for _again in range(8):
        with pytest.raises(GatewayDown) as silent:
            ask(wire, Call.ORDER, "POST", body={})
        assert type(silent.value) is GatewayDown, "an order that was turned away was not done"
    assert len(stage.asked) == 8
    assert not breaker_of("stage", stage.url).open


def test_a_provider_that_is_down_is_left_alone_and_found_again(wire, stage, monkeypatch):
    clock = [0.0]
    breaker = Breaker("stage", rest=10, clock=lambda: clock[0])
    monkeypatch.setattr(http, "breaker_of", lambda *_names: breaker)
    stage.answers = [None]
    for _call in range(5):
        with pytest.raises(GatewayDown):
            ask(wire, Call.OFFER, "POST", body={})
    asked = len(stage.asked)
    with pytest.raises(GatewayDown, match="has not answered for a while"):
        ask(wire)
    assert len(stage.asked) == asked == 5, "it failed at once"
    clock[0] = 10.0
    with pytest.raises(GatewayDown):
        ask(wire, Call.OFFER, "POST", body={})
    assert len(stage.asked) == 6, "one call tried"
    with pytest.raises(GatewayDown, match="for a while"):
        ask(wire)
    clock[0] = 20.0
    stage.answers = [GOOD]
    assert ask(wire).status == 200
    assert ask(wire).status == 200
    assert not breaker.open


def test_only_one_of_many_finds_out_whether_it_is_back():
    clock = [0.0]
    breaker = Breaker("stage", most_silent=1, rest=10, clock=lambda: clock[0])
    assert breaker.enter()
    breaker.left(answered=False)
    clock[0] = 11.0
    entered, gate = [], threading.Barrier(20)

    def call():
        gate.wait()
        if breaker.enter():
            entered.append(1)

    threads = [threading.Thread(target=call) for _each in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entered) == 1
    breaker.left(answered=None)
    assert breaker.enter(), "a probe that ended by our own mistake gives its turn back"


def test_each_address_has_its_own_breaker_for_the_whole_process(wire, stage):
    stage.answers = [None]
    for _call in range(5):
        with pytest.raises(GatewayDown):
            ask(wire, Call.OFFER, "POST", body={})
    twin = Wire(gateway="stage", base_url=stage.url + "/", trust_env=False)
    with pytest.raises(GatewayDown, match="for a while"):
        ask(twin)
    assert not breaker_of("stage", "http://127.0.0.1:9").open


def test_an_answer_that_says_no_is_an_answer(wire, stage):
    stage.answers = [said({"status": False}, 400)]
    for _call in range(8):
        assert ask(wire).status == 400
    assert not breaker_of("stage", stage.url).open


def test_no_log_line_and_no_error_tells_what_was_sent(wire, stage, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    stage.answers = [None]
    with pytest.raises(ReplyLost) as silent:
        ask(wire, Call.ORDER, "POST", body={"otp": "918273"}, query={"account_number": "0123456789"})
    told = "".join([repr(silent.value), repr(wire), caplog.text, *capsys.readouterr()])
    assert "gateway_silent" in told
    for hidden in (SECRET, "sk_live", "918273", "0123456789"):
        assert hidden not in told
