"""Redis when there is one, memory when there is none or when it fails: slower or colder, never an error.

A cache forgets at will, so nothing may depend on an entry being there, nor on its being newer than its time to live.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)
T = TypeVar("T")

PREFIX = "portal:cache:"
PATIENCE_SECONDS = 0.3
AWAY_SECONDS = 1.0
CAPACITY = 10_000


class Cache:
    """JSON values by name, each with a time to live."""

    def __init__(self) -> None:
        self._memory: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._lock = threading.Lock()
        self.connect("")

    def connect(self, url: str) -> None:
        """Use this Redis from now on ('' for memory only); no connection is opened before the first use."""
        self._redis: redis.Redis | None = (
            redis.Redis.from_url(
                url,
                socket_connect_timeout=PATIENCE_SECONDS,
                socket_timeout=PATIENCE_SECONDS,
                retry=Retry(NoBackoff(), 0),
                decode_responses=True,
            )
            if url
            else None
        )
        self._away_until = 0.0
        self._changed_while_away: set[str] = set()
        with self._lock:
            self._memory.clear()

    def get(self, key: str) -> Any | None:
        """The value, or None when it was never set, has expired or was forgotten."""
        text = self._ask(lambda redis: redis.get(PREFIX + key), lambda: self._recall(key))
        return None if text is None else json.loads(text)

    def set(self, key: str, value: Any, *, ttl: float) -> None:
        """Keep a JSON value for so many seconds."""
        text = json.dumps(value)
        milliseconds = max(1, round(ttl * 1000))
        self._ask(
            lambda redis: redis.set(PREFIX + key, text, px=milliseconds),
            lambda: self._remember(key, text, ttl),
            changes=key,
        )

    def forget(self, key: str) -> None:
        """Let a value go, because what it was made of has changed."""
        self._ask(lambda redis: redis.delete(PREFIX + key), lambda: self._drop(key), changes=key)

    @property
    def degraded(self) -> bool:
        """Whether there should be a Redis and it is away, for the health page."""
        return self._redis is not None and self._away_until > 0

    def _ask(self, there: Callable[[redis.Redis], Any], here: Callable[[], T], *, changes: str | None = None) -> Any:
        """Ask Redis, or memory while it is away; once a second one caller looks whether it is back."""
        if self._redis is None:
            return here()
        now, was_away = time.monotonic(), self._away_until > 0
        if now >= self._away_until:
            try:
                if was_away:
                    self._away_until = now + AWAY_SECONDS  # the others do not wait for this look
                    self._catch_up(self._redis)
                return there(self._redis)
            except (redis.RedisError, OSError) as error:
                if not was_away:
                    log.warning("cache_away", error=str(error))
                self._away_until = time.monotonic() + AWAY_SECONDS
        if changes is not None:
            with self._lock:
                self._changed_while_away.add(changes)
        return here()

    def _catch_up(self, back: redis.Redis) -> None:
        """What changed here while Redis was away must not come back from it in its old form."""
        with self._lock:
            stale = sorted(self._changed_while_away)
        back.ping()
        for start in range(0, len(stale), 1_000):
            back.delete(*(PREFIX + key for key in stale[start : start + 1_000]))
        with self._lock:
            self._changed_while_away.difference_update(stale)
            self._memory.clear()
        self._away_until = 0.0
        log.info("cache_back")

    def _recall(self, key: str) -> str | None:
        with self._lock:
            expires_at, text = self._memory.get(key, (0.0, ""))
            if expires_at > time.monotonic():
                return text
            self._memory.pop(key, None)
            return None

    def _remember(self, key: str, text: str, ttl: float) -> None:
        with self._lock:
            self._memory[key] = (time.monotonic() + ttl, text)
            self._memory.move_to_end(key)
            while len(self._memory) > CAPACITY:
                self._memory.popitem(last=False)

    def _drop(self, key: str) -> None:
        with self._lock:
            self._memory.pop(key, None)


cache = Cache()
