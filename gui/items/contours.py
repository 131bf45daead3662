"""Lines of equal height of a surface on a grid."""

import numpy as np

from engine.parameters import Array

CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))


def contour(values: Array, level: float) -> Array:
    """Segments (s, 2, 2) of the line at `level` of values (m, n), in units of the grid's cells; NaN is no height.

    Marching squares: within a cell the surface is taken for linear along the edges (Lorensen & Cline 1987, in the
    plane). Where a saddle lies in a cell its segments join the edges in their order around the cell.
    """
    crossings: list[tuple[Array, Array]] = []
    rows, columns = np.indices((values.shape[0] - 1, values.shape[1] - 1))
    for first, second in zip(CORNERS, (*CORNERS[1:], CORNERS[0]), strict=True):
        low = values[rows + first[0], columns + first[1]] - level
        high = values[rows + second[0], columns + second[1]] - level
        with np.errstate(invalid="ignore", divide="ignore"):
            share = low / (low - high)
        crossed = (low > 0) != (high > 0)
        crossed &= np.isfinite(share)
        share = np.where(crossed, share, 0.0)
        x = rows + first[0] + share * (second[0] - first[0])
        y = columns + first[1] + share * (second[1] - first[1])
        crossings.append((crossed, np.stack((x, y), axis=-1)))
    crossed = np.stack([each[0] for each in crossings], axis=-1)
    points = np.stack([each[1] for each in crossings], axis=-2)
    segments = []
    for cell in np.argwhere(np.count_nonzero(crossed, axis=-1) >= 2).tolist():
        found = points[tuple(cell)][crossed[tuple(cell)]]
        segments += [found[place : place + 2] for place in range(0, len(found) - 1, 2)]
    return np.array(segments).reshape(-1, 2, 2)
