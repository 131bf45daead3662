"""Which component of one lane is which of another: the best assignment between their locations."""

from collections.abc import Sequence

import numpy as np

from engine.parameters import Array, Parameters


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
    count = len(parameters["weights"]) if "weights" in parameters else 0
    blocks = [
        np.reshape(parameters[block.name], (count, -1))
        for block in parameters.layout.blocks
        if block.name not in ("weights", "covariances") and block.shape[:1] == (count,)
    ]
    return np.concatenate(blocks, axis=1) if blocks and count else np.zeros((count, 0))


def _assigned(here: Array, there: Array) -> tuple[int, ...]:
    if here.shape != there.shape or not there.shape[1] or not np.all(np.isfinite([here, there])):
        return tuple(range(len(there)))
    from scipy.optimize import linear_sum_assignment  # its import is slow, and few runs need it

    distances = np.sum(np.square(there[:, None, :] - here[None, :, :]), axis=2)
    _, columns = linear_sum_assignment(distances)
    return tuple(int(column) for column in columns)
