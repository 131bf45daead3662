"""Mixtures as a textbook writes them: log space, one component at a time, in extended precision.

Slow and plain on purpose: nothing here is shared with the engine that it checks. Extended precision
(`numpy.longdouble`, 64 bits of mantissa on most machines) keeps the textbook's own rounding out of the way.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import psi

Extended = npt.NDArray[np.longdouble]


def extended(values: Any) -> Extended:
    return np.asarray(values, dtype=np.longdouble)


def cholesky(matrix: Extended) -> Extended:
    """Lower factor of a positive-definite (d, d) matrix, row by row (Golub & Van Loan 2013, 4.2.5)."""
    d = len(matrix)
    factor = np.zeros((d, d), dtype=np.longdouble)
    for i in range(d):
        for j in range(i + 1):
            rest = matrix[i, j] - np.sum(factor[i, :j] * factor[j, :j])
            factor[i, j] = np.sqrt(rest) if i == j else rest / factor[j, j]
    return factor


def gaussian_log_density(x: Extended, mean: Extended, covariance: Extended) -> Extended:
    """log N(x_i; mean, covariance) for the rows of x (n, d); of a row with missing cells, that of what is there."""
    if np.isnan(x).any():
        densities = []
        for row in x:
            there = np.flatnonzero(~np.isnan(row.astype(float)))
            part = covariance[np.ix_(there, there)]
            densities.append(
                gaussian_log_density(row[None, there], mean[there], part)[0] if there.size else 0.0
            )
        return extended(densities)
    factor = cholesky(covariance)
    d = len(mean)
    whitened: list[Extended] = []
    for i in range(d):
        rest = x[:, i] - mean[i]
        for j in range(i):
            rest = rest - factor[i, j] * whitened[j]
        whitened.append(rest / factor[i, i])
    square = sum((each * each for each in whitened), extended(np.zeros(len(x))))
    log_determinant = 2 * sum(np.log(factor[i, i]) for i in range(d))
    log_two_pi = np.log(2 * extended(math.pi))
    return extended(-(square + log_determinant + d * log_two_pi) / 2)


def poisson_log_density(x: Extended, rates: Extended) -> Extended:
    """sum_j log Poisson(x_ij; rate_j) for the rows of x (n, d)."""
    factorials = extended([[math.lgamma(count + 1) for count in row] for row in x.astype(float)])
    return extended(np.sum(x * np.log(rates) - rates - factorials, axis=1))


def log_factorials(counts: Extended) -> Extended:
    return extended(np.vectorize(lambda count: math.lgamma(float(count) + 1))(counts))


LAST_COLUMN = -1
"""In place of how many trials a cell has: the last column says it for each row."""


def without_trials(x: Extended, trials: int) -> tuple[Extended, Extended]:
    """Successes (n, d) and the trials of each row, (n, 1)."""
    if trials == LAST_COLUMN:
        return x[:, :-1], x[:, -1:]
    return x, extended(np.full((len(x), 1), trials))


def binomial_log_density(x: Extended, probabilities: Extended, trials: int) -> Extended:
    """sum_j log Binomial(x_ij; trials, p_j) for the rows of x (n, d), or x (n, d + 1) with their own trials."""
    x, possible = without_trials(x, trials)
    failures = possible - x
    logs = log_factorials(possible) - log_factorials(x) - log_factorials(failures)
    return extended(np.sum(logs + x * np.log(probabilities) + failures * np.log(1 - probabilities), axis=1))


def multinomial_log_density(x: Extended, probabilities: Extended) -> Extended:
    """log Multinomial(x_i; sum_j x_ij, p) for the rows of x (n, d)."""
    coefficients = log_factorials(np.sum(x, axis=1)) - np.sum(log_factorials(x), axis=1)
    return extended(coefficients + np.sum(x * np.log(probabilities), axis=1))


def linkage_log_parts(x: Extended, theta: Any) -> Extended:
    """log probabilities (n, 2) of a cell's parts for the cells 1 to 4 in x (n, 1): 1/2, and what theta governs."""
    t = extended(theta)
    with np.errstate(divide="ignore"):
        parts = np.log(extended([[0.5, t / 4], [0, (1 - t) / 4], [0, (1 - t) / 4], [0, t / 4]]))
    return extended(parts[x[:, 0].astype(int) - 1])


