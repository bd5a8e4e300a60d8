"""A long list read page by page shows each row once, whatever is added meanwhile."""

import base64
import json
import uuid

import pytest
from sqlalchemy import select

from portal.core.numbers import DocumentSeries
from portal.core.paging import BadCursor, page_of
from portal.core.parse import ParseError

pytestmark = pytest.mark.database
SCOPE = uuid.UUID(int=7)
EVERYTHING = select(DocumentSeries).where(DocumentSeries.scope_id == SCOPE)
NEWEST_FIRST = (DocumentSeries.last_number, DocumentSeries.id)


def add(session, *numbers):
    session.add_all(DocumentSeries(scope_id=SCOPE, name=uuid.uuid4().hex, last_number=number) for number in numbers)
    session.commit()


def test_pages_show_every_row_once_though_rows_are_added_meanwhile(session):
    add(session, *range(10), *[5] * 10)
    seen, cursor = [], None
    while True:
        page = page_of(EVERYTHING, NEWEST_FIRST, cursor=cursor, limit=3)
        seen += page.items
        if page.next is None:
            break
        cursor = page.next
        add(session, 100)
    assert [row.last_number for row in seen] == sorted([*range(10), *[5] * 10], reverse=True)
    assert len({row.id for row in seen}) == 20


def test_the_last_page_says_so(session):
    assert page_of(EVERYTHING, NEWEST_FIRST).items == []
    add(session, 1, 2)
    assert page_of(EVERYTHING, NEWEST_FIRST, limit="2").next is None
    assert page_of(EVERYTHING, NEWEST_FIRST, limit=1).next is not None


def test_moments_and_words_order_a_list_too(session):
    add(session, *range(5))
    for order in ((DocumentSeries.created_at, DocumentSeries.id), (DocumentSeries.name,)):
        first = page_of(EVERYTHING, order, limit=2)
        rest = page_of(EVERYTHING, order, limit=200, cursor=first.next)
        assert len({row.id for row in first.items + rest.items}) == 5


def test_a_page_costs_one_query(session, count_queries):
    add(session, *range(5))
    with count_queries() as queries:
        page_of(EVERYTHING, NEWEST_FIRST, limit=2)
    assert len(queries) == 1


def cursor_of(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "null",
        "é",
        "a b",
        "====",
        "A" * 5000,
        cursor_of(),
        cursor_of(1),
        cursor_of(1, 2),
        cursor_of(1, str(SCOPE), 3),
        cursor_of(True, str(SCOPE)),
        cursor_of(2**63, str(SCOPE)),
        cursor_of(1.5, str(SCOPE)),
        cursor_of("1", str(SCOPE)),
        cursor_of(None, None),
        cursor_of(1, "\0"),
        base64.urlsafe_b64encode(b"[" * 500).decode(),
        cursor_of([1], {}),
    ],
    ids=lambda cursor: ascii(cursor[:20]),
)
def test_a_cursor_nobody_gave_is_refused(session, cursor):
    with pytest.raises(BadCursor):
        page_of(EVERYTHING, NEWEST_FIRST, cursor=cursor)


@pytest.mark.parametrize("limit", [0, 201, -1, "x", "", None, 1.0, True])
def test_a_page_has_1_to_200_rows(session, limit):
    with pytest.raises(ParseError):
        page_of(EVERYTHING, NEWEST_FIRST, limit=limit)
