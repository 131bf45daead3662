"""Criteria that charge a log-likelihood for the parameters it was bought with; smaller is better."""

import math


def bic(log_likelihood: float, parameters: int, total_weight: float) -> float:
    """k log n - 2 l, with n the sum of the row weights (Schwarz 1978, Annals of Statistics 6, 461-464)."""
    return parameters * math.log(total_weight) - 2 * log_likelihood


def aic(log_likelihood: float, parameters: int) -> float:
    """2 k - 2 l (Akaike 1974, IEEE Trans. Automatic Control 19, 716-723)."""
    return 2 * parameters - 2 * log_likelihood