def log_multinomial_coefficient(x: Extended, counted: Extended) -> Extended:
    """log of n! / (n_1! n_2! n_3! n_4!) for the numbers of rows of x (n, 1) in each cell."""
    counts = extended([np.sum(counted[x[:, 0] == cell]) for cell in (1, 2, 3, 4)])
    return extended(log_factorials(extended([np.sum(counts)]))[0] - np.sum(log_factorials(counts)))


def gamma_log_density(x: Extended, shapes: Extended, rates: Extended) -> Extended:
    """sum_j log Gamma(x_ij; shape_j, rate_j) for the rows of x (n, d)."""
    constants = extended([math.lgamma(float(shape)) for shape in shapes])
    logs = shapes * np.log(rates) - constants + (shapes - 1) * np.log(x) - rates * x
    return extended(np.sum(logs, axis=1))


def root_of(falling: Callable[[float], float]) -> float:
    """Where a function that falls from above 0 to below crosses it, for arguments above 0, by bisection of log x."""
    low, high = -20.0, 30.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(math.exp(middle)) > 0 else (low, middle)
    return math.exp((low + high) / 2)


def gamma_m_step(
    means: Extended, mean_logs: Extended, before: Mapping[str, Any], hold: tuple[str, ...]
) -> dict[str, Extended]:
    """Shapes and rates (K, d) from the weighted means of x and log x, by bisection."""
    shapes, rates = np.array(extended(before["shapes"])), np.array(extended(before["rates"]))
    for place in np.ndindex(shapes.shape):
        log_mean, mean_log = float(np.log(means[place])), float(mean_logs[place])
        rate = float(rates[place])

        def slope(
            a: float, mean_log: float = mean_log, log_mean: float = log_mean, rate: float = rate
        ) -> float:
            level = math.log(rate) if "rates" in hold else math.log(a) - log_mean
            return level - float(psi(a)) + mean_log

        if "shapes" not in hold:
            shapes[place] = root_of(slope)
        if "rates" not in hold:
            rates[place] = shapes[place] / means[place]
    return {"shapes": shapes, "rates": rates}


def regression_log_density(x: Extended, line: Extended, variance: Extended) -> Extended:
    """log N(y_i; intercept + slopes' x_i, variance) for rows (x_i, y_i) of x (n, p + 1)."""
    residuals = x[:, -1] - line[0] - np.sum(x[:, :-1] * line[1:], axis=1)
    return extended(-(residuals**2 / variance + np.log(2 * extended(math.pi) * variance)) / 2)


def solved(matrix: Extended, right: Extended) -> Extended:
    """The solution of a positive-definite system (m, m), by the factor of `cholesky`."""
    factor, half, found = cholesky(matrix), np.zeros_like(right), np.zeros_like(right)
    for i in range(len(right)):
        half[i] = (right[i] - np.sum(factor[i, :i] * half[:i])) / factor[i, i]
    for i in reversed(range(len(right))):
        found[i] = (half[i] - np.sum(factor[i + 1 :, i] * found[i + 1 :])) / factor[i, i]
    return found


def regression_m_step(
    rows: Extended, shares: Extended, before: Mapping[str, Any], hold: tuple[str, ...]
) -> dict[str, Extended]:
    """Weighted least squares (K, p + 1) about the predictors' means, and mean squared residuals (K,)."""
    lines, variances = np.array(extended(before["coefficients"])), np.array(extended(before["variances"]))
    for k, share in enumerate(shares.T):
        if "coefficients" not in hold:
            centre = np.sum(share[:, None] * rows, axis=0) / np.sum(share)
            x, y = rows[:, :-1] - centre[:-1], rows[:, -1] - centre[-1]
            gram = extended([[np.sum(share * one * other) for one in x.T] for other in x.T])
            lines[k, 1:] = solved(gram, extended([np.sum(share * one * y) for one in x.T]))
            lines[k, 0] = centre[-1] - np.sum(lines[k, 1:] * centre[:-1])
        if "variances" not in hold:
            residuals = rows[:, -1] - lines[k, 0] - np.sum(rows[:, :-1] * lines[k, 1:], axis=1)
            variances[k] = np.sum(share * residuals**2) / np.sum(share)
    return {"coefficients": lines, "variances": variances}


