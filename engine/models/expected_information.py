"""What a model offers whose observed data take few values: the Fisher information of the observed data itself."""

from typing import Any, Protocol, runtime_checkable

from engine.parameters import Array, Parameters


@runtime_checkable
class ExpectedInformation(Protocol):
    """A model that can sum the outer product of the score over everything that might have been observed."""

    def expected_information(self, prepared: Any, parameters: Parameters) -> Array | None:
        """n E[score score'], square, in the natural blocks (flat); no pass, for it needs no data but their number.

        None where there are too many possible observations to sum over. It is what the observed information is
        about equal to at the truth, and it is never indefinite (Fisher 1925; Rao 1965, section 5g).
        """
