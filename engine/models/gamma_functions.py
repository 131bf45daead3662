"""The gamma function's logarithm and its derivatives, elementwise; the import behind them waits until it is needed.

The differences from the logarithm are of order 1/a: where a is large they come from the asymptotic series, which
keeps the digits that a subtraction would lose (Abramowitz & Stegun 1964, 6.1.41, 6.3.18 and 6.4.12).
"""

import math

import numpy as np

from engine.parameters import Array

LARGE = 1e3
"""From here on the terms of the series that are left out are below the rounding of the sum."""

ENOUGH = 1e-14
MOST_HALVINGS = 40
LARGEST = 1e10
"""Where numbers have no spread at all the best shape is infinite; it is not looked for beyond this."""


def log_gamma(values: Array) -> Array:
    """log Gamma(a), for a above 0."""
    from scipy.special import gammaln  # its import is slow, and most models do without

    return np.asarray(gammaln(values))


def digamma(values: Array) -> Array:
    """The first derivative of log Gamma."""
    from scipy.special import psi

    return np.asarray(psi(values))


def trigamma(values: Array) -> Array:
    """The second derivative of log Gamma."""
    from scipy.special import polygamma

    return np.asarray(polygamma(1, values))


def log_gamma_remainder(values: Array) -> Array:
    """a log a - a - log Gamma(a), which is about log(a / 2 pi) / 2."""
    large = np.maximum(values, LARGE)
    series = 0.5 * np.log(large / (2.0 * math.pi)) - 1.0 / (12.0 * large) + 1.0 / (360.0 * large**3)
    small = np.minimum(values, LARGE)
    return np.where(values > LARGE, series, small * np.log(small) - small - log_gamma(small))


def log_less_digamma(values: Array) -> Array:
    """log a - digamma(a), which is about 1 / 2a."""
    large = np.maximum(values, LARGE)
    series = 1.0 / (2.0 * large) + 1.0 / (12.0 * large**2) - 1.0 / (120.0 * large**4)
    small = np.minimum(values, LARGE)
    return np.where(values > LARGE, series, np.log(small) - digamma(small))


def trigamma_less_inverse(values: Array) -> Array:
    """trigamma(a) - 1/a, which is about 1 / 2a^2."""
    large = np.maximum(values, LARGE)
    series = 1.0 / (2.0 * large**2) + 1.0 / (6.0 * large**3) - 1.0 / (30.0 * large**5)
    small = np.minimum(values, LARGE)
    return np.where(values > LARGE, series, trigamma(small) - 1.0 / small)


def best_shapes(shapes: Array, level: Array, moving_rates: bool, steps: int) -> Array:
    """The shapes a, elementwise, of gamma distributions with the highest likelihood, or as near as so many steps come.

    With the rates moving along (b = a / mean) `level` is mean log x - log mean x, and the log-likelihood of a row, but
    for what does not depend on a, is a log a - a - log Gamma(a) + a level; with fixed rates `level` is mean log x +
    log b, and it is a level - log Gamma(a). A step fits c + k a + l log a to value, slope and curvature and goes to its top:
    1/a' = 1/a + slope / (a^2 curvature) (Minka 2002, Estimating a gamma distribution, section 1). A step that does not
    raise it is halved towards where it began.
    """

    def value(a: Array) -> Array:
        return a * level + log_gamma_remainder(a) if moving_rates else a * level - log_gamma(a)

    here = np.array(shapes)
    for _ in range(steps):
        slope = level + (log_less_digamma(here) if moving_rates else -digamma(here))
        curvature = -trigamma_less_inverse(here) if moving_rates else -trigamma(here)
        inverse = 1.0 / here + slope / (np.square(here) * curvature)
        there = np.where(inverse > 0, 1.0 / np.where(inverse > 0, inverse, 1.0), 4.0 * here)
        there = np.minimum(there, LARGEST)
        before = value(here)
        for _ in range(MOST_HALVINGS):
            fallen = value(there) < before - ENOUGH * (1.0 + np.abs(here * level))
            if not np.any(fallen):
                break
            there = np.where(fallen, 0.5 * (here + there), there)
        there = np.where(fallen, here, there)
        done = np.max(np.abs(there - here) / here) <= ENOUGH
        here = there
        if done:
            break
    return here
