"""Beside the broker: keeps what its log says for people and the refusals in it, and drops its chatter.

mosquitto writes refused publishes only at its finest level of detail, three lines for each message. This program
reads them from a pipe, in sips, so that little of it costs the broker anything, and writes few of them down.
"""

import os
import re
import time

#: How long chatter may gather in the pipe, which holds a megabyte, before it is looked at.
SIP_SECONDS = 0.05
#: The same device on the same topic is written down once in so long.
AGAIN_AFTER = 60.0
MOST_REMEMBERED = 2_000
CHATTER = re.compile(
    rb"^(?:\d+: )?(?:Received |Sending |\t|No will message|Will message|[^:]* \d [^ ]+$|Bridge |Outgoing messages|"
    rb"Client [^ ]+ (?:has|is now) |[|] )"
)
DENIED = re.compile(rb"^(?:\d+: )?Denied PUBLISH from ([^ ]+) \(.*?, '(.*)', \.\.\.")


def main() -> None:
    """Until the broker has ended."""
    rest, told = b"", dict[bytes, float]()
    while sip := os.read(0, 1 << 20):
        *lines, rest = (rest + sip).split(b"\n")
        kept = [line for line in lines if worth_keeping(line, told)]
        if kept:
            os.write(1, b"\n".join(kept) + b"\n")
        time.sleep(SIP_SECONDS)
    if rest:
        os.write(1, rest + b"\n")


def worth_keeping(line: bytes, told: dict[bytes, float]) -> bool:
    """Whether a person or the portal should find this line in the log."""
    denied = DENIED.match(line)
    if denied is None:
        return bool(line) and b"Denied " not in line and not CHATTER.match(line)
    now = time.monotonic()
    if len(told) > MOST_REMEMBERED:
        told.clear()
    who = b" ".join(denied.groups())
    if now - told.get(who, -AGAIN_AFTER) < AGAIN_AFTER:
        return False
    told[who] = now
    return True


if __name__ == "__main__":
    main()