def student_t_log_density(x: Extended, mean: Extended, scale: Extended, degrees: Extended) -> Extended:
    """log t(x_i; mean, scale, degrees) for the rows of x (n, d)."""
    factor, d = cholesky(scale), len(mean)
    log_determinant = 2 * sum(np.log(factor[i, i]) for i in range(d))
    constants = extended(math.lgamma(float(degrees + d) / 2) - math.lgamma(float(degrees) / 2))
    constants = constants - (d * np.log(extended(math.pi) * degrees) + log_determinant) / 2
    return extended(constants - (degrees + d) / 2 * np.log1p(squared_distances(x, mean, scale) / degrees))


def squared_distances(x: Extended, mean: Extended, scale: Extended) -> Extended:
    """(x_i - mean)' scale^-1 (x_i - mean) for the rows of x (n, d)."""
    return extended([np.sum((row - mean) * solved(scale, row - mean)) for row in x])


def student_t_m_step(
    rows: Extended, shares: Extended, before: Mapping[str, Any], hold: tuple[str, ...]
) -> dict[str, Extended]:
    """Means (K, d), scale matrices (K, d, d) and degrees of freedom (K,); the factors u are those of `before`."""
    after = {name: np.array(extended(before[name])) for name in ("means", "scales", "degrees_of_freedom")}
    d = rows.shape[1]
    for k, share in enumerate(shares.T):
        degrees, old = extended(before["degrees_of_freedom"])[k], extended(before["means"])[k]
        distances = squared_distances(rows, old, extended(before["scales"])[k])
        u = (degrees + d) / (degrees + distances)
        log_u = np.log(u) + extended(psi(float(degrees + d) / 2) - math.log(float(degrees + d) / 2))
        if "means" not in hold:
            after["means"][k] = np.sum((share * u)[:, None] * rows, axis=0) / np.sum(share * u)
        centred = rows - after["means"][k]
        if "scales" not in hold:
            scatter = [[np.sum(share * u * one * other) for one in centred.T] for other in centred.T]
            after["scales"][k] = extended(scatter) / np.sum(share)
        if "degrees_of_freedom" not in hold:
            level = float(np.sum(share * (log_u - u)) / np.sum(share)) + 1

            def slope(half: float, level: float = level) -> float:
                return math.log(half) - float(psi(half)) + level

            after["degrees_of_freedom"][k] = 2 * root_of(slope)
    return after


def factor_covariance(loadings: Any, noise: Any) -> Extended:
    """loadings loadings' + diag(noise), (d, d)."""
    rows = extended(loadings)
    return extended([[np.sum(one * other) for other in rows] for one in rows]) + np.diag(extended(noise))


def factor_m_step(
    rows: Extended, shares: Extended, before: Mapping[str, Any], hold: tuple[str, ...]
) -> dict[str, Extended]:
    """Of each component the regression of its rows on [1, z], row by row with the factors' posterior of `before`."""
    names = ("means", "loadings", "uniquenesses")
    after = {name: np.array(extended(before[name])) for name in names}
    for k, share in enumerate(shares.T):
        mean, loadings, noise = (extended(before[name])[k] for name in names)
        d, q = loadings.shape
        sigma = factor_covariance(loadings, noise)
        weights = extended([solved(sigma, loadings[:, j]) for j in range(q)])
        scores = extended([[np.sum(weights[j] * (row - mean)) for j in range(q)] for row in rows])
        left = extended([[np.sum(weights[i] * loadings[:, j]) for j in range(q)] for i in range(q)])
        y = np.concatenate((np.ones((len(rows), 1), dtype=np.longdouble), scores), axis=1)
        square = extended([[np.sum(share * one * other) for one in y.T] for other in y.T])
        square[1:, 1:] += np.sum(share) * (np.eye(q) - left)
        moving = [0] * ("means" not in hold) + list(range(1, 1 + q)) * ("loadings" not in hold)
        rest = [place for place in range(1 + q) if place not in moving]
        for j in range(d):
            line = np.concatenate(([mean[j]], loadings[j]))
            cross = extended([np.sum(share * one * rows[:, j]) for one in y.T])
            if moving:
                target = extended([cross[i] - np.sum(square[i, rest] * line[rest]) for i in moving])
                line[moving] = solved(square[np.ix_(moving, moving)], target)
            after["means"][k, j], after["loadings"][k, j] = line[0], line[1:]
            residual = np.sum(share * rows[:, j] ** 2) - 2 * np.sum(line * cross)
            residual += np.sum(line * np.sum(square * line, axis=1))
            if "uniquenesses" not in hold:
                after["uniquenesses"][k, j] = residual / np.sum(share)
    return after


