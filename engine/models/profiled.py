"""What a model offers whose log-likelihood has a maximum in closed form over some blocks, the others given."""

from typing import Any, ClassVar, Protocol, runtime_checkable

from engine.parameters import Parameters


@runtime_checkable
class Profiled(Protocol):
    """A model whose log-likelihood can be written as a function of some blocks alone: the profile likelihood."""

    profiled_blocks: ClassVar[tuple[str, ...]]
    """The blocks that are maximised over."""

    def profiled(self, prepared: Any, parameters: Parameters) -> Parameters:
        """The parameters with the profiled blocks at their maximum, given the other blocks; no pass over the data."""

    def profile_fixed_point(self, prepared: Any, parameters: Parameters) -> Parameters:
        """The other blocks as the likelihood equations have them, given the profiled blocks; no pass over the data."""
