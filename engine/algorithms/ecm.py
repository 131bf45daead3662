"""ECM: the M step as a sequence of conditional maximisations, block by block."""

from dataclasses import dataclass
from typing import ClassVar

from engine import catalogue
from engine.algorithms.base import NOTHING_TO_TELL, Algorithm, Info, Position, State
from engine.errors import CannotRun
from engine.objective import Problem
from engine.parameters import Parameters
from engine.settings import setting


def block_names() -> tuple[str, ...]:
    """The names of all models' parameter blocks, each once."""
    models = catalogue.find("models").values()
    return tuple(dict.fromkeys(name for model in models for name in model.blocks))


@dataclass(frozen=True)
class ExpectationConditionalMaximization(Algorithm):
    """Maximises over one block of parameters after the other, each given the newest values of the others.

    E step as EM's, then for each block in order a CM step: the maximiser of Q over that block, the others held
    (Meng & Rubin 1993). Of a mixture's blocks only the covariances depend on another one's new
    value, the means': with the means first it is EM itself, with the covariances first they are taken about the
    old means, and are larger by (mu+ - mu)(mu+ - mu)'. With an E step before each CM step (their multi-cycle
    version) an iteration costs as many passes as there are blocks, and rises further. Neither lowers
    the log-likelihood.

    The right one where the M step has no closed form for all blocks together but has one for each of them.
    """

    name: ClassVar[str] = "ecm"
    source: ClassVar[str] = "Meng & Rubin (1993), Biometrika 80, 267-278"
    formula: ClassVar[str] = r"""
        \theta_b \leftarrow \arg\max_{\theta_b}\; Q(\theta_1, \dots, \theta_b, \dots, \theta_B), \qquad b = 1, \dots, B
    """
    family: ClassVar[str] = "em"
    promises: ClassVar[str | None] = "log-likelihood"

    order: tuple[str, ...] = setting(
        (),
        label="Order",
        help="The blocks to be maximised over first, in their order; the others follow in the model's own.",
        choices=block_names,
    )
    multi_cycle: bool = setting(
        False,
        label="E step before each block",
        help="Takes expectations anew before every block: more passes an iteration, fewer iterations.",
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        self._blocks(problem)
        return State(self._e_step(problem, parameters))

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        found = state.position
        parameters = found.parameters
        for place, block in enumerate(self._blocks(problem)):
            if place and self.multi_cycle:
                found = self._e_step(problem, parameters)
            parameters = problem.m_step(found.expectation.statistics, parameters, (block,))
        return State(self._e_step(problem, parameters)), NOTHING_TO_TELL

    def _blocks(self, problem: Problem) -> tuple[str, ...]:
        """The free blocks in their order; raises CannotRun where the model has no block of a name."""
        names = tuple(block.name for block in problem.layout.blocks)
        for name in self.order:
            if name not in names:
                raise CannotRun(
                    f"ecm cannot begin with {name!r}: the blocks of {problem.model.name} are {', '.join(names)}."
                )
        order = dict.fromkeys((*self.order, *names))
        return tuple(name for name in order if name in problem.layout.free)

    def _e_step(self, problem: Problem, parameters: Parameters) -> Position:
        expectation = problem.expect(parameters)
        return Position(parameters, expectation.log_likelihood, expectation)
