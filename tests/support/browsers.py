"""A real Chromium, the machine's own or the one Playwright installed."""

import shutil
from pathlib import Path

HOW = "apt-get install chromium (or .venv/bin/playwright install chromium)"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The program to launch."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    cache = Path.home() / ".cache" / "ms-playwright"
    return next((str(each) for each in sorted(cache.glob("chromium-*/chrome-*/chrome"))), None)