def completed_rows(x: Extended, mean: Extended, covariance: Extended) -> tuple[Extended, Extended]:
    """Each row as one Gaussian expects it given what is there (n, d), and the covariance of what is not (n, d, d)."""
    n, d = x.shape
    rows, spreads = np.array(x), np.zeros((n, d, d), dtype=np.longdouble)
    for i, row in enumerate(x):
        gone = np.isnan(row.astype(float))
        there, away = np.flatnonzero(~gone), np.flatnonzero(gone)
        inside, across = covariance[np.ix_(there, there)], covariance[np.ix_(there, away)]
        for j, column in enumerate(away):
            weights = solved(inside, across[:, j])
            rows[i, column] = mean[column] + np.sum(weights * (row[there] - mean[there]))
            for m, other in enumerate(away):
                spreads[i, column, other] = covariance[column, other] - np.sum(weights * across[:, m])
    return rows, spreads


@dataclass(frozen=True)
class Posterior:
    """The log-likelihood and the responsibilities (n, K)."""

    log_likelihood: float
    responsibilities: Extended


def log_densities(x: Any, parameters: Mapping[str, Any], trials: int = 0) -> Extended:
    """log f_k(x_i), (n, K): the blocks tell of which kind the components are.

    With weights alone the components are known, and x holds their densities. Probabilities are those of `trials` in
    each cell (or `LAST_COLUMN`), or, without trials, those by which a row's total is shared out.
    """
    rows = extended(x)
    if "theta" in parameters:
        return linkage_log_parts(rows, parameters["theta"])
    if "heads" in parameters:
        chances = extended(parameters["heads"])[:, None]
        return np.stack([binomial_log_density(rows, each, trials) for each in chances], axis=1)
    if "probabilities" in parameters:
        table = extended(parameters["probabilities"])
        if trials:
            return np.stack([binomial_log_density(rows, each, trials) for each in table], axis=1)
        return np.stack([multinomial_log_density(rows, each) for each in table], axis=1)
    if set(parameters) == {"weights"}:
        return extended(np.log(rows))
    if "loadings" in parameters:
        columns = [
            gaussian_log_density(rows, extended(mean), factor_covariance(loadings, noise))
            for mean, loadings, noise in zip(
                parameters["means"], parameters["loadings"], parameters["uniquenesses"], strict=True
            )
        ]
    elif "scales" in parameters:
        names = ("means", "scales", "degrees_of_freedom")
        each = zip(*(extended(parameters[name]) for name in names), strict=True)
        columns = [student_t_log_density(rows, *of_component) for of_component in each]
    elif "coefficients" in parameters:
        both = zip(parameters["coefficients"], parameters["variances"], strict=True)
        columns = [
            regression_log_density(rows, extended(line), extended(variance)) for line, variance in both
        ]
    elif "shapes" in parameters:
        pairs = zip(parameters["shapes"], parameters["rates"], strict=True)
        columns = [gamma_log_density(rows, extended(shapes), extended(rates)) for shapes, rates in pairs]
    elif "rates" in parameters:
        columns = [poisson_log_density(rows, extended(rates)) for rates in parameters["rates"]]
    else:
        columns = [
            gaussian_log_density(rows, extended(mean), extended(covariance))
            for mean, covariance in zip(parameters["means"], parameters["covariances"], strict=True)
        ]
    return np.stack(columns, axis=1)


def e_step(x: Any, parameters: Mapping[str, Any], row_weights: Any = None, trials: int = 0) -> Posterior:
    """Log-likelihood and responsibilities, each row's largest term taken out of its sum."""
    with np.errstate(divide="ignore"):
        joint = log_densities(x, parameters, trials) + np.log(extended(parameters.get("weights", 1.0)))
    highest = np.max(joint, axis=1)
    log_total = highest + np.log(np.sum(np.exp(joint - highest[:, None]), axis=1))
    counted = np.ones(len(joint)) if row_weights is None else np.asarray(row_weights)
    log_likelihood = np.sum(extended(counted) * log_total)
    if "theta" in parameters:
        log_likelihood += log_multinomial_coefficient(extended(x), extended(counted))
    return Posterior(float(log_likelihood), np.exp(joint - log_total[:, None]))


