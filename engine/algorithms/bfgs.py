"""BFGS with the whole matrix and a strong Wolfe line search."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.bfgs_update import InverseCurvature
from engine.algorithms.strong_wolfe import StrongWolfeAlgorithm


@dataclass(frozen=True)
class Bfgs(InverseCurvature, StrongWolfeAlgorithm):
    """Builds up the inverse of the whole curvature matrix step by step; soon its steps are Newton's.

    x <- x + step * H g along the inverse H of the negative Hessian as far as it is known, at first the identity.
    With s the step and y the fall of the gradient along it, H <- (I - s y'/s'y) H (I - y s'/s'y) + s s'/s'y, the
    smallest change with which H y = s; a step of negative curvature teaches nothing. The line search (Moré &
    Thuente) begins with the step that would rise as much as the last one did if the rise were a parabola's, at most
    1. Identity, first trial and tolerances are those of scipy's BFGS, and both evaluate at the same points as long
    as every trial has a likelihood and rounding hides nothing.

    The right one where parameters are few, up to some hundred: one iteration costs their number squared, and as
    nothing is forgotten it converges superlinearly, where lbfgs does so linearly.
    """

    name: ClassVar[str] = "bfgs"
    source: ClassVar[str] = (
        "Broyden, Fletcher, Goldfarb, Shanno (1970); Nocedal & Wright (2006), Numerical Optimization, algorithm 6.1"
    )
