"""Publishes N readings of 50 rooms with QoS 1 as fast as the broker takes them: `publisher.py URL PLACE N`."""

from __future__ import annotations

import sys
import time

from portal.gateways.broker import Broker

url, place, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = Broker(url).client("bench-publisher", persistent=False)
client.max_inflight_messages_set(500)
client.max_queued_messages_set(0)
taken = 0


def on_publish(*_: object) -> None:
    global taken
    taken += 1


client.on_publish = on_publish
Broker(url).connect(client, persistent=False)
client.loop_start()
began = time.time()
for n in range(count):
    client.publish(f"rooms/{place}/{1 + n % 50:03d}/occupancy", str(n // 50 % 2), qos=1)
    while n - taken > 5_000:
        time.sleep(0.005)
while taken < count:
    time.sleep(0.005)
print(began, flush=True)
client.disconnect()
client.loop_stop()
