"""The live door: names of what happened, sent to the browsers allowed to know, over one connection each."""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import structlog
from flask import Flask, Response, current_app, make_response, request

from portal.core.outbox import OutboxEvent, events_between, last_position, listen
from portal.shared.identity.queries import places_heard
from portal.web.guards import current_user

log = structlog.get_logger(__name__)
HEARTBEAT = 15.0
REPLAY = 500
QUEUE = 1_000
STREAMS_PER_SESSION = 10
STREAMS = 200  # of one process, each on a thread of its own; the rest of the threads serve pages
Places = frozenset[uuid.UUID] | None  # None: every place, for a platform admin


@dataclass(frozen=True, slots=True)
class News:
    """One name: what happened, where, to which thing; never the thing itself."""

    position: int
    topic: str
    asset_id: uuid.UUID | None
    subject_id: uuid.UUID | None

    def line(self) -> str:
        """As it goes over the wire."""
        data = {"name": self.topic, "place": self.asset_id, "subject": self.subject_id}
        return f"id: {self.position}\ndata: {json.dumps(data, default=str)}\n\n"


@dataclass(eq=False)
class Listener:
    """One open stream: whose it is, what it may hear, and what waits to be sent; None in the queue ends it."""

    session_id: uuid.UUID
    places: Places
    waiting: queue.Queue[News | None] = field(default_factory=lambda: queue.Queue(QUEUE))

    def may_hear(self, news: News) -> bool:
        return self.places is None or news.asset_id in self.places

    def tell(self, news: News | None) -> bool:
        """False when the browser is too slow: it is cut off, and catches up when it comes back."""
        try:
            self.waiting.put_nowait(news)
        except queue.Full:
            return False
        return True


class Live:
    """The streams of this process, fed by one thread that listens to the database."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._thread: threading.Thread | None = None
        self._position = 0

    def open(self, session_id: uuid.UUID, places: Places) -> Listener | None:
        """A new stream of this session; None when it, or this process, has enough of them: that tab polls."""
        listener = Listener(session_id, places)
        with self._lock:
            if (
                len(self._listeners) >= STREAMS
                or sum(each.session_id == session_id for each in self._listeners) >= STREAMS_PER_SESSION
            ):
                return None
            self._listeners.add(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live stream", daemon=True)
                self._thread.start()
        return listener

    def close(self, listener: Listener) -> None:
        """The browser went away."""
        with self._lock:
            self._listeners.discard(listener)

    def __len__(self) -> int:
        return len(self._listeners)

    def _run(self) -> None:
        """Listen for as long as somebody is there; a database that went away is asked again."""
        while True:
            with self._lock:
                if not self._listeners:
                    self._thread, self._position = None, 0
                    return
            try:
                self._listen()
            except Exception as error:  # the screens poll meanwhile; nothing is lost, positions are kept
                log.warning("live_stream_interrupted", error=str(error))
                time.sleep(2)

    def _listen(self) -> None:
        checked = time.monotonic()
        with self._app.app_context():
            self._find_place(last_position())
        dsn = self._app.config["SQLALCHEMY_DATABASE_URI"].replace("postgresql+psycopg2://", "postgresql://", 1)
        for span in listen(dsn, timeout=HEARTBEAT / 3):
            with self._app.app_context():
                if span is not None:
                    self._spread(events_between(self._position + 1, span[1]))
                elif time.monotonic() - checked >= HEARTBEAT:
                    self._spread(events_between(self._position + 1, last_position()))
                if time.monotonic() - checked >= HEARTBEAT:
                    checked = time.monotonic()
                    self._check_sessions()
            if not self._listeners:
                return

    def _find_place(self, top: int) -> None:
        """Where to read on. Streams opened a moment ago may begin a little earlier than this thread does."""
        if not self._position:
            self._position = max(top - REPLAY, 0)
        elif top - self._position > REPLAY:  # too much was missed to tell: they come back and look at everything
            self._position = top
            for listener in list(self._listeners):
                self.close(listener)
                listener.tell(None)

    def _spread(self, events: Collection[OutboxEvent]) -> None:
        """Of many equal names in one batch the last is enough: whoever hears it looks for itself."""
        news = {(each.topic, each.asset_id, each.subject_id): each for each in map(_news, events)}
        self._position = max([self._position, *(each.position for each in news.values())])
        for each in sorted(news.values(), key=lambda told: told.position):
            for listener in list(self._listeners):
                if listener.may_hear(each) and not listener.tell(each):
                    self.close(listener)

    def _check_sessions(self) -> None:
        """Those who signed out hear nothing more; those who lost a place hear no more of it."""
        listeners = list(self._listeners)
        still = places_heard({each.session_id for each in listeners})
        for listener in listeners:
            if listener.session_id in still:
                listener.places = still[listener.session_id]
            else:
                self.close(listener)
                listener.tell(None)


def init_app(app: Flask) -> None:
    """Open the live door."""
    app.extensions["live"] = Live(app)


def open_stream() -> Response:
    """The stream of this browser: what it missed, then what happens; 204 tells it not to ask again."""
    live: Live = current_app.extensions["live"]
    session_id = current_user.session_id
    allowed = places_heard({session_id})
    listener = live.open(session_id, allowed[session_id]) if session_id in allowed else None
    if listener is None:
        return make_response("", 204)
    first, missed = _missed(listener)
    response = Response(_lines(live, listener, first, missed), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _missed(listener: Listener) -> tuple[int, list[str]]:
    """Where this stream starts, and the lines it missed since the id its browser remembers."""
    top = last_position()
    seen = request.headers.get("Last-Event-ID", "") or request.args.get("since", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 19):
        return top, [f"id: {top}\n\n"]
    if top - int(seen) > REPLAY or int(seen) > top:
        return top, [f'id: {top}\ndata: {{"name": "portal.resync"}}\n\n']
    news = [_news(event) for event in events_between(int(seen) + 1, top)]
    return top, [each.line() for each in news if listener.may_hear(each)] or [f"id: {top}\n\n"]


def _lines(live: Live, listener: Listener, first: int, missed: list[str]) -> Iterator[str]:
    """Runs outside any request: it holds no session and no database connection while it waits."""
    try:
        yield "retry: 2000\n\n"
        yield from missed
        while True:
            try:
                news = listener.waiting.get(timeout=HEARTBEAT)
            except queue.Empty:
                if listener not in live._listeners:
                    return
                yield ": still here\n\n"
                continue
            if news is None:
                return
            if news.position > first:
                yield news.line()
    finally:
        live.close(listener)


def _news(event: OutboxEvent) -> News:
    assert event.position is not None, "only relayed events are read here"
    return News(event.position, event.topic, event.asset_id, event.subject_id)
