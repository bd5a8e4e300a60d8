"""The worker as a process: it starts, works, and goes when it is told to."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from portal.core import outbox, runs
from tests.factories.assets import place

ROOT = Path(__file__).resolve().parents[2]


def eventually(seen, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen():
            return True
        time.sleep(0.1)
    return False


def test_a_worker_relays_beats_and_ends_cleanly_on_sigterm(app, committed, tmp_path):
    place()
    settings = app.extensions["settings"]
    environ = {**os.environ, "DATABASE_URL": settings.database_url, "SECRET_KEY": "w" * 40, "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "-c", "import sys; from jobs.runner import main; sys.exit(main())"]
    worker = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert eventually(lambda: "scheduler" in runs.heartbeats(), 30), "no heartbeat"
        assert eventually(lambda: outbox.last_position() > 0, 5), "nothing was relayed"
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        said, _nothing = worker.communicate(timeout=15)
        assert worker.returncode == 0, said.decode()
        assert time.monotonic() - began < 10
        assert b"worker_stopped" in said
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait()
