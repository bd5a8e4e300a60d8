"""Whatever goes wrong under /api is said as JSON with a sentence, and never as a page."""

import pytest


def refusal(answer, status, code):
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/json"
    assert answer.json["error"]["code"] == code
    assert answer.json["error"]["message"].endswith(".")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Request-ID"]
    return answer.json["error"]


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/credits/null,null/claim", "/api//assets", "/api/%00"]
)
def test_an_unknown_address_is_not_found_as_json(client, path):
    refusal(client.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "FOO"])
def test_another_method_is_told_which_are_taken(client, method):
    answer = client.open("/api/openapi.json", method=method)
    refusal(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_an_address_answers_with_and_without_its_last_slash(client):
    assert client.get("/api/openapi.json").status_code == client.get("/api/openapi.json/").status_code == 200


def test_a_page_that_is_not_there_is_not_json(client):
    assert client.get("/nothing").mimetype == "text/html"


def test_a_mistake_of_ours_is_told_without_its_trace(app, client, monkeypatch):
    def broken():
        raise RuntimeError("secret detail")

    monkeypatch.setitem(app.view_functions, "api.document", broken)
    error = refusal(client.get("/api/openapi.json"), 500, "internal_error")
    assert "secret" not in str(error)
