"""Nonlinear conjugate gradients with a strong Wolfe line search."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.gradient import GradientState
from engine.algorithms.polak_ribiere import ConjugateState, PolakRibiere
from engine.parameters import Array


@dataclass(frozen=True)
class ConjugateGradient(PolakRibiere):
    """Bends the gradient by the last direction, so that no step undoes what the one before achieved.

    d <- g + beta d, with beta = max(0, g'(g - g_before) / g_before'g_before): Polak & Ribière (1969), kept from
    becoming negative (Powell 1984), which starts anew where little has changed. On a parabola with exact line
    searches it is at the top after as many steps as there are coordinates. So the line search (Moré & Thuente) is a
    close one: the slope must fall to 0.4 of what it was. Its first trial is the step that would rise as much as the
    last one did if the rise were a parabola's, at most 1. A direction with d'g below 0.01 g'g is replaced by the
    gradient (Gilbert & Nocedal 1992, SIAM J. Optim. 2, 21-42). Tolerances and first trial are those of scipy's CG,
    and both evaluate at the same points as long as that does not happen and every trial has a likelihood.

    The right one where there is memory for a few vectors only; otherwise lbfgs needs fewer gradients.
    """

    name: ClassVar[str] = "conjugate-gradient"
    source: ClassVar[str] = (
        "Polak & Ribière (1969), Rev. Franç. Inform. Rech. Opér. 16, 35-43; Nocedal & Wright (2006), section 5.2"
    )

    def along(self, state: GradientState, bent: Array | None, rise: float) -> ConjugateState:
        return ConjugateState(state.position, state.chart, state.x, state.gradient, bent, rise)
