"""Natural parameters that a person wrote: checked block by block, refused in the person's words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.parameters import Array


def refuse_unknown_blocks(model: str, blocks: tuple[str, ...], values: Mapping[str, Any]) -> None:
    """Raises InputError for a name that is none of the model's blocks."""
    for name in values:
        if name not in blocks:
            raise InputError(f"[start]: {model} has no parameter {name!r}; give {', '.join(blocks)}.")


def accepted_array(
    model: str, blocks: tuple[str, ...], values: Mapping[str, Any], name: str, shape: tuple[int, ...]
) -> Array:
    """The block `name` as a finite array of this shape; raises InputError with what is wrong."""
    if name not in values:
        raise InputError(f"[start]: {name!r} is missing; {model} needs {', '.join(blocks)}.")
    try:
        array = np.asarray(values[name], dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"[start]: {name!r} must be numbers in lists of equal length.") from None
    if array.shape != shape:
        raise InputError(
            f"[start]: {name!r} has the shape {_shape(array.shape)}, but this model and data need {_shape(shape)}."
        )
    if not np.all(np.isfinite(array)):
        raise InputError(f"[start]: {name!r} holds a number that is not finite.")
    return array


def normalised(weights: Array) -> Array:
    """Weights divided by their sum, which may be off by 1e-6 as written; raises InputError for others."""
    if np.any(weights < 0) or abs(float(np.sum(weights)) - 1.0) > 1e-6:
        raise InputError(
            f"[start]: the weights must be at least 0 and sum to 1; theirs is {np.sum(weights):.6g}."
        )
    return np.asarray(weights / np.sum(weights))


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(each) for each in shape) or "a single number"
