"""Static files are small on the wire, kept for a year under their version, and fresh after an edit."""

import pytest

from portal.runtime.static import compress
from portal.web.static import StaticFiles


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "page.css").write_text("body { color: teal; }\n" * 400)
    (tmp_path / "dot.png").write_bytes(b"\x89PNG")
    return tmp_path


def fetch(files, path, query="", **headers):
    """Status, headers and body of a file."""
    said = {}

    def start(status, answered):
        said.update(status=status, headers={name.lower(): value for name, value in answered})

    environ = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": "GET", **headers}
    body = files(environ, start)
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return said["status"], said["headers"], content


def flask_stand_in(environ, start):
    start("200 OK", [("X-From", "application")])
    return [b"fresh"]


def test_a_pressed_file_is_small_and_kept_for_a_year(folder):
    assert compress(folder) == 1
    assert compress(folder) == 0, "once is enough"
    files = StaticFiles(flask_stand_in, str(folder))
    status, headers, body = fetch(files, "/static/page.css", "v=abc", HTTP_ACCEPT_ENCODING="gzip")
    assert status == "200 OK"
    assert headers["content-encoding"] == "gzip"
    assert headers["cache-control"] == "max-age=31536000, public, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert len(body) < 200


def test_without_a_version_it_is_asked_for_again(folder):
    files = StaticFiles(flask_stand_in, str(folder))
    _status, headers, body = fetch(files, "/static/page.css")
    assert headers["cache-control"] == "max-age=0, public"
    assert "content-encoding" not in headers
    assert len(body) == 22 * 400


def test_an_edit_shows_at_once_and_is_pressed_at_the_next_start(folder):
    compress(folder)
    files = StaticFiles(flask_stand_in, str(folder))
    (folder / "page.css").write_text("body { color: plum; }")
    assert fetch(files, "/static/page.css", HTTP_ACCEPT_ENCODING="gzip")[2] == b"fresh"
    compress(folder)
    files = StaticFiles(flask_stand_in, str(folder))
    assert fetch(files, "/static/page.css", HTTP_ACCEPT_ENCODING="gzip")[2] == b"body { color: plum; }"


@pytest.mark.parametrize("path", ["/static/", "/static/../config.py", "/static/none.css", "/static/page.css.gz"])
def test_nothing_else_is_served(folder, path):
    compress(folder)
    assert fetch(StaticFiles(flask_stand_in, str(folder)), path)[2] == b"fresh"


def test_the_portal_serves_its_own(client):
    answer = client.get("/static/css/shell.css?v=1")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    answer.close()
