"""Names, notes and searches: storable, composed, trimmed, of a sane length."""

from __future__ import annotations

import re
import unicodedata

from portal.core.parse.errors import BLANKS, ParseError, is_blank
from portal.core.words import _

# C0 and C1 controls with NUL, lone surrogates, and the two line separators no form can send on purpose
_UNSTORABLE_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNSTORABLE_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_MOST_CODE_POINTS_COMPOSED_INTO_ONE = 4


def text(
    value: object,
    field: str,
    *,
    label: str | None = None,
    min_length: int = 1,
    max_length: int = 100,
    multiline: bool = False,
) -> str:
    """Text in NFC without outer spaces; '' for nothing written where min_length is 0."""
    name = label or field
    if is_blank(value):
        if min_length == 0:
            return ""
        raise ParseError(_("Enter the %(name)s.", name=name), field)
    if not isinstance(value, str):
        raise ParseError(_("The %(name)s must be text.", name=name), field)
    # The outer controls are judged too: only blanks are trimmed, and length before composing, whose time a
    # long run of combining marks would make quadratic.
    trimmed = value.strip(BLANKS)
    if len(trimmed) <= max_length * _MOST_CODE_POINTS_COMPOSED_INTO_ONE:
        if multiline:
            trimmed = trimmed.replace("\r\n", "\n").replace("\r", "\n")
        if (_UNSTORABLE_LINES if multiline else _UNSTORABLE_LINE).search(trimmed):
            raise ParseError(_("The %(name)s has a character that cannot be stored.", name=name), field)
        trimmed = unicodedata.normalize("NFC", trimmed)
    if len(trimmed) > max_length:
        raise ParseError(_("Use at most %(count)s characters.", count=max_length), field)
    if len(trimmed) < min_length:
        raise ParseError(_("Use at least %(count)s characters.", count=min_length), field)
    return trimmed
