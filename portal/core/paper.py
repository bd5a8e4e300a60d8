"""Small sheets as PDF: the same content gives the same bytes, on any machine and at any time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import segno
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

#: Carries the naira sign and its neighbours, which the faces every reader has of its own do not.
FONTS = Path(__file__).resolve().parents[2] / "static" / "vendor" / "dejavu"
PLAIN, BOLD = "DejaVu", "DejaVu-Bold"
INK, GREY, LINE = 0.09, 0.42, 0.8
MARGIN = 40.0
_guard = threading.Lock()


class Sheet:
    """One A5 page, written from the top down; what is written is remembered in points from the bottom."""

    def __init__(self, *, title: str, author: str) -> None:
        register_fonts()
        self._out = BytesIO()
        self.width, self._height = A5
        self._canvas = Canvas(self._out, pagesize=A5, invariant=1, pageCompression=1)
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setCreator("Portal")
        self.at = self._height - MARGIN

    def say(
        self, words: str, *, size: float = 10, bold: bool = False, grey: bool = False, left: float = MARGIN
    ) -> None:
        """A paragraph, broken where the line is full."""
        font = BOLD if bold else PLAIN
        for line in _broken(words, font, size, self.width - MARGIN - left):
            self.at -= size * 1.4
            self._write(line, left, font, size, GREY if grey else INK)

    def pair(self, name: str, value: str, *, size: float = 10, bold: bool = False, column: float = 130) -> None:
        """A name on the left and what it is beside it."""
        top = self.at
        self.say(value, size=size, bold=bold, left=MARGIN + column)
        below, self.at = self.at, top
        self.at -= size * 1.4
        self._write(name, MARGIN, PLAIN, size, GREY)
        self.at = min(below, self.at) - 3

    def sum(self, name: str, amount: str, *, size: float = 10, bold: bool = False) -> None:
        """A name on the left and its amount at the right edge."""
        font = BOLD if bold else PLAIN
        self.at -= size * 1.5
        self._write(name, MARGIN, font, size, INK)
        self._canvas.drawRightString(self.width - MARGIN, self.at, amount)

    def rule(self) -> None:
        """A thin line across."""
        self.at -= 9
        self._canvas.setStrokeGray(LINE)
        self._canvas.setLineWidth(0.7)
        self._canvas.line(MARGIN, self.at, self.width - MARGIN, self.at)
        self.at -= 3

    def gap(self, points: float = 10) -> None:
        """Room to breathe."""
        self.at -= points

    def code(self, said: str, words: str, *, size: float = 76) -> None:
        """A QR code at the foot of the page, with words beside it."""
        draw_code(self._canvas, said, MARGIN, MARGIN, size)
        self.at = MARGIN + size
        self.say(words, size=8, grey=True, left=MARGIN + size + 14)

    def finished(self) -> bytes:
        """The document."""
        self._canvas.showPage()
        self._canvas.save()
        return self._out.getvalue()

    def _write(self, words: str, x: float, font: str, size: float, grey: float) -> None:
        self._canvas.setFont(font, size)
        self._canvas.setFillGray(grey)
        self._canvas.drawString(x, self.at, words)


def draw_code(canvas: Canvas, said: str, left: float, bottom: float, size: float) -> None:
    """A QR code in black; error correction M survives a scratch."""
    grid = segno.make(said, error="m", micro=False).matrix
    step = size / len(grid)
    canvas.setFillGray(0)
    for row, cells in enumerate(grid):
        for column, dark in enumerate(cells):
            if dark:
                x, y = left + column * step, bottom + size - (row + 1) * step
                canvas.rect(x, y, step, step, stroke=0, fill=1)


def _broken(words: str, font: str, size: float, width: float) -> Iterator[str]:
    """Lines that fit; a word longer than a line, such as an address, is broken where the line is full."""
    for line in simpleSplit(words, font, size, width):
        while len(line) > 1 and _width(line, font, size) > width:
            fits = next(n for n in range(len(line), 0, -1) if n == 1 or _width(line[:n], font, size) <= width)
            yield line[:fits]
            line = line[fits:]
        yield line


def _width(words: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(words, font, size))


def register_fonts() -> None:
    """Make the faces known to the writer of documents; twice does no harm."""
    with _guard:
        if PLAIN not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(PLAIN, str(FONTS / "DejaVuSans.ttf")))
            pdfmetrics.registerFont(TTFont(BOLD, str(FONTS / "DejaVuSans-Bold.ttf")))
