"""Messages from the broker to committed rows per second, product beside the barest subscriber."""

from __future__ import annotations

import select
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg2
import psycopg2.extras

from bench.ground import Ground
from portal.core import outbox
from portal.core.actor import system
from portal.gateways.broker import Broker
from portal.shared.assets.services import registry
from portal.shared.devices import queries

HERE = Path(__file__).parent
ROOT = HERE.parent
MESSAGES = 20_000
ROUNDS = 3
BY = system("bench")
HEARD = """
    select jsonb_array_elements_text(body->'units') from outbox_event
    where topic = 'devices.reading.taken' and position between %s and %s
"""
DELIVERED = "select max(upto) from replay_page where session like 'portal%'"


def run(ground: Ground) -> None:
    """Product and reference in turn, live under a flood and draining a full queue; then the database alone."""
    place = registry.register_asset(kind="hotel", name="Bench", currency="NGN", timezone="Africa/Lagos", actor=BY)
    for n in range(1, 51):
        unit = registry.register_unit(asset_id=place.id, kind="room", number=f"{n:03d}", price=100, actor=BY)
        _register(ground, f"bench-{n:03d}", str(unit.id), str(place.id))
    boots = count(1)
    for dialect, numbered in (("plain", False), ("envelopes", True)):
        rates = _rates(ground, place.asset_number, boots if numbered else None)
        for name in ("", " drain"):
            product, bare = statistics.median(rates[f"portal{name}"]), statistics.median(rates[f"bare{name}"])
            words = "draining a full queue" if name else "under a live flood"
            # Round by round, for the machine may have other work in one of them.
            pairs = zip(rates[f"portal{name}"], rates[f"bare{name}"], strict=True)
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            print(f"  {dialect}, {words}: portal {product:,.0f}/s, bare {bare:,.0f}/s, ratio {ratio:.2f}")
            print(
                f"    rounds: portal {_shown(rates[f'portal{name}'])} bare {_shown(rates[f'bare{name}'])}", flush=True
            )
        topic = "v1/bench-{room}/up/occupancy" if numbered else f"rooms/{place.asset_number}/{{room}}/occupancy"
        _to_screen(ground, dialect, topic, numbered)
        if not numbered:
            product = statistics.median(rates["portal"])
            many, single = _database_alone(ground, 250, MESSAGES), _database_alone(ground, 1, 2_000)
            print(f"  raw multi-row insert of 250: {many:,.0f}/s, ratio {product / many:.2f}")
            print(f"  one commit per message: {single:,.0f}/s, ratio {product / single:.1f}", flush=True)


def _to_screen(ground: Ground, dialect: str, topic: str, numbered: bool) -> None:
    """How long it takes from a reading's publishing until the word goes out by which open screens wake."""
    units = _units(ground)
    roles = [_role(ground, name) for name in ("mqtt", "worker")]
    listening = psycopg2.connect(ground.dsn)
    listening.autocommit = True
    cursor = listening.cursor()
    cursor.execute(f"listen {outbox.CHANNEL}")
    cursor.execute("delete from reading_news")  # what the floods left for the watchers is measured by other benches
    device = Broker(ground.mqtt_url).client("bench-watch", persistent=False)
    Broker(ground.mqtt_url).connect(device, persistent=False)
    device.loop_start()
    said: dict[str, float] = {}
    took: list[float] = []

    def look(until: float) -> None:
        while time.time() < until:
            if select.select([listening], [], [], max(0.0, until - time.time()))[0]:
                listening.poll()
                for notice in listening.notifies:
                    first, _dash, last = notice.payload.partition("-")
                    cursor.execute(HEARD, (int(first), int(last)))
                    took.extend(time.time() - said.pop(unit) for (unit,) in cursor.fetchall() if unit in said)
                listening.notifies.clear()

    for n in range(-20, 150):  # the first ones find everything cold
        if n == 0:
            said.clear()
            took.clear()
        room = f"{1 + n % 50:03d}"
        words = f'{{"boot":999999,"seq":{n + 21},"v":1}}' if numbered else "1"
        said[units[room]] = time.time()
        device.publish(topic.format(room=room), words, qos=1)
        look(time.time() + 0.07)
    look(time.time() + 5)
    device.disconnect()
    device.loop_stop()
    listening.close()
    for role in roles:
        role.send_signal(signal.SIGTERM)
        role.wait()
    took.sort()
    p50, p99 = (took[int(len(took) * share)] * 1_000 for share in (0.5, 0.99))
    print(
        f"  {dialect}, publish to screen, {len(took)} readings at 14/s: p50 {p50:.0f} ms, p99 {p99:.0f} ms", flush=True
    )


