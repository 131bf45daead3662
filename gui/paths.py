"""The way that a lane's parameters went, as far as the pictures draw it."""

import numpy as np
import numpy.typing as npt

from engine.models.mixture import Mixture
from engine.parameters import Array, Parameters
from engine.trace import Trace
from gui.scene import Scene

LONGEST_TRAIL = 400
"""About so many points at most has the trail of a mean; a longer one is thinned."""


def paths(scene: Scene, trace: Trace, iteration: int) -> tuple[npt.NDArray[np.intp], Array, Array]:
    """Weights and means (on the canvas) on the way to an iteration; the trail of means is thinned."""
    layout, model = trace.layout, scene.model
    if "weights" not in layout.by_name:
        return np.arange(1), np.zeros((1, 0)), np.zeros((1, 0, scene.projection.dimension))
    iterations, weights = trace.path("weights", iteration)
    if not isinstance(model, Mixture) or not scene.places:
        return iterations, weights, np.zeros((1, weights.shape[1], scene.projection.dimension))
    thinned = {}
    for name in model.mean_blocks:
        _, block = trace.path(name, iteration)
        every = max(1, -(-len(block) // LONGEST_TRAIL))
        kept = np.concatenate((block[::every], block[-1:])) if every > 1 else block
        thinned[name] = layout.by_name[name].in_data_units(kept)
    return iterations, weights, scene.projection.points(model.means_of(thinned))


def free_numbers(scene: Scene, parameters: Parameters) -> Array:
    """The numbers (s,) that the scene's whole likelihood depends on."""
    places = scene.whole.places if scene.whole is not None else ()
    return parameters.vector[list(places)]


def free_path(scene: Scene, trace: Trace, iteration: int) -> Array:
    """Those numbers and the log-likelihood on the way to an iteration, (m, s + 1); (0, 0) without such a likelihood."""
    if scene.whole is None:
        return np.zeros((0, 0))
    paths = [trace.path(name, iteration) for name in trace.layout.free]
    numbers = [block.reshape(len(block), -1) for _, block in paths]
    heights = trace.floats("log_likelihood")[paths[0][0]]
    return np.concatenate((*numbers, heights[:, None]), axis=1)
