"""Messages from the broker to committed rows per second, product beside the barest subscriber."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psycopg2
import psycopg2.extras

from bench.ground import Ground
from portal.core.actor import system
from portal.gateways.broker import Broker
from portal.shared.assets.services import registry
from portal.shared.devices import queries

HERE = Path(__file__).parent
ROOT = HERE.parent
MESSAGES = 20_000
ROUNDS = 3
BY = system("bench")
DELIVERED = "select max(upto) from replay_page where session like 'portal%'"


def run(ground: Ground) -> None:
    """Product and reference in turn, live under a flood and draining a full queue; then the database alone."""
    place = registry.register_asset(kind="hotel", name="Bench", currency="NGN", timezone="Africa/Lagos", actor=BY)
    for n in range(1, 51):
        registry.register_unit(asset_id=place.id, kind="room", number=f"{n:03d}", price=100, actor=BY)
    number, rates = place.asset_number, {"bare": [], "portal": [], "bare drain": [], "portal drain": []}
    for round_ in range(ROUNDS):
        for drain in (False, True):
            name = " drain" if drain else ""
            for who in ("bare", "portal") if round_ % 2 else ("portal", "bare"):
                measure = _portal if who == "portal" else _bare
                rates[f"{who}{name}"].append(measure(ground, number, drain))
    for name in ("", " drain"):
        product, bare = statistics.median(rates[f"portal{name}"]), statistics.median(rates[f"bare{name}"])
        words = "draining a full queue" if name else "under a live flood"
        # Round by round, for the machine may have other work in one of them.
        pairs = zip(rates[f"portal{name}"], rates[f"bare{name}"], strict=True)
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(f"  {words}: portal {product:,.0f}/s, bare subscriber {bare:,.0f}/s, ratio {ratio:.2f}")
        print(f"    rounds: portal {_shown(rates[f'portal{name}'])} bare {_shown(rates[f'bare{name}'])}")
    product = statistics.median(rates["portal"])
    many, single = _database_alone(ground, 250, MESSAGES), _database_alone(ground, 1, 2_000)
    print(f"  raw multi-row insert of 250: {many:,.0f}/s, ratio {product / many:.2f}")
    print(f"  one commit per message: {single:,.0f}/s, ratio {product / single:.1f}")


def _bare(ground: Ground, place: str, drain: bool) -> float:
    command = [sys.executable, HERE / "bare_subscriber.py", ground.dsn, ground.mqtt_url, str(MESSAGES)]

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(command, env=_environ(ground), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    process = start()
    if drain:
        process.kill()
        process.wait()
        _publish(ground, place)
        process = start()
        began = 0.0
    else:
        began = _publish(ground, place)
    out, _error = process.communicate(timeout=120)
    first, last = map(float, out.split())
    _forget(ground, "bare", "bench-bare")
    return MESSAGES / (last - (first if drain else began))


def _portal(ground: Ground, place: str, drain: bool) -> float:
    watch = psycopg2.connect(ground.dsn)
    watch.autocommit = True
    cursor = watch.cursor()

    def asked(question: str) -> float:
        cursor.execute(question)
        found = cursor.fetchone()
        return float(found[0] or 0) if found else 0.0

    def start(connected: bool) -> subprocess.Popen[bytes]:
        cursor.execute("delete from heartbeat")
        process = subprocess.Popen(
            [sys.executable, ROOT / "run.py", "mqtt"], env=_environ(ground), stderr=subprocess.DEVNULL
        )
        while connected and not asked("select count(*) from heartbeat where details->>'connected' = 'true'"):
            time.sleep(0.05)
        return process

    # What the reference was sent in its turn waits in our session too: begin with a new one.
    session = queries.session_name()
    _forget(ground, session, session)
    process = start(connected=True)
    before = asked(DELIVERED)
    if drain:
        process.send_signal(signal.SIGTERM)
        process.wait()
        _publish(ground, place)
        process = start(connected=False)
        while asked(DELIVERED) == before:
            time.sleep(0.002)
        began = time.time()
    else:
        began = _publish(ground, place)
    while asked(DELIVERED) < before + MESSAGES:
        time.sleep(0.02)
    took = time.time() - began
    process.send_signal(signal.SIGTERM)
    process.wait()
    watch.close()
    return MESSAGES / took


def _publish(ground: Ground, place: str) -> float:
    command = [sys.executable, HERE / "publisher.py", ground.mqtt_url, place, str(MESSAGES)]
    return float(subprocess.run(command, env=_environ(ground), capture_output=True, text=True, check=True).stdout)


def _forget(ground: Ground, session: str, client_id: str) -> None:
    with psycopg2.connect(ground.dsn) as database, database.cursor() as cursor:
        cursor.execute("delete from replay_page where session = %s", (session,))
    database.close()
    client = Broker(ground.mqtt_url).client(client_id, persistent=False)
    Broker(ground.mqtt_url).connect(client, persistent=False)
    client.loop_start()
    time.sleep(0.2)
    client.disconnect()
    client.loop_stop()


def _database_alone(ground: Ground, batch: int, count: int) -> float:
    """The same rows into the same table from a loop that does nothing else."""
    with psycopg2.connect(ground.dsn) as database, database.cursor() as cursor:
        cursor.execute("select id::text, asset_id::text from unit limit 1")
        unit, asset = cursor.fetchone() or ("", "")
        database.commit()
        began = time.time()
        for _n in range(count // batch):
            rows = [(str(uuid.uuid4()), asset, unit, "occupancy", "1") for _row in range(batch)]
            psycopg2.extras.execute_values(
                cursor,
                "insert into asset_event (id, at, asset_id, unit_id, kind, value) values %s",
                rows,
                template="(%s, clock_timestamp(), %s, %s, %s, %s)",
                page_size=batch,
            )
            database.commit()
        took = time.time() - began
    database.close()
    return count / took


def _environ(ground: Ground) -> dict[str, str]:
    return {**ground.environ(), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def _shown(rates: list[float]) -> str:
    return "/".join(f"{rate:,.0f}" for rate in rates)