def m_step(
    x: Any,
    responsibilities: Extended,
    before: Mapping[str, Any],
    row_weights: Any = None,
    hold: tuple[str, ...] = (),
    covariance: str = "full",
    floor: float = 0.0,
    trials: int = 0,
) -> dict[str, Any]:
    """Weighted proportions, then what each component's rows say of its blocks; what is in `hold` stays as it was."""
    rows = extended(x)
    n, d = rows.shape
    counted = extended(np.ones(n) if row_weights is None else row_weights)
    shares = responsibilities * counted[:, None]
    counts = np.sum(shares, axis=0)
    after: dict[str, Any] = {name: extended(values) for name, values in before.items()}
    if "theta" in before:
        informative = shares[:, 1]
        linked = np.sum(informative[np.isin(rows[:, 0], [1, 4])])
        after["theta"] = extended(linked / np.sum(informative))
        return after
    if "weights" not in hold:
        after["weights"] = counts / np.sum(counts)
    if set(before) == {"weights"}:
        return after
    if "probabilities" in before or "heads" in before:
        name = "probabilities" if "probabilities" in before else "heads"
        successes, each = without_trials(rows, trials)
        totals = shares.T @ successes
        if name not in hold:
            possible = shares.T @ each if trials else np.sum(totals, axis=1, keepdims=True)
            after[name] = (totals / possible).reshape(after[name].shape)
        return after
    if "scales" in before:
        return after | student_t_m_step(rows, shares, before, hold)
    if "loadings" in before:
        return after | factor_m_step(rows, shares, before, hold)
    if "coefficients" in before:
        return after | regression_m_step(rows, shares, before, hold)
    whole = [(rows, extended(np.zeros((n, d, d))))] * len(counts)
    if np.isnan(rows).any():
        pairs = zip(extended(before["means"]), extended(before["covariances"]), strict=True)
        whole = [completed_rows(rows, mean, matrix) for mean, matrix in pairs]
    averages = extended(
        [np.sum(shares[:, [k]] * whole[k][0], axis=0) / counts[k] for k in range(len(counts))]
    )
    if "shapes" in before:
        with np.errstate(divide="ignore"):
            logs = np.log(rows)
        mean_logs = extended([np.sum(shares[:, [k]] * logs, axis=0) / counts[k] for k in range(len(counts))])
        return after | gamma_m_step(averages, mean_logs, before, hold)
    if "rates" in before:
        if "rates" not in hold:
            after["rates"] = averages
        return after
    if "means" not in hold:
        after["means"] = averages
    if "covariances" in hold:
        return after
    scatters = []
    for k in range(len(counts)):
        centred = whole[k][0] - after["means"][k]
        products = centred[:, :, None] * centred[:, None, :] + whole[k][1]
        scatters.append(np.sum(shares[:, k][:, None, None] * products, axis=0))
    seen = counted[:, None] * ~np.isnan(rows)
    centred = rows - np.nansum(seen * rows, axis=0) / np.sum(seen, axis=0)
    spread = np.sqrt(np.nansum(seen * centred**2, axis=0) / np.sum(seen, axis=0))
    if covariance == "tied":
        matrices = [sum(scatters) / np.sum(counts)] * len(counts)
    else:
        matrices = [scatter / count for scatter, count in zip(scatters, counts, strict=True)]
    after["covariances"] = extended([_shaped(matrix, covariance, spread, floor) for matrix in matrices])
    return after


def _shaped(matrix: Extended, covariance: str, spread: Extended, floor: float) -> Extended:
    """A scatter matrix as the covariance type wants it, raised to the floor (share of the columns' variances)."""
    d = len(matrix)
    if covariance == "spherical":
        variance = sum(matrix[i, i] for i in range(d)) / d
        ball: Extended = np.eye(d) * max(variance, floor * np.max(spread) ** 2)
        return ball
    if covariance == "diagonal":
        return extended(np.diag([max(matrix[i, i], floor * spread[i] ** 2) for i in range(d)]))
    if floor == 0:
        return matrix
    standardised = matrix / np.outer(spread, spread)
    eigenvalues, vectors = np.linalg.eigh(standardised.astype(float))
    clipped = (vectors * np.maximum(eigenvalues, floor)) @ vectors.T
    raised: Extended = extended(clipped) * np.outer(spread, spread)
    return raised
