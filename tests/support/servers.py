"""The whole portal as a person starts it: `run.py` with every role, on the services of the tests."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from config import ROOT, read_run_file
from portal.runtime.process import spawn, wait_until


class Server:
    """One `run.py` on a folder of its own."""

    def __init__(self, folder: Path, *arguments: str, **environ: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.log = folder.with_suffix(".log")
        self.arguments = arguments
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
        self.environ = {**inherited, "VAR_DIR": str(folder), "PORT": "0", "PYTHONWARNINGS": "", **environ}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 240.0) -> dict[str, Any]:
        """Run it and wait for the file that says it is ready."""
        variables = [f"{name}={value}" for name, value in self.environ.items()]
        command = ["env", "-i", *variables, sys.executable, str(ROOT / "run.py"), *self.arguments]
        self.process = spawn(command, self.log, signal.SIGTERM)
        wait_until(lambda: self.ready() != {} or self.process.poll() is not None, seconds, 0.05)  # type: ignore[union-attr]
        assert self.ready(), f"run.py did not become ready:\n{self.output()}"
        return self.ready()

    def ready(self) -> dict[str, Any]:
        """What this run wrote when it became ready, and not what a killed one left."""
        found = read_run_file(self.folder)
        return found if self.process and found.get("pid") == self.process.pid else {}

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        assert self.process
        self.process.terminate()
        try:
            return self.process.wait(12)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def output(self) -> str:
        """What it said, and what its parts wrote."""
        logs = sorted((self.folder / "logs").glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in (self.log, *logs))
