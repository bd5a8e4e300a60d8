"""Labels to stick on things, as PDF on the sheets that shops sell: a QR code, a bar code, and words between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from portal.core import paper


@dataclass(frozen=True, slots=True)
class Stock:
    """One sort of sheet, in millimetres: the page, how many across and down, their size, and where they begin."""

    name: str
    words: str
    page: tuple[float, float]
    across: int
    down: int
    size: tuple[float, float]
    left: float = 0.0
    top: float = 0.0
    gap: float = 0.0

    @property
    def labels(self) -> int:
        """How many a sheet holds."""
        return self.across * self.down


A4, LETTER = (210.0, 297.0), (215.9, 279.4)
STOCKS = {
    each.name: each
    for each in (
        Stock("a4-3x8", "A4, 3 × 8, 70 × 37 mm", A4, 3, 8, (70.0, 37.0), top=0.5),
        Stock("a4-2x7", "A4, 2 × 7, 99.1 × 38.1 mm", A4, 2, 7, (99.1, 38.1), left=4.65, top=15.15, gap=2.5),
        Stock("letter-5160", "Letter, Avery 5160", LETTER, 3, 10, (66.675, 25.4), left=4.76, top=12.7, gap=3.175),
        Stock("roll-62", "Roll, 62 mm, one at a time", (62.0, 36.0), 1, 1, (62.0, 36.0)),
    )
}


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one: `scanned` in the QR code, `code` in the bar code and in letters."""

    title: str
    about: str
    code: str
    scanned: str


def sheet(labels: Sequence[Label], stock: Stock, *, start: int = 1, title: str) -> bytes:
    """The labels in order, the first at place `start` of the first sheet: a begun one is not wasted."""
    paper.register_fonts()
    out = BytesIO()
    width, height = stock.page[0] * mm, stock.page[1] * mm
    canvas = Canvas(out, pagesize=(width, height), invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setCreator("Portal")
    for number, label in enumerate(labels, start=start - 1):
        place = number % stock.labels
        if place == 0 and number > start - 1:
            canvas.showPage()
        row, column = divmod(place, stock.across)
        x = (stock.left + column * (stock.size[0] + stock.gap)) * mm
        y = height - (stock.top + (row + 1) * stock.size[1]) * mm
        _draw(canvas, label, x, y, stock.size[0] * mm, stock.size[1] * mm)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, label: Label, x: float, y: float, width: float, height: float) -> None:
    inset = 3.5 * mm
    side = min(height - 2 * inset, width * 0.4)
    paper.draw_code(canvas, label.scanned, x + inset, y + (height - side) / 2, side)
    left, room = x + inset + side + 3 * mm, width - 2 * inset - side - 3 * mm
    top = y + height - inset
    canvas.setFillGray(paper.INK)
    _line(canvas, label.title, left, top - 10, room, paper.BOLD, 11)
    _line(canvas, label.about, left, top - 20, room, paper.PLAIN, 7)
    _line(canvas, label.code, left, y + inset + 1, room, paper.PLAIN, 8)
    bars = min(9 * mm, top - 24 - (y + inset + 11))
    _bars(canvas, label.code, left, y + inset + 11, room, bars)


def _bars(canvas: Canvas, code: str, x: float, y: float, width: float, height: float) -> None:
    """A Code 128 as wide as there is room for, but never with bars so thin that a printer loses them."""
    modules = Code128(code, barWidth=1.0, quiet=0).width
    thin = min(width / modules, 0.33 * mm * 1.2)
    if thin < 0.15 * mm or height < 3 * mm:
        return
    Code128(code, barWidth=thin, barHeight=height, quiet=0).drawOn(canvas, x, y)


def _line(canvas: Canvas, words: str, x: float, y: float, width: float, font: str, size: float) -> None:
    """One line, in smaller letters where it would not fit, and cut where even those would not."""
    while size > 5 and canvas.stringWidth(words, font, size) > width:
        size -= 0.5
    shown = words
    while shown and canvas.stringWidth(shown, font, size) > width:
        shown = shown[:-2].rstrip() + "…" if len(shown) > 2 else ""
    canvas.setFont(font, size)
    canvas.drawString(x, y, shown)
