"""The files by which mosquitto knows devices: written whole or not at all, and read again when it is told to."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: `1796063260: Denied PUBLISH from a1 (d0, q1, r0, m1, 'v1/b1/up/x', ... (2 bytes))`
DENIED = re.compile(rb"^(?:(\d+): )?Denied PUBLISH from ([^ \n]{1,64}) \(.{0,40}?, '([^\n]*)', \.\.\. \(\d+ bytes\)\)")
#: `1796063260: Client a1 already connected, closing old connection.`
TAKEN_OVER = re.compile(rb"^(?:(\d+): )?Client ([^ \n]{1,64}) already connected, closing old connection")


@dataclass(frozen=True, slots=True)
class News:
    """What the broker's log tells of devices: publishes it refused (when, who, which topic), and sessions that one
    connection took from another (when, whose).
    """

    denials: list[tuple[float, str, str]]
    takeovers: list[tuple[float, str]]


def write(path: Path, text: str) -> bool:
    """Make a file say this, keeping its owner, readable by nobody else; False when it said so already."""
    with suppress(OSError, UnicodeDecodeError):
        if path.read_text() == text:
            return False
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        owner = (path if path.exists() else path.parent).stat()
        if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
            with suppress(PermissionError):
                os.chown(fresh, owner.st_uid, owner.st_gid)
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
    return True


def reload(pid_file: Path) -> bool:
    """Have the mosquitto of this pid file read its files again; False when it does not run."""
    try:
        pid = int(pid_file.read_text())
        name = Path(f"/proc/{pid}/comm")
        if Path("/proc/self").exists() and "mosquitto" not in name.read_text():
            return False  # the number belongs to somebody else by now
        os.kill(pid, signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True


def news(log: Path, bookmark: Path) -> News:
    """What the log tells since the last look.

    Where the last look ended is kept in `bookmark`, so that a restart neither misses nor repeats anything.
    """
    found = News([], [])
    try:
        with log.open("rb") as file:
            inode, size = os.fstat(file.fileno()).st_ino, os.fstat(file.fileno()).st_size
            start = _last_look(bookmark, inode)
            file.seek(start if start <= size else 0)
            whole, newline, _rest = file.read(4_000_000).rpartition(b"\n")
            end = file.tell() - len(_rest)
    except OSError:
        return found
    for line in whole.splitlines() if newline else ():
        if match := DENIED.match(line):
            at, who, topic = match.groups()
            found.denials.append((_when(at), who.decode("utf-8", "replace"), topic.decode("utf-8", "replace")))
        elif match := TAKEN_OVER.match(line):
            at, who = match.groups()
            found.takeovers.append((_when(at), who.decode("utf-8", "replace")))
    if newline:
        write(bookmark, f"{inode} {end}")
    return found


def _when(written: bytes | None) -> float:
    return float(written or time.time())


def _last_look(bookmark: Path, inode: int) -> int:
    try:
        known, end = map(int, bookmark.read_text().split())
    except (OSError, ValueError):
        return 0
    return end if known == inode else 0
