"""A real MQTT broker of the tests' own."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from portal.runtime import mosquitto
from portal.runtime.process import wait_until

HOW = "apt-get install mosquitto (or brew install mosquitto)"


class Broker:
    """Mosquitto on a free port, which a test may also kill and start again."""

    def __init__(self, folder: Path) -> None:
        self.service = mosquitto.Mosquitto(folder)
        self.log = folder.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        self.version = "5"
        self.service.prepare()
        self.url = self.service.url()
        self.device_url = self.service.url("device")
        self.port = self.service.port

    def start(self) -> None:
        self.process = self.service.start(self.log)
        assert wait_until(self.service.answers, 10), self.log.read_text()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it the hard way unless told otherwise."""
        if self.process:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)
            self.process.wait(10)
            self.process = None

    def forget(self) -> None:
        """What it wrote down is gone: the next start knows no session and no message."""
        (self.service.folder / "mosquitto.db").unlink(missing_ok=True)


class ExternalBroker:
    """A broker of the tester's own, reached by its address."""

    def __init__(self, url: str) -> None:
        self.url = self.device_url = url
        self.version = "5"
