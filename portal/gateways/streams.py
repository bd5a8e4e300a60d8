"""Streams that other systems read along: Redis, and Kafka where its library is installed."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

STREAM = "pms.events"
#: About so many of the youngest are kept.
MOST_KEPT = 100_000
PATIENCE_SECONDS = 1.0


class Stream(Protocol):
    """Where facts are appended."""

    def append(self, topic: str, body: Mapping[str, Any]) -> None:
        """Append one; raises when it could not be, so that it comes round again."""


class RedisStream:
    """A Redis stream: entries of `topic` and `body`, the body as JSON."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_connect_timeout=PATIENCE_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def append(self, topic: str, body: Mapping[str, Any]) -> None:
        """Append one; about the youngest hundred thousand are kept."""
        self._redis.xadd(STREAM, {"topic": topic, "body": json.dumps(body)}, maxlen=MOST_KEPT, approximate=True)


class KafkaTopic:
    """A Kafka topic, keyed by the hotel, so that one hotel's facts stay in their order."""

    def __init__(self, servers: str, library: Any) -> None:
        self._producer = library.KafkaProducer(bootstrap_servers=servers.split(","), acks="all")

    def append(self, topic: str, body: Mapping[str, Any]) -> None:
        """Append one and wait until the brokers have it."""
        value = json.dumps({"topic": topic, "body": body}).encode()
        self._producer.send(STREAM, key=str(body.get("asset_id")).encode(), value=value).get(timeout=5)


def kafka_topic(servers: str) -> KafkaTopic | None:
    """The topic, where the library kafka-python is installed; None elsewhere."""
    try:
        library = importlib.import_module("kafka")
    except ImportError:
        return None
    return KafkaTopic(servers, library)
