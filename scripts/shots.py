"""Take the README's pictures of every screen from a demo portal; `--all` takes both widths and both themes.

Runs against the portal named by VAR_DIR's run.json, or starts one of its own in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.support import browsers  # noqa: E402 - found through the line above

SIZES = {"desk": (1366, 768), "phone": (390, 844)}


def screens(page: Page, run: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every screen by name and address; some are found by looking at another first."""
    hotel, fleet = (next(a["asset_number"] for a in run["assets"] if a["kind"] == kind) for kind in ("hotel", "fleet"))
    yield "home", f"/home/{hotel}/"
    yield "front-desk", f"/frontdesk/{hotel}/"
    yield "tape-chart", f"/frontdesk/{hotel}/chart"
    yield "booking", f"/frontdesk/{hotel}/book"
    yield "walk-in", f"/frontdesk/{hotel}/walk-in"
    yield "reservations", f"/frontdesk/{hotel}/reservations"
    yield "stay", first_link(page, f"/frontdesk/{hotel}/", "/stays/")
    yield "rates", f"/frontdesk/{hotel}/rates"
    yield "housekeeping", f"/frontdesk/{hotel}/housekeeping"
    yield "night-audit", f"/frontdesk/{hotel}/night-audit"
    yield "hotel-reports", f"/frontdesk/{hotel}/reports"
    yield "guests", f"/frontdesk/{hotel}/guests"
    yield "hotel-settings", f"/frontdesk/{hotel}/settings"
    yield "hotel-board", f"/units/{hotel}/"
    yield "fleet-board", f"/units/{fleet}/"
    room = first_link(page, f"/units/{hotel}/", "/room/")
    yield "unit", room
    yield "vehicle", first_link(page, f"/units/{fleet}/", "/vehicle/")
    yield "devices", f"/units/{hotel}/devices/"
    yield "device", first_link(page, f"/units/{hotel}/devices/", "/devices/", r"-lock$")
    yield "alerts", f"/units/{fleet}/alerts"
    yield "alert-rules", f"/units/{hotel}/alerts/rules"
    yield "fleet-map", f"/fleet/{fleet}/"
    yield "fleet-vehicle", first_link(page, f"/fleet/{fleet}/", "/vehicles/")
    yield "trips", f"/fleet/{fleet}/trips"
    yield "fences", f"/fleet/{fleet}/fences"
    yield "fence", f"/fleet/{fleet}/fences/new"
    yield "unit-label", f"{room}/label"
    yield "pay-at-the-door", pay_page(page, hotel)
    yield "payments", f"/payments/{hotel}/"
    yield (
        "payment",
        first_link(page, f"/payments/{hotel}/?status=succeeded", f"/payments/{hotel}/", r"/[0-9A-Z]{5}-[^/]+$"),
    )
    yield "review-queue", f"/payments/{hotel}/review"
    yield "bills", f"/payments/{hotel}/bills"
    yield (
        "bill",
        first_link(page, f"/payments/{hotel}/bills?status=part_paid", f"/payments/{hotel}/bills/", r"/[0-9]+$"),
    )
    yield "drivers", f"/fleet/{fleet}/drivers"
    yield "driver", first_link(page, f"/fleet/{fleet}/drivers", f"/fleet/{fleet}/drivers/", r"/[0-9]+$")
    yield "who-has-what", f"/fleet/{fleet}/drivers/vehicles"
    yield "maintenance", f"/fleet/{fleet}/maintenance"
    yield "work-orders", f"/fleet/{fleet}/maintenance/orders"
    yield "work-order", f"/fleet/{fleet}/maintenance/orders/1"
    yield "incidents", f"/fleet/{fleet}/incidents"
    yield "incident", f"/fleet/{fleet}/incidents/1"
    yield "utilisation", f"/fleet/{fleet}/utilisation"
    yield "my-vehicle", f"/driving/{fleet}/"
    yield "mobile-money", f"/payments/{fleet}/mobile"
    yield "refunds", f"/payments/{hotel}/refunds"
    yield "payouts", f"/payments/{hotel}/payouts"
    yield "payout", first_link(page, f"/payments/{hotel}/payouts", f"/payments/{hotel}/payouts/", r"/[0-9a-z_-]{16,}$")
    yield "reconciliation", f"/payments/{hotel}/reconciliation"
    yield "charges", f"/payments/{hotel}/charges"
    yield "providers", f"/payments/{hotel}/providers"
    yield "provider", f"/payments/{hotel}/providers/mpesa"
    yield "books", f"/books/{hotel}/"
    yield "journal", f"/books/{hotel}/journal"
    yield "book-account", first_link(page, f"/books/{hotel}/", f"/books/{hotel}/accounts/", r"/[0-9]+$")
    yield "book-entry", first_link(page, f"/books/{hotel}/journal", f"/books/{hotel}/entries/", r"/[0-9]+$")
    yield "months", f"/books/{hotel}/months"
    yield "people", f"/admin/{hotel}/people"
    yield "roles", f"/admin/{hotel}/roles"
    yield "audit-trail", f"/admin/{hotel}/audit"
    yield "dead-letters", f"/admin/{hotel}/dead-letters"
    yield "place-settings", f"/admin/{hotel}/place"
    yield "jobs", "/admin/jobs"
    yield "health", "/admin/health"
    yield "mail", "/admin/mail"
    yield "account", "/account"
    yield "search", "/search?q=10"
    yield "register-unit", f"/units/{hotel}/register"
    yield "new-place", "/places/new"
    yield "styleguide", "/styleguide"


