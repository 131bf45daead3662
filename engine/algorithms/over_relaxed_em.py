"""Over-relaxed EM: EM's step, made longer for as long as that pays."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import NOTHING_TO_TELL, Info, State
from engine.algorithms.fixed_point import AcceleratedEM, Refusal
from engine.objective import Problem
from engine.parameters import Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class OverRelaxedState(State):
    """A position, and eta: how many EM steps long the next step will be."""

    eta: float


@dataclass(frozen=True)
class OverRelaxedEM(AcceleratedEM):
    """Takes EM's step eta times as long, with an eta that grows until it fails.

    theta <- theta + eta (F(theta) - theta). Where the log-likelihood rises, eta is multiplied by `growth`; where
    it falls or the step leaves the constraints, EM's own step is taken and eta is 1 again (Salakhutdinov &
    Roweis 2003, section 4, adaptive overrelaxed bound optimization). An eta below 2 cannot fail near a maximum.
    One iteration costs one E step, a refused one two; how they are counted is told in `fixed_point`.

    The right one where EM crawls and nothing must be set or stored; it gains a factor, where SQUAREM and
    Anderson gain an order of magnitude.
    """

    name: ClassVar[str] = "over-relaxed-em"
    source: ClassVar[str] = "Salakhutdinov & Roweis (2003), ICML 20, 664-671"
    formula: ClassVar[str] = r"""
        \theta_{t+1} = \theta_t + \eta_t \left(F(\theta_t) - \theta_t\right)
    """
    promises: ClassVar[str | None] = "log-likelihood"

    growth: float = setting(
        1.1,
        label="Growth",
        help="By how much the step grows after every step that raised the log-likelihood.",
        above=1.0,
        maximum=10.0,
        adjustable=True,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return OverRelaxedState(self.arrive(problem, parameters), 1.0)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, OverRelaxedState)
        here = state.position
        image = self.em_map(problem, here)
        if state.eta == 1.0:
            return OverRelaxedState(self.arrive(problem, image), self.growth), NOTHING_TO_TELL
        point = here.parameters.vector
        longer = point + state.eta * (image.vector - point)
        found = self.extrapolated(problem, here.parameters.layout, longer)
        found = self.kept(problem, found, here.log_likelihood)
        if isinstance(found, Refusal):
            return OverRelaxedState(self.arrive(problem, image), 1.0), Info((found.event("an EM step"),))
        return OverRelaxedState(found, state.eta * self.growth), NOTHING_TO_TELL