def _units(ground: Ground) -> dict[str, str]:
    with psycopg2.connect(ground.dsn) as database, database.cursor() as cursor:
        cursor.execute("select number, id::text from unit")
        found = dict(cursor.fetchall())
    database.close()
    return found


def _role(ground: Ground, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, ROOT / "run.py", name], env=_environ(ground), stderr=subprocess.DEVNULL)


def _rates(ground: Ground, place: str, boots: Iterator[int] | None) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {"bare": [], "portal": [], "bare drain": [], "portal drain": []}
    for round_ in range(ROUNDS):
        for drain in (False, True):
            name = " drain" if drain else ""
            for who in ("bare", "portal") if round_ % 2 else ("portal", "bare"):
                measure = _portal if who == "portal" else _bare
                rates[f"{who}{name}"].append(measure(ground, place, drain, next(boots) if boots else 0))
    return rates


def _register(ground: Ground, name: str, unit: str, asset: str) -> None:
    with psycopg2.connect(ground.dsn) as database, database.cursor() as cursor:
        cursor.execute(
            "insert into device (id, name, type, dialect, status, unit_id, asset_id)"
            " values (%s, %s, 'sensor', 'envelope', 'active', %s, %s)",
            (str(uuid.uuid4()), name, unit, asset),
        )
    database.close()


def _bare(ground: Ground, place: str, drain: bool, boot: int) -> float:
    command = [sys.executable, HERE / "bare_subscriber.py", ground.dsn, ground.mqtt_url, str(MESSAGES), *_boot(boot)]

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(command, env=_environ(ground), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    process = start()
    if drain:
        process.kill()
        process.wait()
        _publish(ground, place, boot)
        process = start()
        began = 0.0
    else:
        began = _publish(ground, place, boot)
    out, _error = process.communicate(timeout=120)
    first, last = map(float, out.split())
    _forget(ground, "bare", "bench-bare")
    return MESSAGES / (last - (first if drain else began))


def _portal(ground: Ground, place: str, drain: bool, boot: int) -> float:
    watch = psycopg2.connect(ground.dsn)
    watch.autocommit = True
    cursor = watch.cursor()

    def asked(question: str) -> float:
        cursor.execute(question)
        found = cursor.fetchone()
        return float(found[0] or 0) if found else 0.0

    def start(connected: bool) -> subprocess.Popen[bytes]:
        cursor.execute("delete from heartbeat")
        process = _role(ground, "mqtt")
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
        _publish(ground, place, boot)
        process = start(connected=False)
        while asked(DELIVERED) == before:
            time.sleep(0.002)
        began = time.time()
    else:
        began = _publish(ground, place, boot)
    while asked(DELIVERED) < before + MESSAGES:
        time.sleep(0.02)
    took = time.time() - began
    process.send_signal(signal.SIGTERM)
    process.wait()
    watch.close()
    return MESSAGES / took


def _boot(boot: int) -> list[str]:
    return [str(boot)] if boot else []


def _publish(ground: Ground, place: str, boot: int) -> float:
    command = [sys.executable, HERE / "publisher.py", ground.mqtt_url, place, str(MESSAGES), *_boot(boot)]
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


def _database_alone(ground: Ground, batch: int, rows_in_all: int) -> float:
    """The same rows into the same table from a loop that does nothing else."""
    with psycopg2.connect(ground.dsn) as database, database.cursor() as cursor:
        cursor.execute("select id::text, asset_id::text from unit limit 1")
        unit, asset = cursor.fetchone() or ("", "")
        database.commit()
        began = time.time()
        for _n in range(rows_in_all // batch):
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
    return rows_in_all / took


def _environ(ground: Ground) -> dict[str, str]:
    return {**ground.environ(), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def _shown(rates: list[float]) -> str:
    return "/".join(f"{rate:,.0f}" for rate in rates)
