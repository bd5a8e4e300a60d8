"""Sentences come out in the reader's language, with their facts filled in."""

import contextvars
import struct

import pytest

from portal.core import words
from portal.core.words import _, lazy_, ngettext, use_language


@pytest.fixture
def a_french_catalogue(tmp_path, monkeypatch):
    """A compiled catalogue with one sentence, and a language choice that ends with the test."""
    texts = {
        "": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n > 1);\n",
        "Room %(room)s is let.": "La chambre %(room)s est louée.",
        "%(num)s night\0%(num)s nights": "%(num)s nuit\0%(num)s nuits",
    }
    (tmp_path / "fr" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "fr" / "LC_MESSAGES" / "messages.mo").write_bytes(_compiled(texts))
    monkeypatch.setattr(words, "TRANSLATIONS", tmp_path)
    words._catalogue.cache_clear()
    yield contextvars.copy_context()
    words._catalogue.cache_clear()


def _compiled(texts: dict[str, str]) -> bytes:
    pairs = sorted((k.encode(), v.encode()) for k, v in texts.items())
    start = 28 + 16 * len(pairs)
    data, tables = b"", ([], [])
    for column in (0, 1):
        for pair in pairs:
            tables[column].append(struct.pack("<II", len(pair[column]), start + len(data)))
            data += pair[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return head + b"".join(tables[0] + tables[1]) + data


def test_english_needs_no_catalogue():
    assert _("Room %(room)s is let.", room="101") == "Room 101 is let."
    assert ngettext("%(num)s night", "%(num)s nights", 2) == "2 nights"
    assert _("100%% cotton") == "100% cotton"


def test_a_catalogue_speaks_and_an_unknown_language_is_english(a_french_catalogue):
    label = lazy_("Room %(room)s is let.", room="101")

    def in_french():
        use_language("fr")
        assert _("Room %(room)s is let.", room="101") == str(label) == "La chambre 101 est louée."
        assert ngettext("%(num)s night", "%(num)s nights", 3) == "3 nuits"
        assert _("Not in the catalogue") == "Not in the catalogue"
        use_language("../../etc")
        assert words.language() == "en"
        assert str(label) == "Room 101 is let."

    a_french_catalogue.run(in_french)
    assert words.language() == "en", "the choice belongs to the request that made it"
