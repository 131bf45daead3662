"""Colours mixed by responsibilities, looked up in a table of 4096."""

from functools import cache

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor

from engine.parameters import Array

LEVELS = 16
NO_POSTERIOR = 0
"""The code of a row without a posterior. No mixture comes there: it is dark, green and blue at once."""

_TO_CONE = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(colours: Array) -> Array:
    """Oklab coordinates (..., 3) of sRGB colours from 0 to 1; Ottosson (2020), "A perceptual color space"."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONE.T) @ _TO_LAB.T)


def srgb(lab: Array) -> Array:
    """The reverse of `oklab`, clipped to what a screen can show."""
    cone = np.linalg.solve(_TO_LAB, np.asarray(lab).reshape(-1, 3).T) ** 3
    linear = np.clip(np.linalg.solve(_TO_CONE, cone).T, 0.0, 1.0).reshape(np.shape(lab))
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


class ColourTable:
    """4096 colours (4096, 3) from 0 to 255 on a grid in Oklab, where equal steps look alike.

    A point that belongs to one component alone has exactly that component's colour.
    """

    def __init__(self, components: tuple[str, ...], neutral: str) -> None:
        pure = np.array([_channels(colour) for colour in components])
        lab = oklab(pure)
        low = np.min(lab, axis=0)
        step = np.maximum(np.max(lab, axis=0) - low, 1e-6) / (LEVELS - 1)
        self._levels = (lab - low) / step
        grid = np.stack(np.meshgrid(*[np.arange(LEVELS)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        self.colours: Array = 255.0 * srgb(low + grid * step)
        self.colours[self.codes(np.eye(len(components)))] = 255.0 * pure
        self.colours[NO_POSTERIOR] = 255.0 * np.array(_channels(neutral))
        self._packed = _packed(self.colours)

    def codes(self, responsibilities: Array) -> npt.NDArray[np.intp]:
        """Places in the table (m,) for responsibilities (K, m); negative ones count as 0."""
        lost = None
        if not (responsibilities.min(initial=0.0) >= 0.0 and responsibilities.max(initial=0.0) <= 1.0 + 1e-6):
            shares = np.maximum(np.nan_to_num(responsibilities, nan=0.0, posinf=0.0, neginf=0.0), 0.0)
            total = np.sum(shares, axis=0)
            lost = ~(total > 0)
            responsibilities = shares / np.where(lost, 1.0, total)
        levels = (self._levels[: len(responsibilities)].T @ responsibilities + 0.5).astype(np.intp)
        np.clip(levels, 0, LEVELS - 1, out=levels)
        codes: npt.NDArray[np.intp] = (levels[0] * LEVELS + levels[1]) * LEVELS + levels[2]
        if lost is not None:
            codes[lost] = NO_POSTERIOR
        return codes

    def pixels(self, codes: npt.NDArray[np.intp]) -> npt.NDArray[np.uint32]:
        """Opaque 0xffRRGGBB of some codes, in their shape."""
        return np.asarray(self._packed[codes])


def _packed(colours: Array) -> npt.NDArray[np.uint32]:
    channels = np.rint(colours).astype(np.uint32)
    red, green, blue = (channels[:, place] << np.uint32(shift) for place, shift in enumerate((16, 8, 0)))
    return np.asarray(np.uint32(0xFF000000) | red | green | blue)


@cache
def colour_table(components: tuple[str, ...], neutral: str) -> ColourTable:
    """The table of a style's component colours; `neutral` shows rows that have no posterior."""
    return ColourTable(components, neutral)


def _channels(colour: str) -> tuple[float, float, float]:
    found = QColor(colour)
    return found.redF(), found.greenF(), found.blueF()
