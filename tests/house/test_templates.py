"""Every template compiles, and says so loudly when a name is missing."""

from pathlib import Path

from jinja2 import StrictUndefined

ROOT = Path(__file__).resolve().parents[2]


def test_every_template_compiles(app):
    names = [str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html")]
    for name in names:
        app.jinja_env.get_template(name)


def test_a_missing_name_is_an_error(app):
    assert app.jinja_env.undefined is StrictUndefined


def test_no_template_unescapes(app):
    loose = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if "|safe" in path.read_text().replace(" ", "") or "autoescape false" in path.read_text()
    ]
    assert not loose, loose
