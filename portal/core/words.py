"""Every sentence a person reads, in their language: English is the source, catalogues are optional."""

from __future__ import annotations

import gettext as catalogues
from contextvars import ContextVar
from functools import cache
from pathlib import Path

SOURCE_LANGUAGE = "en"
TRANSLATIONS = Path(__file__).resolve().parents[2] / "translations"

_language: ContextVar[str] = ContextVar("language", default=SOURCE_LANGUAGE)


def languages() -> list[str]:
    """The languages the portal speaks: English and each catalogue under translations/."""
    return sorted({SOURCE_LANGUAGE, *(mo.parts[-3] for mo in TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo"))})


def use_language(code: str) -> None:
    """Speak this language from now on (a request sets it once); one we do not speak becomes English."""
    _language.set(code if code in languages() else SOURCE_LANGUAGE)


def language() -> str:
    """The language being spoken now."""
    return _language.get()


def gettext(message: str) -> str:
    """The sentence with its %(names)s still open: for Jinja, whose newstyle `_` fills them in itself."""
    return _catalogue(_language.get()).gettext(message)


def ngettext_plain(singular: str, plural: str, n: int) -> str:
    """The sentence for a number of things, its %(names)s still open; for Jinja, like `gettext`."""
    return _catalogue(_language.get()).ngettext(singular, plural, n)


def _(message: str, /, **values: object) -> str:
    """The sentence with its %(names)s filled in; as in templates, a bare per cent sign is written %%."""
    return gettext(message) % values


def ngettext(singular: str, plural: str, n: int, /, **values: object) -> str:
    """The sentence for n things; %(num)s is n."""
    return ngettext_plain(singular, plural, n) % {"num": n, **values}


class LazyText:
    """A sentence said when it is shown, not when its module is imported: for form labels."""

    def __init__(self, message: str, values: dict[str, object]) -> None:
        self._message = message
        self._values = values

    def __str__(self) -> str:
        return _(self._message, **self._values)

    def __repr__(self) -> str:
        return f"lazy_({self._message!r})"

    def __mod__(self, values: object) -> str:
        """WTForms fills its validators' messages this way."""
        return gettext(self._message) % values

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, str | LazyText) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._message)


def lazy_(message: str, /, **values: object) -> LazyText:
    """`_`, said later."""
    return LazyText(message, values)


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    return catalogues.translation("messages", TRANSLATIONS, languages=[code], fallback=True)
