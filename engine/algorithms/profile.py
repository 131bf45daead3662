"""What the methods share that climb the profile likelihood."""

from collections.abc import Sequence

from engine.models.base import Model
from engine.models.profiled import Profiled

REQUIRED = "a model whose log-likelihood has a maximum in closed form over some blocks, given the others"


def profile_refusal(name: str, model: Model, free: Sequence[str]) -> str | None:
    """Why a method called `name` has no profile likelihood to climb, as a sentence; None where it has one."""
    if not isinstance(model, Profiled):
        return (
            f"{name} needs a model whose likelihood has a maximum in closed form over some blocks, as factor-analysis "
            f"has over its loadings; choose bfgs for {model.name}."
        )
    blocks = " and ".join(model.profiled_blocks)
    if not set(model.profiled_blocks) <= set(free):
        return (
            f"{name} puts the {blocks} at their best, but they are held fixed; choose bfgs, or set them free."
        )
    if set(free) == set(model.profiled_blocks):
        return f"{name} has nothing to move: every block but the {blocks} is held fixed; set one free."
    return None
