"""Points drawn by hand."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.errors import InputError
from engine.settings import setting

FIRST_POINTS = (
    (-2.4, 0.2), (-2.1, 0.9), (-1.8, -0.3), (-1.6, 0.5), (-1.2, -0.1), (-2.0, -0.8),
    (1.1, 0.3), (1.6, -0.6), (1.9, 0.7), (2.2, 0.0), (2.6, -0.4), (1.4, 1.1),
)  # fmt: skip
FIRST_CLASSES = (0,) * 6 + (1,) * 6


@dataclass(frozen=True)
class Drawn(DataStory):
    """Points of one or two coordinates that were drawn by hand, each in a class that colours the truth.

    The points stand in the experiment itself, so they are saved with it.
    """

    name: ClassVar[str] = "drawn"
    suits: ClassVar[tuple[str, ...]] = ("gaussian-mixture", "poisson-mixture")

    points: tuple[tuple[float, ...], ...] = setting(
        FIRST_POINTS, label="Points", help="The points, each a list of one or two numbers."
    )
    classes: tuple[int, ...] = setting(
        FIRST_CLASSES,
        label="Classes",
        help="The class of each point, counted from 0; -1 where it has none; empty: no classes.",
        minimum=-1,
        maximum=11,
    )
    columns: tuple[str, ...] = setting(("x", "y"), label="Columns", help="A name for each coordinate.")

    def generate(self) -> Dataset:
        """The points as a dataset; raises InputError where they do not fit together."""
        lengths = {len(point) for point in self.points}
        if not self.points:
            raise InputError("[data]: there are no points; draw or list at least one.")
        if len(lengths) != 1 or not lengths <= {1, 2}:
            raise InputError("[data]: points must all have one number, or all two.")
        (dimension,) = lengths
        if len(self.columns) < dimension:
            raise InputError(
                f"[data]: columns must name {dimension} coordinates; it names {len(self.columns)}."
            )
        if self.classes and len(self.classes) != len(self.points):
            raise InputError(
                f"[data]: classes must have one number for each of the {len(self.points)} points; "
                f"it has {len(self.classes)}."
            )
        labels = np.array(self.classes, dtype=np.int64) if self.classes else None
        names = () if labels is None else tuple(f"class {code + 1}" for code in range(int(labels.max()) + 1))
        values = np.array(self.points, dtype=np.float64)
        return Dataset("drawn", self.columns[:dimension], values, labels=labels, label_names=names)
