"""What one E step found, and what EM and a gradient each make of the very same numbers."""

from dataclasses import dataclass

import numpy as np

from engine.algorithms.base import Position
from engine.analysis.bound import Ground
from engine.parameters import Array


@dataclass(frozen=True, eq=False)
class BlockUse:
    """A parameter block now, after EM's M step, and the gradient in it; all in the data's units, (K, ...)."""

    name: str
    now: Array
    em: Array
    gradient: Array


@dataclass(frozen=True, eq=False)
class EStepUse:
    """The expected counts n_k (K,) of an E step, what becomes of the weights, and of every other block.

    `weight_gradient` (K,) is n_k - n pi_k, the gradient in the logarithms of softmax weights; `multipliers`
    (K,) are the means of f_k/f: 1 at a maximum where the weight is above 0, at most 1 where it is 0.
    """

    counts: Array
    weights: Array
    em_weights: Array
    weight_gradient: Array
    multipliers: Array
    blocks: tuple[BlockUse, ...]


def e_step_use(ground: Ground, position: Position) -> EStepUse | None:
    """EM's new value and the gradient of every block from one position's statistics, without another pass.

    None for a model without weights. A mean's gradient is Sigma^-1 b with b the first moment about the mean
    (Redner & Walker 1984, SIAM Review 26, 195-239; section 4).
    """
    here, found = position.parameters, position.expectation
    if "weights" not in here or found.ratios is None:
        return None
    reached = ground.model.m_step(found.statistics, here)
    gradient = ground.model.gradient(found, here)
    total = float(ground.prepared.total_weight)
    counts = np.asarray(here["weights"] * found.ratios)
    now, em = here.in_data_units(), reached.in_data_units()
    blocks = tuple(
        BlockUse(
            block.name,
            now[block.name],
            em[block.name],
            block.gradient_in_data_units(gradient[here.layout.places[block.name]].reshape(block.shape)),
        )
        for block in here.layout.blocks
        if block.name != "weights"
    )
    weights = here["weights"]
    multipliers = np.asarray(found.ratios / total)
    return EStepUse(counts, weights, reached["weights"], counts - total * weights, multipliers, blocks)
