"""Publishes N readings of 50 rooms with QoS 1 as fast as the broker takes them: `publisher.py URL PLACE N [BOOT]`.

With a BOOT they come as numbered envelopes of 50 devices, `bench-001` and so on, in that start of theirs.
"""

from __future__ import annotations

import sys
import time

from portal.gateways.broker import Broker

url, place, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
boot = int(sys.argv[4]) if len(sys.argv) > 4 else 0
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
    room, value = f"{1 + n % 50:03d}", n // 50 % 2
    if boot:
        words = f'{{"boot":{boot},"seq":{1 + n // 50},"t":{time.time() * 1000:.0f},"v":{value}}}'
        client.publish(f"v1/bench-{room}/up/occupancy", words, qos=1)
    else:
        client.publish(f"rooms/{place}/{room}/occupancy", str(value), qos=1)
    while n - taken > 5_000:
        time.sleep(0.005)
while taken < count:
    time.sleep(0.005)
print(began, flush=True)
client.disconnect()
client.loop_stop()
