"""The frame around every page: strict HTML, headers, fragments, refusals in words, preferences."""

import pytest

from portal.web import security
from portal.web.context import ACTIONS
from portal.web.htmx import local_path

HTMX = {"HX-Request": "true"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def test_every_answer_carries_the_headers(client):
    for path in ("/styleguide", "/nowhere", "/static/css/tokens.css"):
        with client.get(path) as response:
            headers = response.headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert path.startswith("/static/") or headers["X-Request-ID"]
    assert client.get("/styleguide").headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in client.get("/styleguide").headers
    assert "Strict-Transport-Security" in client.get("/styleguide", base_url="https://localhost").headers


def test_only_the_api_page_of_others_making_may_style_itself(app):
    with app.test_request_context("/redoc/"):
        assert "style-src 'self' 'unsafe-inline';" in security.content_policy()
    with app.test_request_context("/redocs"):
        assert security.content_policy() == POLICY


def test_no_page_has_inline_style_or_script(client):
    page = client.get("/styleguide").text
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert "onclick" not in page


def test_a_form_works_with_and_without_htmx(client):
    whole = client.post("/styleguide", data={"name": ""})
    assert whole.status_code == 422
    assert whole.text.startswith("<!doctype html>")
    assert "Enter the name." in whole.text
    part = client.post("/styleguide", data={"name": ""}, headers={**HTMX, "HX-Target": "form"})
    assert part.status_code == 422
    assert part.text.lstrip().startswith('<form id="form"')
    good = {"name": "Ada", "email": "ADA@example.com", "price": "100", "arrival": "2030-01-01", "room_type": "single"}
    assert client.post("/styleguide", data=good).status_code == 303
    went = client.post("/styleguide", data=good, headers={**HTMX, "HX-Target": "form"})
    assert (went.status_code, went.headers["HX-Location"]) == (204, "/styleguide")
    itself = client.get("/styleguide", headers={**HTMX, "HX-Trigger": "form", "HX-Target": "form"})
    assert "Saved." not in itself.text, "a part that fetched itself meanwhile leaves the toast to the page it is for"
    assert "Saved." in client.get("/styleguide", headers=HTMX).text, "a visit by htmx is a whole page, toast included"


def test_the_same_address_is_never_answered_from_the_wrong_cache(client):
    assert {"HX-Request", "HX-Target"} <= set(client.get("/styleguide").vary)


def test_a_refusal_is_a_sentence_everywhere(client):
    page = client.post("/styleguide/refuse")
    assert page.status_code == 409
    assert "Room 204 is let until 12 March." in page.text
    corner = client.post("/styleguide/refuse", headers=HTMX)
    assert corner.headers["HX-Retarget"] == "#toasts"
    assert corner.text.lstrip().startswith('<div class="toast-note"')
    assert client.get("/api/nothing-here").json["error"]["message"].startswith("There is nothing")
    assert "There is nothing at this address" in client.get("/nothing-here").text
    assert client.get("/preferences").status_code == 405


def test_a_page_that_is_too_old_says_so(app):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        refused = app.test_client().post("/preferences", data={"look": "dark"})
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert refused.status_code == 403
    assert "Your page is too old. Reload and try again." in refused.text


def test_preferences_are_kept_and_lead_back_only_to_us(client):
    kept = client.post("/preferences", data={"look": "dark", "rail": "narrow", "next": "/styleguide?x=1"})
    assert kept.headers["Location"] == "/styleguide?x=1"
    page = client.get("/styleguide").text
    assert 'data-look="dark"' in page
    assert 'data-rail="narrow"' in page
    for stranger in ("//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"):
        assert client.post("/preferences", data={"next": stranger}).headers["Location"] == "/"
    assert client.post("/preferences", data={"look": "pink"}).status_code == 303


def test_a_strangers_stream_ends_before_it_begins(client):
    assert client.get("/live").status_code == 204


@pytest.mark.parametrize(
    ("url", "path"), [("/a?b=c", "/a?b=c"), ("http://localhost/x", "/x"), ("//x", None), (None, None)]
)
def test_back_leads_only_to_our_own_pages(app, url, path):
    with app.test_request_context("/"):
        assert local_path(url) == path


def test_what_the_palette_offers_is_there(app):
    """No feature is listed before it is built."""
    assert ACTIONS
    assert {each.endpoint for each in ACTIONS} <= set(app.view_functions)
