"""Every colour, pen, font and size, for light, dark and lecture."""

from dataclasses import dataclass, replace
from functools import cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPen

COMPONENT_COLOURS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#8c6d1f",
    "#882255",
    "#44aa99",
    "#6a51a3",
    "#999933",
    "#7f7f7f",
)
"""Okabe & Ito (2008), told apart with every common colour blindness, extended from Tol's muted scheme."""

_BRIGHTER = {"#0072b2": "#0a84cf", "#8c6d1f": "#9f7c23", "#882255": "#b8457f", "#6a51a3": "#8a74ba"}
COMPONENT_COLOURS_DARK = tuple(_BRIGHTER.get(colour, colour) for colour in COMPONENT_COLOURS)
"""The same hues upon a dark canvas: the four darkest are brighter, so that thin lines can be seen."""

LARGER = 1.4
"""Before an audience whatever has a width or height of its own gets so many times as much."""

LANE_DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (6.0, 3.0),
    (1.5, 2.5),
    (8.0, 3.0, 1.5, 3.0),
    (3.0, 2.0),
    (10.0, 4.0),
    (1.5, 2.0, 6.0, 2.0),
    (12.0, 3.0, 3.0, 3.0),
)
LANE_COLOURS_LIGHT = (
    "#1b3a8a",
    "#b5340f",
    "#2d7a31",
    "#7b3294",
    "#8a6100",
    "#0b7285",
    "#a61e4d",
    "#495057",
)
LANE_COLOURS_DARK = (
    "#8fb3ff",
    "#ff9d76",
    "#8fe39a",
    "#d9a6f0",
    "#f0c95c",
    "#7fdcee",
    "#ff9dbd",
    "#ced4da",
)


@dataclass(frozen=True)
class Style:
    """The look of everything; colours as '#rrggbb', sizes in logical pixels."""

    name: str
    lecture: bool
    window: str
    panel: str
    canvas: str
    text: str
    muted: str
    line: str
    grid: str
    accent: str
    accent_text: str
    danger: str
    warning: str
    good: str
    hatch: str
    ghost: str
    lanes: tuple[str, ...]
    components: tuple[str, ...]
    font_size: int
    small_font_size: int
    curve_width: float
    axis_width: float
    point_radius: float

    def colour(self, role: str, alpha: float = 1.0) -> QColor:
        """The colour of a role ('text', 'grid', ...) with an opacity from 0 to 1."""
        colour = QColor(getattr(self, role))
        colour.setAlphaF(alpha)
        return colour

    def component(self, index: int, alpha: float = 1.0) -> QColor:
        """The colour of a mixture component, counted from 0."""
        colour = QColor(self.components[index % len(self.components)])
        colour.setAlphaF(alpha)
        return colour

    def recoloured(self, order: tuple[int, ...]) -> "Style":
        """The same style with component k in the colour of component `order[k]`."""
        if order == tuple(range(len(order))):
            return self
        return replace(self, components=tuple(self.components[k % len(self.components)] for k in order))

    def lane(self, index: int, alpha: float = 1.0) -> QColor:
        """The colour of a lane, counted from 0."""
        colour = QColor(self.lanes[index % len(self.lanes)])
        colour.setAlphaF(alpha)
        return colour

    def lane_pen(self, index: int, width: float | None = None, alpha: float = 1.0) -> QPen:
        """The pen of a lane: its colour and its dashes."""
        pen = QPen(self.lane(index, alpha), self.curve_width if width is None else width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        dashes = LANE_DASHES[index % len(LANE_DASHES)]
        if dashes:
            pen.setDashPattern(list(dashes))
        return pen

    def sample_pen(self, index: int, length: float, width: float | None = None) -> QPen:
        """The pen of a lane for a piece of `length` pixels: dashes shortened until one and a half periods show."""
        pen = self.lane_pen(index, width)
        dashes = pen.dashPattern()
        if dashes:
            period = sum(dashes) * pen.widthF()
            pen.setDashPattern([each * min(1.0, length / (1.5 * period)) for each in dashes])
        return pen

    def pen(self, role: str, width: float = 1.0, alpha: float = 1.0) -> QPen:
        """A solid pen in the colour of a role."""
        return QPen(self.colour(role, alpha), width)

    def enlarged(self, pixels: int) -> int:
        """A width or height that grows with the type before an audience."""
        return round(pixels * (LARGER if self.lecture else 1.0))

    def font(self, small: bool = False, bold: bool = False, scale: float = 1.0) -> QFont:
        """The window's font at this style's size."""
        font = QFont()
        font.setPixelSize(max(7, round((self.small_font_size if small else self.font_size) * scale)))
        font.setBold(bold)
        return font


_LIGHT = {
    "name": "light",
    "window": "#f3f4f6",
    "panel": "#ffffff",
    "canvas": "#ffffff",
    "text": "#1b1f24",
    "muted": "#57606a",
    "line": "#c9d1d9",
    "grid": "#e6e9ed",
    "accent": "#1f5fbf",
    "accent_text": "#ffffff",
    "danger": "#c1121f",
    "warning": "#9a5b00",
    "good": "#1a7f37",
    "hatch": "#b8bec6",
    "ghost": "#6e7781",
    "lanes": LANE_COLOURS_LIGHT,
}
_DARK = {
    "name": "dark",
    "window": "#16191d",
    "panel": "#1f2328",
    "canvas": "#14171a",
    "text": "#e9edf1",
    "muted": "#a3adb8",
    "line": "#444c56",
    "grid": "#2b3138",
    "accent": "#4f8ff7",
    "accent_text": "#0b0e11",
    "danger": "#ff6b6b",
    "warning": "#f0b354",
    "good": "#69d58c",
    "hatch": "#5b646e",
    "ghost": "#aab4bf",
    "lanes": LANE_COLOURS_DARK,
}
_USUAL = {"font_size": 13, "small_font_size": 11, "curve_width": 1.6, "axis_width": 1.0, "point_radius": 2.4}
_LECTURE = {
    "font_size": 20,
    "small_font_size": 17,
    "curve_width": 3.2,
    "axis_width": 2.0,
    "point_radius": 3.6,
}
_LECTURE_CONTRAST = {
    "light": {"text": "#000000", "muted": "#2f363d", "line": "#8c959f", "window": "#ffffff"},
    "dark": {"text": "#ffffff", "muted": "#d0d7de", "line": "#768390", "window": "#000000"},
}


@cache
def style(theme: str, lecture: bool = False) -> Style:
    """The style of a theme, 'light' or 'dark', at a desk or before an audience."""
    colours = dict(_DARK if theme == "dark" else _LIGHT)
    if lecture:
        colours |= _LECTURE_CONTRAST[theme]
    sizes = _LECTURE if lecture else _USUAL
    components = COMPONENT_COLOURS_DARK if theme == "dark" else COMPONENT_COLOURS
    return Style(lecture=lecture, components=components, **colours, **sizes)  # type: ignore[arg-type]
