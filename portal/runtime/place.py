"""VAR_DIR: whether it can be used, who uses it now, and what is written in it."""

import fcntl
import json
import os
import secrets
import signal
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from config import read_run_file
from portal.runtime.process import StartError, end_leftover

VERSION = 1


@dataclass
class Place:
    """One VAR_DIR, held by one portal at a time."""

    folder: Path
    _held: TextIO | None = field(default=None, repr=False)

    def take(self) -> None:
        """Make sure of the folder and hold it for this process, or say why that cannot be."""
        self._make()
        # A record lock, because it is not inherited: it ends with this process even if a child lives on.
        self._held = (self.folder / "run.lock").open("a+")
        try:
            fcntl.lockf(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.release()
            running = read_run_file(self.folder)
            where = f" at {running['url']} (process {running['pid']})" if running else ""
            raise StartError(
                f"A portal already runs on {self.folder}{where}. Stop it first, or choose another VAR_DIR."
            ) from None
        version = self.note().get("version", VERSION)
        if version != VERSION:
            self.release()
            raise StartError(f"{self.folder} was made by version {version}; this is {VERSION}. Nothing was touched.")

    def release(self) -> None:
        """Let another portal have the folder."""
        if self._held:
            self._held.close()
            self._held = None

    def clear_leftovers(self) -> bool:
        """End what a killed run left behind; True when the last stop was not a clean one."""
        run_file = self.folder / "run.json"
        if not run_file.exists():
            return False
        try:
            processes = json.loads(run_file.read_text())["processes"]
        except (ValueError, KeyError, TypeError):
            processes = []
        for each in processes:
            mark = str(self.folder) if each["role"] in ("mosquitto", "redis") else "run.py"
            if each["role"] != "postgres":  # its own start knows better how to end it
                end_leftover(each["pid"], mark, signal.SIGTERM, patience=1.0)
        run_file.unlink(missing_ok=True)
        return True

    def note(self) -> dict[str, Any]:
        """What is remembered about the data: its version, and whether it is a demo."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "portal.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    def remember(self, demo: bool) -> None:
        self._write("portal.json", json.dumps({"version": VERSION, "demo": demo}))

    def secret_key(self) -> str:
        """The key made on the first start and kept, so that people stay signed in over a restart."""
        path = self.folder / "secret_key"
        if not path.exists():
            self._write("secret_key", secrets.token_urlsafe(48))
        return path.read_text().strip()

    def write_run_file(self, content: dict[str, Any]) -> None:
        """Tell scripts that the portal is ready, and how to reach its parts."""
        self._write("run.json", json.dumps(content, indent=1))

    def remove_run_file(self) -> None:
        (self.folder / "run.json").unlink(missing_ok=True)

    def _make(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except FileExistsError:
            reason = "it is a file, and must be a folder"
        except FileNotFoundError:
            reason = f"{self.folder.parent} does not exist"
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
        else:
            return
        raise StartError(f"VAR_DIR {self.folder} cannot be used: {reason}.")

    def _write(self, name: str, text: str) -> None:
        """Whole or not at all, and for nobody else's eyes."""
        fresh = self.folder / f"{name}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        fresh.replace(self.folder / name)
