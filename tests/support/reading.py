"""Reading a page as strictly as the standard does: browsers forgive, tests do not."""

from functools import lru_cache

import html5lib


@lru_cache(maxsize=64)
def read_strictly(markup: str) -> None:
    """Raise when markup is not valid HTML, showing the place; a page that was sound a moment ago still is."""
    whole = markup.lstrip()[:9].lower() == "<!doctype"
    parser = html5lib.HTMLParser(strict=False)
    if whole:
        parser.parse(markup)
    else:
        parser.parseFragment(markup, container=_container(markup))
    errors = [(position, code) for position, code, _details in parser.errors if code not in TOLERATED]
    if errors:
        (line, column), code = errors[0]
        lines = markup.split("\n")
        around = "\n".join(lines[max(0, line - 3) : line + 2])
        raise AssertionError(f"{code} at line {line}, column {column}:\n{around}")


#: html5lib predates these; browsers and the standard are content.
TOLERATED = {"non-void-element-with-trailing-slash"}


def _container(markup: str) -> str:
    """Where a fragment will be put decides how it is read: a row is only a row inside a table body."""
    start = markup.lstrip()[:7].lower()
    if start.startswith("<tr"):
        return "tbody"
    if start.startswith(("<tbody", "<thead")):
        return "table"
    return "div"
