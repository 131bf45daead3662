"""The lower bound that EM climbs, from statistics alone and never by a second pass."""

from engine.models.base import Expectation
from engine.objective import Problem
from engine.parameters import Parameters


def posterior_entropy(problem: Problem, at: Parameters, expectation: Expectation) -> float:
    """Entropy of q(z) = p(z | x, at): the log-likelihood there minus Q, because the bound touches."""
    q = problem.model.expected_log_likelihood(problem.prepared, expectation.statistics, at)
    return expectation.log_likelihood - q


def lower_bound(problem: Problem, at: Parameters, expectation: Expectation, parameters: Parameters) -> float:
    """Jensen's bound Q(q, parameters) + entropy(q), for the posterior q that `expectation` holds at `at`.

    It equals the log-likelihood at `at` and lies below it everywhere else (Neal & Hinton 1998).
    """
    q = problem.model.expected_log_likelihood(problem.prepared, expectation.statistics, parameters)
    return q + posterior_entropy(problem, at, expectation)
