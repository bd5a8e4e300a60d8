"""The cache answers with Redis, without it, and while it dies and comes back."""

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from portal.core import cache as module
from portal.core.cache import Cache
from portal.runtime.redis import binary


@pytest.fixture
def redis_at(tmp_path):
    """A function that runs Redis on one port for the length of a block."""
    server = binary() or shutil.which("redis-server")
    if server is None:
        pytest.skip("MISSING: a Redis server, which is not installed. To get it: apt-get install redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    @contextmanager
    def running():
        command = [str(server), "--port", str(port), "--bind", "127.0.0.1", "--save", "60 1", "--dir", str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            for _try in range(100):
                with socket.socket() as knock:
                    if knock.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            yield
        finally:
            process.terminate()  # saves, so that it comes back with what it knew
            process.wait(10)

    running.url = f"redis://127.0.0.1:{port}/0"
    return running


def test_memory_alone_is_enough():
    cache = Cache()
    cache.set("a", {"n": [1, None]}, ttl=60)
    assert cache.get("a") == {"n": [1, None]}
    cache.get("a")["n"].append(2)
    assert cache.get("a") == {"n": [1, None]}, "an entry is a copy"
    cache.forget("a")
    cache.set("b", 1, ttl=0.02)
    time.sleep(0.03)
    assert (cache.get("a"), cache.get("b"), cache.get("never")) == (None, None, None)


def test_memory_forgets_the_oldest_when_it_is_full(monkeypatch):
    monkeypatch.setattr(module, "CAPACITY", 3)
    cache = Cache()
    for n in range(5):
        cache.set(str(n), n, ttl=60)
    assert [cache.get(str(n)) for n in range(5)] == [None, None, 2, 3, 4]


def test_redis_dies_and_comes_back_and_nobody_sees_an_error(redis_at, monkeypatch):
    monkeypatch.setattr(module, "AWAY_SECONDS", 0.1)
    cache, other = Cache(), Cache()
    cache.connect(redis_at.url)
    other.connect(redis_at.url)
    with redis_at():
        cache.set("price", 1, ttl=60)
        cache.set("room", "free", ttl=60)
        cache.set("brief", 1, ttl=0.02)
        assert other.get("price") == 1, "processes share it"
        time.sleep(0.03)
        assert cache.get("brief") is None
        assert not cache.degraded
    cache.set("price", 2, ttl=60)
    cache.forget("room")
    assert (cache.get("price"), cache.get("room")) == (2, None)
    assert cache.degraded
    with redis_at():
        time.sleep(0.15)
        assert cache.get("room") is None, "what was forgotten meanwhile does not come back"
        assert cache.get("price") is None, "nor does the old price"
        assert not cache.degraded
        cache.set("price", 3, ttl=60)
        assert other.get("price") == 3
    for one in (cache, other):
        one.connect("")


def test_an_unreachable_redis_costs_its_patience_once_and_no_more():
    cache = Cache()
    cache.connect("redis://127.0.0.1:1/0")
    started = time.monotonic()
    for n in range(200):
        cache.set(str(n), n, ttl=60)
        assert cache.get(str(n)) == n
    assert time.monotonic() - started < 1.0