def pay_page(page: Page, hotel: str) -> str:
    """Where a guest pays for a room that is free."""
    page.goto(first_link(page, f"/units/{hotel}/?status=expired", "/room/"))
    said = page.get_by_text(re.compile("label [0-9A-Z]{7,}")).first.inner_text()
    return "/u/" + re.findall("label ([0-9A-Z]+)", said)[0]


def check_out(page: Page, door: str) -> None:
    """As far as the pretended provider's checkout."""
    page.goto(door)
    page.locator("input[name=email]").fill("guest@mail.example")
    page.locator("form button[type=submit]").last.click()
    page.wait_for_url("**/sandbox/checkout/**")


def first_link(page: Page, address: str, holding: str, ending: str = "") -> str:
    """The first address on a page that goes on to one of its things."""
    page.goto(address)
    found = page.locator(f"main a[href*='{holding}']").evaluate_all("links => links.map(a => a.pathname)")
    beyond = [path for path in found if not path.endswith((holding, ".csv", "/review", "/register", "/labels"))]
    return str(next((path for path in beyond if re.search(ending, path)), address))


def sign_in(page: Page, run: dict[str, Any]) -> None:
    """As the platform's admin, who sees every screen."""
    account = run["accounts"][0]
    page.goto("/sign-in")
    page.locator("input[name=login]").fill(account["email"])
    page.locator("input[type=password]").fill(account["password"])
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def take(run: dict[str, Any], folder: Path, *, everything: bool, only: str | None) -> None:
    """One picture a screen, or four."""
    folder.mkdir(parents=True, exist_ok=True)
    looks = [(size, theme) for size in SIZES for theme in ("light", "dark")] if everything else [("desk", "light")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.chromium(), args=browsers.ARGUMENTS)
        for size, theme in looks:
            width, height = SIZES[size]
            context = browser.new_context(
                base_url=run["url"], viewport={"width": width, "height": height}, color_scheme=theme, locale="en-GB"
            )
            page = context.new_page()
            suffix = f"-{size}-{theme}" if everything else ""
            if not only or only in "sign-in":
                page.goto("/sign-in")
                page.screenshot(path=folder / f"sign-in{suffix}.png")
            sign_in(page, run)
            for name, address in screens(page, run):
                if only and only not in name:
                    continue
                page.goto(address, wait_until="load")
                page.wait_for_timeout(400)
                page.screenshot(path=folder / f"{name}{suffix}.png")
                if name == "pay-at-the-door":
                    check_out(page, address)
                    page.screenshot(path=folder / f"checkout{suffix}.png")
                    page.get_by_role("button", name="Pay", exact=True).click()
                    page.wait_for_timeout(6_000)  # the provider tells us, and the lock answers
                    page.screenshot(path=folder / f"paid{suffix}.png")
            context.close()
        browser.close()


@contextmanager
def portal() -> Iterator[dict[str, Any]]:
    """The running portal, or one of our own for the length of this script."""
    note = Path(os.environ.get("VAR_DIR", ROOT / "var")) / "run.json"
    if note.exists():
        yield json.loads(note.read_text())
        return
    with tempfile.TemporaryDirectory(prefix="portal-shots-") as folder:
        environment = {**os.environ, "VAR_DIR": folder, "PORT": "0", "DEMO": "1"}
        process = subprocess.Popen([sys.executable, str(ROOT / "run.py")], env=environment, stdout=subprocess.DEVNULL)
        try:
            note = Path(folder) / "run.json"
            for _wait in range(240):
                if note.exists():
                    break
                time.sleep(0.5)
            time.sleep(20)  # long enough for the simulated devices to have said something
            yield json.loads(note.read_text())
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="both widths and both themes")
    parser.add_argument("--only", help="only screens with this in their name")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "screens")
    chosen = parser.parse_args()
    with portal() as running:
        take(running, chosen.into, everything=chosen.all, only=chosen.only)
