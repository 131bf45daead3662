"""Which distribution of the latent variables an E step takes its expectations under.

A posterior q makes responsibilities of joint log-densities log pi_k + log f_k(x), and serves an objective: with
z the latent variable,

    objective = max over q of [ E_q log p(x, z) + entropy(q) / beta ],

which q attains, so that parameters with a larger E_q log p(x, z) have a larger objective. It is what
`Expectation.log_likelihood` holds:

- `EXACT`, beta = 1: the log-likelihood.
- `Tempered(beta)`: the annealed objective, sum_i w_i log(sum_k (pi_k f_k(x_i))^beta) / beta.
- `Hard()`, the limit of a large beta: the classification log-likelihood, sum_i w_i max_k log(pi_k f_k(x_i)).
- `Sampled(key, count)`, which attains no maximum: the log-likelihood of the data as the draw completed them.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.parameters import Array
from engine.randomness import generator


@dataclass(frozen=True)
class Posterior(ABC):
    """A distribution of the latent variables, given the data and the parameters."""

    @abstractmethod
    def assign(self, joint: Array, row_weights: Array | None, part: int) -> tuple[float, Array]:
        """The objective of some rows, and their responsibilities (K, m); both count a row by its weight.

        `joint` (K, m) are the rows' joint log-densities; its memory is used again. `part` is the place of the
        rows among those of the E step.
        """


@dataclass(frozen=True)
class Tempered(Posterior):
    """q_k proportional to (pi_k f_k)^beta: flatter than the posterior below 1, the posterior itself at 1.

    Ueda & Nakano (1998), Neural Networks 11, 271-282.
    """

    beta: float

    def assign(self, joint: Array, row_weights: Array | None, part: int) -> tuple[float, Array]:
        highest = np.max(joint, axis=0)
        joint -= highest
        joint *= self.beta
        np.exp(joint, out=joint)
        total = np.add.reduce(joint, axis=0)
        objective = highest + np.log(total) / self.beta
        joint *= (1.0 if row_weights is None else row_weights) / total
        return _sum(objective, row_weights), joint


EXACT = Tempered(1.0)


@dataclass(frozen=True)
class Hard(Posterior):
    """All of a row to the component with the largest joint density, to the first of equals.

    Celeux & Govaert (1992), Comput. Statist. Data Anal. 14, 315-332.
    """

    def assign(self, joint: Array, row_weights: Array | None, part: int) -> tuple[float, Array]:
        chosen = np.argmax(joint, axis=0)
        objective = _sum(joint[chosen, np.arange(chosen.size)], row_weights)
        return objective, _indicators(joint, chosen, row_weights)


@dataclass(frozen=True)
class Sampled(Posterior):
    """Each row to a component drawn from the posterior: draw number `count` under `key`.

    A row that stands for w rows is drawn w times; what w has beyond a whole number is drawn once.
    """

    key: int
    count: int

    def assign(self, joint: Array, row_weights: Array | None, part: int) -> tuple[float, Array]:
        log_likelihood, probabilities = EXACT.assign(np.array(joint), None, part)
        if not math.isfinite(log_likelihood):
            return log_likelihood, probabilities
        random = generator(self.key, self.count, part)
        whole = None if row_weights is None else np.floor(row_weights)
        rest = None if row_weights is None or whole is None else row_weights - whole
        if whole is None or (rest is not None and rest.any()):
            thresholds = np.cumsum(probabilities, axis=0)
            below = thresholds <= thresholds[-1] * random.random(joint.shape[1])
            chosen = np.minimum(np.add.reduce(below, axis=0), len(joint) - 1)
            drawn = _indicators(np.empty_like(joint), chosen, rest)
        else:
            drawn = np.zeros_like(joint)
        if whole is not None:
            drawn += random.multinomial(whole.astype(np.int64), probabilities.T).T
        return float(np.vdot(np.where(drawn > 0, joint, 0.0), drawn)), drawn


def _indicators(memory: Array, chosen: npt.NDArray[np.intp], row_weights: Array | None) -> Array:
    """Responsibilities (K, m) of 1 (or the row's weight) for the chosen components (m,), in `memory`."""
    memory[...] = 0.0
    memory[chosen, np.arange(chosen.size)] = 1.0 if row_weights is None else row_weights
    return memory


def _sum(terms: Array, row_weights: Array | None) -> float:
    return float(np.add.reduce(terms) if row_weights is None else np.dot(row_weights, terms))
