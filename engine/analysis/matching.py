"""Which component of one lane is which of another: the best assignment between their locations."""

from collections.abc import Sequence

import numpy as np

from engine.parameters import Array, Parameters

NO_PLACE = ("weights", "initial", "transitions", "covariances", "scales", "variances")
"""Blocks that do not say where a component or a state is."""


def matched_components(reference: Parameters, others: Sequence[Parameters]) -> tuple[tuple[int, ...], ...]:
    """For each of the others, the component of the reference that each of its own components is.

    The assignment has the smallest sum of squared distances between the components' locations in the model's
    frame (Kuhn 1955, Naval Research Logistics 2, 83-97). Parameters without locations, or that are not
    finite, keep their own order.
    """
    here = _locations(reference)
    return tuple(_assigned(here, _locations(other)) for other in others)


def _locations(parameters: Parameters) -> Array:
    """What tells components apart, (K, m) in the frame."""
    counted = next((name for name in ("weights", "transitions") if name in parameters), None)
    count = len(parameters[counted]) if counted is not None else 0
    blocks = [
        np.reshape(parameters[block.name], (count, -1))
        for block in parameters.layout.blocks
        if block.name not in NO_PLACE and block.shape[:1] == (count,)
    ]
    return np.concatenate(blocks, axis=1) if blocks and count else np.zeros((count, 0))


def _assigned(here: Array, there: Array) -> tuple[int, ...]:
    if here.shape != there.shape or not there.shape[1] or not np.all(np.isfinite([here, there])):
        return tuple(range(len(there)))
    return cheapest_assignment(np.sum(np.square(there[:, None, :] - here[None, :, :]), axis=2))


def cheapest_assignment(costs: Array) -> tuple[int, ...]:
    """For each row of finite costs (K, K) its column, all different, with the smallest sum of costs.

    Shortest augmenting paths, row by row (Jonker & Volgenant 1987, Computing 38, 325-340). scipy has the same,
    but the import of its optimisers takes a second, and this runs beside a window that plays.
    """
    count = len(costs)
    row_prices, column_prices = np.zeros(count), np.zeros(count)
    row_of = np.full(count, -1)
    for row in range(count):
        reach, before = np.full(count, np.inf), np.full(count, -1)
        reached = np.zeros(count, dtype=bool)
        here, column, length = row, -1, 0.0
        while True:
            lengths = length + costs[here] - row_prices[here] - column_prices
            shorter = ~reached & (lengths < reach)
            reach[shorter], before[shorter] = lengths[shorter], here
            column = int(np.argmin(np.where(reached, np.inf, reach)))
            length = float(reach[column])
            reached[column] = True
            if row_of[column] < 0:
                break
            here = int(row_of[column])
        paid = length - reach[reached]
        for place, amount in zip(np.flatnonzero(reached).tolist(), paid.tolist(), strict=True):
            column_prices[place] -= amount
            if row_of[place] >= 0:
                row_prices[row_of[place]] += amount
        row_prices[row] += length
        while True:
            owner = int(before[column])
            following = int(np.flatnonzero(row_of == owner)[0]) if owner != row else -1
            row_of[column] = owner
            if owner == row:
                break
            column = following
    return tuple(int(np.flatnonzero(row_of == row)[0]) for row in range(count))
