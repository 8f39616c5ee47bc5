"""A sheet to draw on: boxes, arrows and words in one style, as SVG."""

import drawsvg
from drawsvg import Drawing, Lines, Marker, Path, Rectangle, Text

SANS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"

INK, MUTED, LINE = "#1c2128", "#57606a", "#8a929c"
BLUE, ORANGE, GREEN, GREY = "#1f5fa8", "#c25400", "#1a7f5a", "#6e7781"
_PALE = {BLUE: "#e3eefa", ORANGE: "#fdeee0", GREEN: "#e2f4ec", GREY: "#eef0f2"}


class Sheet:
    """A white sheet with a thin edge, which reads on light and dark pages.

    All coordinates are pixels from the top left corner.

    Args:
        width, height: of the sheet.
        title, subtitle: stand at its top.
    """

    def __init__(self, width: int, height: int, title: str, subtitle: str) -> None:
        self._drawing = Drawing(width, height, font_family=SANS)
        self._drawing.append_title(f"{title}: {subtitle}")
        self._add(
            Rectangle(0.5, 0.5, width - 1, height - 1, rx=10, fill="#ffffff", stroke="#d0d7de")
        )
        self.text(28, 40, title, size=20, bold=True)
        self.text(28, 63, subtitle, size=13, colour=MUTED)
        self._head = Marker(-8, -4, 1, 4, scale=1, orient="auto", markerUnits="userSpaceOnUse")
        self._head.append(Lines(-8, -4, -8, 4, 0.5, 0, close=True, fill=MUTED))

    def svg(self) -> str:
        """The sheet as a file's text; the same every time."""
        return self._drawing.as_svg() + "\n"

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 12,
        colour: str = INK,
        anchor: str = "start",
        bold: bool = False,
        mono: bool = False,
    ) -> None:
        """Words whose baseline is at y; `anchor` as in SVG: start, middle or end at x."""
        font = {"font_weight": 600} if bold else {}
        if mono:
            font["font_family"] = MONO
        self._add(Text(words, size, x, y, fill=colour, text_anchor=anchor, **font))

    def slab(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A box without words."""
        self._add(
            Rectangle(
                x, y, width, height, rx=4, fill=_PALE[colour], stroke=colour, stroke_width=1.5
            )
        )

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled bar."""
        self._add(Rectangle(x, y, width, height, fill=colour))

    def area(self, x: float, y: float, width: float, height: float, title: str, note: str) -> None:
        """A place where things run, with its name and a note."""
        self._add(
            Rectangle(
                x, y, width, height, rx=8, fill="#fafbfc", stroke=LINE, stroke_dasharray="5 4"
            )
        )
        self.text(x + 16, y + 25, title, size=14, bold=True)
        self.text(x + 16, y + 43, note, colour=MUTED)

    def card(
        self, x: float, y: float, width: float, height: float, title: str, *notes: str, colour: str
    ) -> None:
        """A box with a file's or command's name and lines about it."""
        self.slab(x, y, width, height, colour)
        top = y + height / 2 - 8 * len(notes) + 4
        middle = x + width / 2
        self.text(middle, top, title, anchor="middle", bold=True, mono=True)
        for i, note in enumerate(notes, 1):
            self.text(middle, top + 16 * i, note, colour=MUTED, anchor="middle", size=11.5)

    def line(self, *points: tuple[float, float], dashed: bool = False) -> None:
        """A line along the points."""
        self._add(self._path(points, dashed))

    def arrow(
        self,
        *points: tuple[float, float],
        words: str = "",
        at: tuple[float, float] = (0, 0),
        dashed: bool = False,
    ) -> None:
        """An arrow along the points; `words` centred at `at`."""
        path = self._path(points, dashed)
        path.args["marker-end"] = self._head
        self._add(path)
        if words:
            self.text(*at, words, size=11.5, colour=MUTED, anchor="middle")

    def _path(self, points: tuple[tuple[float, float], ...], dashed: bool) -> Path:
        dash = {"stroke_dasharray": "5 4"} if dashed else {}
        path = Path(fill="none", stroke=MUTED, stroke_width=1.5, **dash).M(*points[0])
        for point in points[1:]:
            path.L(*point)
        return path

    def _add(self, element: drawsvg.DrawingElement) -> None:
        self._drawing.append(element)
