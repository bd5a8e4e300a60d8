"""Invoices on A4: as many pages as there are lines, the same bytes for the same content."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from portal.core.money import PPM, Money
from portal.core.paper import BOLD, GREY, INK, LINE, PLAIN, register_fonts
from portal.core.words import _
from portal.core.written import money

WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 56.0, WIDTH - 56.0, HEIGHT - 56.0, 72.0
TAX_AT, NET_AT = RIGHT - 170, RIGHT - 100


def drawn(said: dict[str, Any]) -> bytes:
    """The paper of a snapshot."""
    register_fonts()
    out = BytesIO()
    paper = Canvas(out, pagesize=A4, invariant=1, pageCompression=1)
    paper.setTitle(said["title"])
    paper.setAuthor(said["supplier"]["name"])
    paper.setCreator("Portal")
    at = _head(paper, said)
    for line in said["lines"]:
        words = simpleSplit(line["words"], PLAIN, 9, NET_AT - LEFT - 130)
        if at - 14 * len(words) < BOTTOM + 30:
            paper.showPage()
            at = _heads(paper, TOP)
        at = _line(paper, at, line, words, said["currency"])
    if at < BOTTOM + 90 + 14 * len(said["taxes"]):
        paper.showPage()
        at = TOP
    _foot(paper, at, said)
    paper.showPage()
    paper.save()
    return out.getvalue()


def _head(paper: Canvas, said: dict[str, Any]) -> float:
    at = TOP
    _write(paper, LEFT, at, said["supplier"]["name"], size=16, bold=True)
    for words in said["supplier"]["lines"]:
        at -= 13
        _write(paper, LEFT, at, words, size=9, grey=True)
    _right(paper, RIGHT, TOP, said["title"], size=13, bold=True)
    _right(paper, RIGHT, TOP - 15, said["issued_on"], size=9, grey=True)
    at = min(at, TOP - 30) - 34
    _write(paper, LEFT, at, said["customer"]["name"], size=10, bold=True)
    for words in said["customer"]["lines"]:
        at -= 13
        _write(paper, LEFT, at, words, size=9, grey=True)
    for words in said["notes"]:
        for each in simpleSplit(words, PLAIN, 9, RIGHT - LEFT):
            at -= 14
            _write(paper, LEFT, at, each, size=9)
    return _heads(paper, at - 30)


def _heads(paper: Canvas, at: float) -> float:
    _write(paper, LEFT, at, _("Day"), size=8, grey=True)
    _write(paper, LEFT + 90, at, _("What"), size=8, grey=True)
    _right(paper, TAX_AT, at, _("Tax"), size=8, grey=True)
    _right(paper, NET_AT, at, _("Of it tax"), size=8, grey=True)
    _right(paper, RIGHT, at, _("Amount"), size=8, grey=True)
    return _rule(paper, at - 5) - 4


def _line(paper: Canvas, at: float, line: dict[str, Any], words: list[str], currency: str) -> float:
    at -= 12
    _write(paper, LEFT, at, line["day"], size=9)
    _right(paper, TAX_AT, at, rate(line["rate_ppm"]), size=9)
    _right(paper, NET_AT, at, money(Money(line["tax"], currency)), size=9)
    _right(paper, RIGHT, at, money(Money(line["amount"], currency)), size=9)
    for number, each in enumerate(words):
        _write(paper, LEFT + 90, at - 12 * number, each, size=9)
    return at - 12 * (len(words) - 1) - 4


def _foot(paper: Canvas, at: float, said: dict[str, Any]) -> None:
    currency = said["currency"]
    at = _rule(paper, at - 6) - 16
    _write(paper, LEFT, at, _("Total"), size=12, bold=True)
    _right(paper, RIGHT, at, money(Money(said["total"], currency)), size=12, bold=True)
    for each in said["taxes"]:
        at -= 15
        words = _(
            "Of it tax at %(rate)s, on %(net)s", rate=rate(each["rate_ppm"]), net=money(Money(each["net"], currency))
        )
        _write(paper, LEFT, at, words, size=9, grey=True)
        _right(paper, RIGHT, at, money(Money(each["tax"], currency)), size=9, grey=True)
    if said["paid"]:
        at -= 18
        _write(paper, LEFT, at, _("Paid"), size=9)
        _right(paper, RIGHT, at, money(Money(said["paid"], currency)), size=9)
        at -= 15
        _write(paper, LEFT, at, _("Still to be paid"), size=9, bold=True)
        _right(paper, RIGHT, at, money(Money(said["total"] - said["paid"], currency)), size=9, bold=True)


def rate(ppm: int | None) -> str:
    """A tax rate as people write it."""
    return "–" if ppm is None else f"{ppm * 100 / PPM:g} %"


def _write(
    paper: Canvas, x: float, at: float, words: str, *, size: float, bold: bool = False, grey: bool = False
) -> None:
    paper.setFont(BOLD if bold else PLAIN, size)
    paper.setFillGray(GREY if grey else INK)
    paper.drawString(x, at, words)


def _right(
    paper: Canvas, x: float, at: float, words: str, *, size: float, bold: bool = False, grey: bool = False
) -> None:
    paper.setFont(BOLD if bold else PLAIN, size)
    paper.setFillGray(GREY if grey else INK)
    paper.drawRightString(x, at, words)


def _rule(paper: Canvas, at: float) -> float:
    paper.setStrokeGray(LINE)
    paper.setLineWidth(0.7)
    paper.line(LEFT, at, RIGHT, at)
    return at
