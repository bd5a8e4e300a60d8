"""What the house asks of every request, watched whenever a test sends one: see `tests/house/test_manners.py`."""

import re
import sys
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request, request_finished, request_tearing_down
from sqlalchemy import event
from sqlalchemy.engine import Engine

from portal.core.db import db
from portal.core.transaction import transactional

COMMAND = "set local lock_timeout"  # how each run of a command begins
RUN = transactional(lambda: None).__code__
WRITES = ("insert", "update", "delete", "merge", "truncate")
SENTENCE = re.compile(r"[\w)”\"…%&;]\.(?=\s|<|$)")

#: Pages whose POST answers with a page that is neither a refusal nor the way on, and why.
SHOWS_A_PAGE = {
    "frontdesk.housekeeping_room": "the words alone, for a phone that sends by itself",
    "frontdesk.housekeeping_step": "the same",
    "admin.invite": "the link is shown to the inviter once, and is stored nowhere to be shown again",
    "auth.forgot": "the same page whether or not there is such an account",
    "auth.sign_in": "a form kept over a sign-in is shown again, for its person to send",
    "auth.confirm": "the same, after the password was given once more",
    "auth.unlock": "the same; and a page under its cover needs no other",
    "auth.lock": "the cover is laid over the page",
    "frontdesk.group_list": "the rows are shown before any is booked, and those that could not be",
    "frontdesk.settings_webhooks_new": "the secret is shown once, and is stored sealed",
    "payments.payouts_new": "the name behind the account is shown before anything is written down",
    "units.control": "the panel beside the board shows itself again",
    "units.grant": "the panel beside the board shows itself again",
    "units.approve": "the panel beside the board shows itself again",
    "units.refuse": "the panel beside the board shows itself again",
    "books.entry_new": "what an entry would do is shown, or another line, before anything is booked",
    "sandbox.decide": "the pretended provider leads a payer on as a foreign site would",
    "sandbox.flutterwave_decide": "the same at the other one",
    "admin.boxes": "the secrets of prepared devices come as a file, once",
    "units.device_register": "a device's secret is shown once, and is stored nowhere to be shown again",
    "units.device_claim": "the same, where the box came without one",
    "units.device_step": "the same, when it is given a new one",
}
#: Requests that are more than one command: how many at most, and why.
OUTSIDE = "the gateway is called between opening the payment, taking the turn and keeping its checkout"
ASKED = "the phone is asked between writing the question down and keeping what the provider said"
COUNTED = "a try is counted in a command of its own, so that a refusal does not undo the count"
SEVERAL = {
    "frontdesk.settings_channels_upload": (500, "each event of a calendar is taken in a command of its own"),
    "door.pay": (3, OUTSIDE),
    "bill.pay": (3, OUTSIDE),
    "api.init_payment": (3, OUTSIDE),
    "payments.phone_bill": (2, ASKED),
    "payments.phone_again": (2, ASKED),
    "payments.take_for_unit": (2, ASKED),
    "payments.mobile_send_back": (2, "the provider is asked after the return was written down; its no is kept"),
    "api.finalize_transfer": (3, f"{COUNTED}; the gateway is called after that, and its answer heard and kept"),
    "api.resend_transfer_otp": (2, "what the gateway did is written down, then the answer is kept under its key"),
    "payments.payouts_confirm": (2, f"{COUNTED}; the gateway is called after that, and its answer heard"),
    "auth.sign_in": (3, f"{COUNTED}; the session this browser had before ends first"),
    "auth.confirm": (2, COUNTED),
    "auth.unlock": (2, COUNTED),
    "auth.change_password": (2, COUNTED),
    "api.issue": (2, COUNTED),
    "auth.invitation": (2, "whoever joined stays joined, whatever becomes of the session that starts"),
}
STUBBED = 299  # what the walk through the rights puts in the place of a view


@dataclass
class Watch:
    """One request under observation."""

    method: str = ""
    endpoint: str = ""
    response: Response | None = None
    commands: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def judge(self) -> None:
        """Raise when the request was not well-mannered."""
        assert not self.loose, f"{self.endpoint} wrote outside a command: {self.loose}"
        assert not self.left, f"{self.endpoint} left changes uncommitted: {self.left}"
        if self.method == "POST" and self.endpoint:
            most = SEVERAL.get(self.endpoint, (1, ""))[0]
            assert len(self.commands) <= most, f"{self.endpoint} ran {self.commands}: at most {most} may be"
            if not self.endpoint.startswith(("api.", "sandbox_api.")):
                self._judge_ending()

    def _judge_ending(self) -> None:
        assert self.response is not None, f"{self.endpoint} gave no answer"
        status = self.response.status_code
        led_on = status in (302, 303) or (status == 204 and "HX-Location" in self.response.headers)
        if led_on or status == STUBBED or (status == 200 and self.endpoint in SHOWS_A_PAGE):
            return
        assert 400 <= status < 500 or status == 503, f"{self.endpoint} ended in {status}: neither refused nor led on"
        words = self.response.get_data(as_text=True)
        assert SENTENCE.search(words), f"{self.endpoint} refused without a sentence:\n{words}"


now: ContextVar[Watch | None] = ContextVar("watch", default=None)


@event.listens_for(Engine, "before_cursor_execute")
def _sent(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    watch = now.get()
    if watch is None:
        return
    if statement.startswith(COMMAND):
        if (command := _first_try()) is not None:
            watch.commands.append(command)
    elif statement.lstrip()[:8].lower().startswith(WRITES) and not db.session().info.get("in_command"):
        watch.loose.append(statement[:200])


def _first_try() -> str | None:
    """The command that is beginning, unless it only runs again after a deadlock."""
    frame: Any = sys._getframe()
    while frame.f_code is not RUN:
        frame = frame.f_back
    return frame.f_locals["command"].__qualname__ if frame.f_locals["attempt"] == 1 else None


@request_finished.connect
def _answered(_app: Flask, response: Response, **_: Any) -> None:
    if (watch := now.get()) is not None:
        watch.method, watch.endpoint, watch.response = request.method, request.endpoint or "", response


@request_tearing_down.connect
def _ended(_app: Flask, **_: Any) -> None:
    watch = now.get()
    if watch is not None and db.session.registry.has():
        session = db.session()
        changed = [each for each in session.dirty if session.is_modified(each)]
        watch.left = [repr(each) for each in (*session.new, *session.deleted, *changed)]
