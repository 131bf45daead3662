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

Where the latent variables are Gaussian, z = m(x) + K e with e standard normal under the exact posterior, a posterior
says instead what e is (`noise`).
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

    @abstractmethod
    def noise(self, gram: Array, order: int, log_scale: float) -> tuple[float, Array, Array]:
        """What the objective exceeds the log-likelihood by, and the expected sums of t e' and of e e' over some rows.

        `gram` (r, r) is the sum of t t' with t = [1, x], each row counted by its weight; the sums are (r, order) and
        (order, order). `log_scale` is log |det K|, summed over the rows.
        """


LOG_TWO_PI = math.log(2 * math.pi)


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

    def noise(self, gram: Array, order: int, log_scale: float) -> tuple[float, Array, Array]:
        """e has the covariance I / beta."""
        rows, beta = float(gram[0, 0]), self.beta
        square = np.eye(order) * (rows / beta)
        if beta == 1.0:
            return 0.0, np.zeros((len(gram), order)), square
        entropy = 0.5 * rows * order * (LOG_TWO_PI + 1.0 - math.log(beta)) + log_scale
        density = -0.5 * rows * order * (LOG_TWO_PI + 1.0 / beta) - log_scale
        return density + entropy / beta, np.zeros((len(gram), order)), square


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

    def noise(self, gram: Array, order: int, log_scale: float) -> tuple[float, Array, Array]:
        """e is 0: the densest latent variables."""
        density = -0.5 * float(gram[0, 0]) * order * LOG_TWO_PI - log_scale
        return density, np.zeros((len(gram), order)), np.zeros((order, order))


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

    def noise(self, gram: Array, order: int, log_scale: float) -> tuple[float, Array, Array]:
        """The sums over rows that are each drawn anew, drawn themselves: no row is looked at.

        With T the rows t and E the rows e, T'E = F G where F F' = T'T and G is standard normal; what E has beside the
        columns of T adds a Wishart matrix to E'E = G'G (Anderson 2003, An Introduction to Multivariate Statistical
        Analysis, section 7.2).
        """
        random = generator(self.key, self.count, 0)
        rows = float(gram[0, 0])
        eigenvalues, vectors = np.linalg.eigh(gram)
        seen = eigenvalues > len(gram) * np.finfo(float).eps * eigenvalues[-1]
        within = random.standard_normal((int(np.count_nonzero(seen)), order))
        cross = (vectors[:, seen] * np.sqrt(eigenvalues[seen])) @ within
        square = within.T @ within + _wishart(random, rows - len(within), order)
        density = -0.5 * (rows * order * LOG_TWO_PI + float(np.trace(square))) - log_scale
        return density, cross, square


def _wishart(random: np.random.Generator, degrees: float, order: int) -> Array:
    """A standard Wishart matrix (order, order), by Bartlett's factor where there are enough degrees of freedom."""
    if degrees < order:
        rows = random.standard_normal((max(0, round(degrees)), order))
        return np.asarray(rows.T @ rows)
    factor = np.tril(random.standard_normal((order, order)), -1)
    factor[np.diag_indices(order)] = np.sqrt(random.chisquare(degrees - np.arange(order)))
    return np.asarray(factor @ factor.T)


def _indicators(memory: Array, chosen: npt.NDArray[np.intp], row_weights: Array | None) -> Array:
    """Responsibilities (K, m) of 1 (or the row's weight) for the chosen components (m,), in `memory`."""
    memory[...] = 0.0
    memory[chosen, np.arange(chosen.size)] = 1.0 if row_weights is None else row_weights
    return memory


def _sum(terms: Array, row_weights: Array | None) -> float:
    return float(np.add.reduce(terms) if row_weights is None else np.dot(row_weights, terms))
