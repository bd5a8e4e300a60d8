"""The reference: paho, a queue, one thread that parses, dedupes, inserts, keeps the latest, commits, acknowledges.

`bare_subscriber.py DSN URL N [BOOT]`; no rights, no rules, no errors looked after, nothing beside it. With a BOOT it
takes numbered envelopes: it knows a repeat by its number, writes down how far each device is, and tells it.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import sys
import threading
import time
import uuid

import psycopg2
import psycopg2.extras

from portal.gateways.broker import Broker

dsn, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
boot = int(sys.argv[4]) if len(sys.argv) > 4 else 0
database = psycopg2.connect(dsn)
cursor = database.cursor()
cursor.execute("select a.asset_number, u.number, u.id::text, a.id::text from unit u join asset a on a.id = u.asset_id")
units = {(place, number): (unit, asset) for place, number, unit, asset in cursor}
cursor.execute("select name, id::text, unit_id::text, asset_id::text from device")
devices = {name: keys for name, *keys in cursor}
heard: queue.Queue = queue.Queue(20_000)
done = threading.Event()
first = []


def on_message(_client, _data, message):
    if not first:
        first.append(time.time())
    heard.put(message)


def gathered():
    """Up to 200 messages within 10 ms."""
    batch, until = [heard.get()], time.time() + 0.01
    while len(batch) < 200:
        try:
            batch.append(heard.get(timeout=max(0.0001, until - time.time())))
        except queue.Empty:
            break
    return batch


def keep(rows, columns, template, latest, moment):
    """The rows, and of each unit and subject the last of them."""
    psycopg2.extras.execute_values(
        cursor, f"insert into asset_event ({columns}) values %s", rows, template=template, page_size=len(rows)
    )
    psycopg2.extras.execute_values(
        cursor,
        "insert into latest_reading (unit_id, kind, value, event_id, at) values %s on conflict (unit_id, kind)"
        " do update set value = excluded.value, at = excluded.at, event_id = excluded.event_id",
        [(unit, kind, *word) for (unit, kind), word in latest.items()],
        template=f"(%s, %s, %s, %s, {moment})",
    )


def write():
    kept, seen = 0, {}
    while kept < count:
        batch, rows, latest, log = gathered(), [], {}, bytearray()
        for message in batch:
            _rooms, place, number, kind = message.topic.split("/")
            value = message.payload.decode()
            if kind == "occupancy" and value not in ("0", "1"):
                continue
            sha = hashlib.sha256(message.topic.encode() + message.payload).digest()
            if message.dup and seen.get(message.mid) == sha:
                continue
            seen[message.mid] = sha
            log += message.mid.to_bytes(2, "big") + sha
            unit, asset = units[place, number]
            key = str(uuid.UUID(bytes=os.urandom(16)))
            rows.append((key, asset, unit, kind, value))
            latest[unit, kind] = (value, key)
        template = "(%s, clock_timestamp(), %s, %s, %s, %s)"
        keep(rows, "id, at, asset_id, unit_id, kind, value", template, latest, "clock_timestamp()")
        kept += len(batch)
        cursor.execute("insert into replay_page values ('bare', %s, %s)", (kept, bytes(log)))
        database.commit()
        for message in batch:
            client.ack(message.mid, 1)
    done.set()


def write_numbered():
    kept, come = 0, {}
    while kept < count:
        batch, rows, latest, spoke = gathered(), [], {}, set()
        for message in batch:
            _v1, name, _up, kind = message.topic.split("/")
            said = json.loads(message.payload)
            if kind == "occupancy" and said["v"] not in (0, 1):
                continue
            if said["seq"] <= come.get(name, 0):
                continue
            come[name] = said["seq"]
            spoke.add(name)
            device, unit, asset = devices[name]
            key, at, value = str(uuid.UUID(bytes=os.urandom(16))), said["t"] / 1000, str(said["v"])
            rows.append((key, at, asset, unit, kind, value, device, boot, said["seq"]))
            latest[unit, kind] = (value, key, at)
        columns = "id, at, asset_id, unit_id, kind, value, device_id, boot, seq"
        keep(rows, columns, "(%s, to_timestamp(%s), %s, %s, %s, %s, %s, %s, %s)", latest, "to_timestamp(%s)")
        psycopg2.extras.execute_values(
            cursor,
            "insert into device_boot (device_id, boot, received, first_at, last_at) values %s on conflict"
            " (device_id, boot) do update set received = excluded.received, last_at = excluded.last_at",
            [(devices[name][0], boot, f"{{[1,{come[name] + 1})}}") for name in spoke],
            template="(%s, %s, %s, clock_timestamp(), clock_timestamp())",
        )
        database.commit()
        kept += len(batch)
        for message in batch:
            client.ack(message.mid, 1)
        for name in spoke:
            client.publish(f"v1/{name}/down/ack", f'{{"boot":{boot},"through":{come[name]},"missing":[]}}')
    done.set()


broker = Broker(url, "3.1.1")  # paho as it comes
client = broker.client("bench-bare", manual_ack=True)
client.on_message = on_message
client.on_connect = lambda *_: client.subscribe([("rooms/#", 1), ("vehicles/#", 1), ("v1/+/up/#", 1)])
client.on_subscribe = lambda *_: print("ready", flush=True)
broker.connect(client)
client.loop_start()
threading.Thread(target=write_numbered if boot else write, daemon=True).start()
done.wait(120)
print(first[0], time.time(), flush=True)
client.disconnect()
client.loop_stop()
