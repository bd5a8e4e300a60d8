"""The JSON door can be read and tried in a browser, from the portal's own files, under its content policy."""

from playwright.sync_api import expect


def test_the_api_can_be_tried(page, portal_url):
    page.goto(f"{portal_url}/swagger/")
    expect(page.get_by_text("/api/assets/{asset_number}/rooms/", exact=True).first).to_be_visible()


def test_the_api_can_be_read(page, portal_url):
    page.goto(f"{portal_url}/redoc/")
    # Redoc draws the whole document before it shows any of it, which a busy machine takes a while for.
    expect(page.get_by_role("heading", name="Rooms of a place")).to_be_visible(timeout=20_000)
