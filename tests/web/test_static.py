"""What the browser is given: vendored files as they were fetched, icons that exist, no way round the content policy."""

import re
from pathlib import Path

from portal.web.components import icon_names
from portal.web.desks import DESKS, KINDS
from scripts import vendor

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = list((ROOT / "templates").rglob("*.html"))


def test_vendored_files_are_the_ones_that_were_fetched():
    assert vendor.check() == []


def test_vendored_files_point_at_no_source_maps():
    for path in vendor.VENDOR.rglob("*.min.*"):
        assert b"sourceMappingURL" not in path.read_bytes(), path.name


def test_every_icon_named_is_in_the_sprite():
    known = icon_names(vendor.VENDOR / "icons/icons.svg")
    used = {desk.icon for desk in DESKS} | {icon for _words, icon in KINDS.values()}
    for path in TEMPLATES:
        used |= set(re.findall(r"""(?:ui\.icon\(|icon=)["']([a-z0-9-]+)["']""", path.read_text()))
    for path in (ROOT / "portal/web").rglob("*.py"):
        used |= set(re.findall(r"""icon=["']([a-z0-9-]+)["']""", path.read_text()))
    assert used <= known, f"add to scripts/icons.txt and run make vendor: {sorted(used - known)}"


def test_no_template_writes_style_or_script_inline():
    for path in TEMPLATES:
        text = path.read_text()
        assert not re.search(r"\sstyle=|<style|<script>|\son[a-z]+=\"|hx-on|javascript:", text), path.name


def test_every_form_says_how_it_is_sent():
    for path in TEMPLATES:
        for form in re.findall(r"<form\b[^>]*>", path.read_text()):
            assert "method=" in form, f"{path.name}: {form}"
