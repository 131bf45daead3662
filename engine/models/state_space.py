"""Linear-Gaussian state space: a level, with or without a slope, that moves behind a noisy series."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.accepting import accepted_array, refuse_unknown_blocks
from engine.models.base import Blocks, Expectation, Frame, Model, Prepared, UndefinedLikelihood, Units
from engine.models.exact_sums import Pair, exactly
from engine.models.exponential_family import CompleteExponentialFamily
from engine.models.kalman import Series, Smoothed, System, system
from engine.models.posterior import EXACT, LOG_TWO_PI, Hard, Posterior, Sampled, Tempered
from engine.models.sequences import Places, check_sequences, rows_by_sequence
from engine.models.workspace import Workspace
from engine.parameters import Array, Block, Layout, Parameters, Positive, frozen
from engine.randomness import generator
from engine.settings import setting
from engine.wording import number_text

VARIANCES = ("observation_variance", "level_variance", "slope_variance")
NOUNS = (
    "the variance of the noise",
    "the variance of the level's steps",
    "the variance of the slope's steps",
)
START_SHARES = (0.5, 0.1, 0.01)
"""Of the variance of the changes from row to row: where a start is chosen by the program."""


@dataclass(frozen=True, eq=False)
class SeriesPrepared(Prepared):
    """The column in frame units, sequence after sequence; `rows` (n,) are the data's rows, `lengths` (S,) the sequences'.

    Units are sequences. `spread` is the mean square of the changes from a seen row to the next, in frame units.
    """

    series: Series
    rows: Places
    lengths: Places
    spread: float

    def some(self, units: Units) -> Series:
        """The series of some of the sequences."""
        if units is None:
            return self.series
        lengths = self.lengths[units]
        within = np.arange(int(np.sum(lengths))) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places = np.repeat(self.series.begins[units], lengths) + within
        begins = np.cumsum(lengths) - lengths
        return Series(self.series.values[places], self.series.seen[places], begins)


@dataclass(frozen=True)
class StateSpace(Model, CompleteExponentialFamily):
    """A series about a level that moves at random, with or without a slope that moves too.

    y_t = level_t + noise; the level goes from row to row by a random step, and where there is a slope by the slope as
    well, which takes random steps of its own. Latent are levels and slopes. E step: the Kalman filter forwards and the
    disturbance smoother backwards give the expected squares of every noise and step, given the whole series. M step:
    each variance is the mean of its expected squares. Gradient: (sum of squares / q - how many) / 2q for a variance q,
    from the same sums; so an EM step is the gradient times 2 q^2 / n, and vanishes as q^2 where a variance tends to 0.

    One column, rows in the order of time and equally spaced; observations may be missing, at the beginning and at the
    end too. Nothing is known of the first level and slope: they have a flat prior, so that the log-likelihood is the
    diffuse one. Variances of exactly 0 are refused, for there nothing is left of what EM divides.

    Shumway & Stoffer (1982), J. Time Series Analysis 3, 253-264; Durbin & Koopman (2012), Time Series Analysis by State
    Space Methods, chapter 2, with the Nile: there EM comes within 0.001 of the maximum in 100 passes, L-BFGS in 9,
    because the noise hides most of what a step of the level is. Where the best variance is 0, as often a slope's is, EM
    never comes near it, and L-BFGS takes a few dozen passes.
    """

    name: ClassVar[str] = "state-space"
    source: ClassVar[str] = "Shumway & Stoffer (1982), J. Time Series Analysis 3, 253-264"
    formula: ClassVar[str] = r"""
        y_t = \mu_t + \varepsilon_t, \qquad \mu_{t+1} = \mu_t + \nu_t + \xi_t, \qquad \nu_{t+1} = \nu_t + \zeta_t
        \varepsilon_t \sim \mathcal{N}(0, h), \qquad \xi_t \sim \mathcal{N}(0, q), \qquad \zeta_t \sim \mathcal{N}(0, s)
        q^{\mathrm{new}} = \frac{1}{n} \sum_t \mathrm{E}\left[\xi_t^2 \mid y\right]
        q^{\mathrm{new}} - q = \frac{2 q^2}{n}\, \frac{\partial \ell}{\partial q}
    """
    try_it: ClassVar[str] = (
        "Fit the Nile, EM beside L-BFGS: both find the same level, one of them in a dozen passes."
    )
    blocks: ClassVar[tuple[str, ...]] = VARIANCES
    default_start: ClassVar[str] = "changes"

    structure: str = setting(
        "local-level",
        label="Structure",
        help="A level that moves at random, or a level with a slope, which moves at random too.",
        choices=("local-level", "local-linear-trend"),
    )
    hold: tuple[str, ...] = setting(
        (), label="Held fixed", help="Variances that stay at their start.", choices="blocks"
    )

    @property
    def order(self) -> int:
        """How many numbers a state has: the level, and the slope where there is one."""
        return 1 if self.structure == "local-level" else 2

    @property
    def own_blocks(self) -> tuple[str, ...]:
        return VARIANCES[: 1 + self.order]

    def check(self, dataset: Dataset) -> None:
        for name in self.hold:
            if name not in self.own_blocks:
                raise InputError(
                    f"[model]: {name!r} cannot be held fixed; the variances of a {self.structure} are "
                    f"{', '.join(self.own_blocks)}."
                )
        if dataset.dimension != 1 or dataset.rows == 0:
            raise InputError(
                f"{dataset.name} has {dataset.dimension} columns of numbers; {self.name} fits one series: choose its "
                "column (--columns), and name that of the times, if there is one (--time-column)."
            )
        if np.any(np.isinf(dataset.values)):
            row = int(np.flatnonzero(np.isinf(dataset.values[:, 0]))[0])
            raise InputError(f"{dataset.name}: row {row + 1} is infinite; correct it.")
        check_sequences(dataset, self.name)
        rows, lengths = rows_by_sequence(dataset)
        seen = ~np.isnan(dataset.values[rows, 0])
        counts = np.add.reduceat(seen, np.cumsum(lengths) - lengths)
        short = np.flatnonzero(counts < self.order)
        if short.size:
            which = (
                f"sequence {dataset.sequence_names[short[0]]!r}" if dataset.sequence_names else "the series"
            )
            raise InputError(
                f"{dataset.name}: {which} has fewer than {self.order} observed rows, which do not tell where it begins; "
                "leave it out."
            )
        if int(np.sum(counts)) < self.order * len(lengths) + 1 + self.order:
            raise InputError(
                f"{dataset.name} has {int(np.sum(counts))} observed rows, too few for the {1 + self.order} variances of "
                f"a {self.structure}; choose a longer series."
            )
        if np.nanmin(dataset.values) == np.nanmax(dataset.values):
            raise InputError(f"{dataset.name}: the series never changes, so there is nothing to fit.")

    def prepare(self, dataset: Dataset) -> SeriesPrepared:
        import scipy.linalg.lapack  # noqa: F401  (slow, and no lane is to pay for it at its first step)

        rows, lengths = rows_by_sequence(dataset)
        column = dataset.values[rows, 0]
        centre, scale = float(np.nanmean(column)), float(np.nanstd(column))
        seen = ~np.isnan(column)
        values = np.where(seen, (column - centre) / scale, 0.0)
        begins = np.cumsum(lengths) - lengths
        for array in (rows, lengths, values, seen, begins):
            array.setflags(write=False)
        both = seen[1:] & seen[:-1]
        both[begins[1:] - 1] = False
        changes = np.diff(values)[both]
        spread = float(np.mean(changes**2)) if np.any(changes) else 1.0
        observed = float(np.count_nonzero(seen))
        # A flat prior of the first states has no unit either, and takes back as many factors.
        jacobian = -(observed - self.order * len(lengths)) * math.log(scale)
        return SeriesPrepared(
            dataset,
            Frame(frozen([centre]), frozen([scale])),
            len(lengths),
            observed,
            jacobian,
            Series(values, seen, begins),
            rows,
            lengths,
            spread,
        )

    def layout(self, prepared: SeriesPrepared) -> Layout:
        unit = np.asarray(float(prepared.frame.scale[0]) ** 2)
        return Layout(
            tuple(
                Block(name, (), Positive(noun=noun), name in self.hold, np.zeros(()), unit)
                for name, noun in zip(self.own_blocks, NOUNS, strict=False)
            )
        )

    def _system(self, series: Series, parameters: Parameters) -> System:
        """The filter with these variances. Raises UndefinedLikelihood where one is not above 0."""
        noise, *disturbances = self._variances(parameters)
        return system(series, noise, tuple(disturbances))

    def _variances(self, parameters: Parameters) -> list[float]:
        variances = [float(each) for each in parameters.vector]
        if not all(math.isfinite(each) for each in variances):
            raise UndefinedLikelihood("not-finite", "a variance is not finite", parameters)
        for noun, variance in zip(NOUNS, variances, strict=False):
            if variance < 0:
                detail = f"{noun} became {number_text(variance)}"
                raise UndefinedLikelihood("left-constraints", detail, parameters)
            if variance == 0:
                # The likelihood is bounded there, but not the density of the likeliest levels, which hard EM climbs.
                detail = (
                    f"{noun} shrank to 0, where the density of levels that never step grows without bound"
                )
                raise UndefinedLikelihood("collapsed", detail, parameters)
        return variances

    def expect(
        self,
        prepared: SeriesPrepared,
        parameters: Parameters,
        workspace: Workspace,
        units: Units = None,
        posterior: Posterior = EXACT,
    ) -> Expectation:
        series = prepared.some(units)
        filtering = self._system(series, parameters)
        variances = np.array(self._variances(parameters))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = filtering.smoothed(series.values)
        counts = self._counts(series)
        value, squares = _expected_squares(found, variances, counts, posterior, filtering)
        scale = float(prepared.frame.scale[0])
        value -= (float(counts[0]) - self.order * len(series.begins)) * math.log(scale)
        if not math.isfinite(value):
            raise UndefinedLikelihood("not-finite", "the log-likelihood is not finite", parameters)
        sizes = np.append(counts, float(len(series.begins)))
        statistics = np.concatenate((squares.high, sizes, squares.low, np.zeros_like(sizes)))
        statistics.setflags(write=False)
        return Expectation(value, statistics)

    def _counts(self, series: Series) -> Array:
        """How many rows are seen, and how many steps there are of level and slope, (1 + m,)."""
        steps = float(series.rows - len(series.begins))
        return np.array([float(np.count_nonzero(series.seen)), *[steps] * self.order])

    def _split(self, statistics: Array) -> tuple[Pair, Array, float]:
        """Sums of expected squares and how many there are of each, both (1 + m,), and the number of sequences."""
        high, low = statistics.reshape(2, -1)
        count = 1 + self.order
        return Pair(high[:count], low[:count]), high[count:-1], float(high[-1])

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        return self.complete_gradient(expectation.statistics, parameters)

    def complete_gradient(self, statistics: Array, parameters: Parameters) -> Array:
        """(S / q - n) / 2q for the sum S of n squares: where that cancels, the sum has the digits."""
        squares, counts, _ = self._split(statistics)
        variances = parameters.vector
        excess = (squares - exactly(counts).times(variances)).value
        gradient = 0.5 * excess / variances**2
        for block in parameters.layout.blocks:
            if block.held:
                gradient[parameters.layout.places[block.name]] = 0.0
        return np.asarray(gradient)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        squares, counts, _ = self._split(statistics)
        means = np.divide(squares.value, counts, out=np.array(parameters.vector), where=counts > 0)
        places = parameters.layout.places
        return parameters.replaced(
            {name: means[places[name]] for name in parameters.layout.free if free is None or name in free}
        )

    def expected_log_likelihood(
        self, prepared: SeriesPrepared, statistics: Array, parameters: Parameters
    ) -> float:
        squares, counts, sequences = self._split(statistics)
        variances = np.array(self._variances(parameters))
        terms = counts * (LOG_TWO_PI + np.log(variances)) + squares.value / variances
        scale = float(prepared.frame.scale[0])
        return -0.5 * float(np.sum(terms)) - (float(counts[0]) - self.order * sequences) * math.log(scale)

    def mean_statistics(self, prepared: SeriesPrepared, parameters: Parameters) -> Array:
        """n times each variance."""
        counts = self._counts(prepared.series)
        squares = exactly(counts).times(parameters.vector)
        sizes = np.append(counts, float(prepared.units))
        return np.concatenate((squares.high, sizes, squares.low, np.zeros_like(sizes)))

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """2 q^2 g / n."""
        counts = self._split(statistics)[1]
        share = np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0)
        return np.asarray(2.0 * share * parameters.vector**2 * gradient)

    def smoothed(self, prepared: SeriesPrepared, parameters: Parameters) -> tuple[Array, Array]:
        """Levels (n,) given the whole series, and their standard deviations; in the data's units and order."""
        found = self._system(prepared.series, parameters).smoothed(prepared.series.values)
        return self._told(prepared, found.states[:, 0], found.variances[:, 0])

    def filtered(self, prepared: SeriesPrepared, parameters: Parameters) -> tuple[Array, Array]:
        """Levels (n,) given the rows so far, and their standard deviations; NaN before those tell anything."""
        return self._told(prepared, *self._system(prepared.series, parameters).filtered())

    def _told(self, prepared: SeriesPrepared, levels: Array, variances: Array) -> tuple[Array, Array]:
        centre, scale = float(prepared.frame.centre[0]), float(prepared.frame.scale[0])
        means, deviations = np.empty_like(levels), np.empty_like(levels)
        means[prepared.rows] = centre + scale * levels
        deviations[prepared.rows] = scale * np.sqrt(np.maximum(variances, 0.0))
        return means, deviations

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return parameters.in_data_units()

    def accept(
        self, prepared: SeriesPrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        names = self.own_blocks
        refuse_unknown_blocks(f"a {self.structure}", names, values)
        given = {name: accepted_array(self.name, names, values, name, ()) for name in names}
        for name, value in given.items():
            if not value > 0:
                raise InputError(f"[start]: the {name.replace('_', ' ')} must be above 0.")
        return self.layout(prepared).pack_data_units(given)

    def drawn_parameters(self, prepared: SeriesPrepared, generator: np.random.Generator) -> Parameters:
        """Each variance from a thousandth of how much the series changes to all of it, every size as likely."""
        layout = self.layout(prepared)
        return layout.pack(
            {block.name: prepared.spread * 10.0 ** generator.uniform(-3.0, 0.0) for block in layout.blocks}
        )

    def free_dimension(self, prepared: SeriesPrepared) -> int:
        return len([name for name in self.own_blocks if name not in self.hold])


def _expected_squares(
    found: Smoothed, variances: Array, counts: Array, posterior: Posterior, filtering: System
) -> tuple[float, Pair]:
    """The objective of a posterior in frame units, and the expected sums of squares of noise and disturbances.

    Under the exact posterior that of a variance q is n q + 2 q^2 times its score.
    """
    exact = exactly(counts).times(variances) + exactly(2.0 * variances**2 * found.scores)
    if isinstance(posterior, Tempered) and posterior.beta == 1.0:
        return found.log_likelihood, exact
    noise, steps = found.noise, found.steps
    if isinstance(posterior, Sampled):
        noise, steps = _drawn(filtering, noise, steps, generator(posterior.key, posterior.count))
    whole = exactly(np.concatenate(([np.sum(noise**2)], np.sum(steps**2, axis=0))))
    density = -0.5 * float(np.sum(counts * (LOG_TWO_PI + np.log(variances)) + whole.value / variances))
    if isinstance(posterior, (Hard, Sampled)):
        return density, whole
    assert isinstance(posterior, Tempered)
    beta = posterior.beta
    # The posterior to the power of beta has the same means and 1 / beta times the covariances.
    spread = (exact - whole).times(1.0 / beta)
    latent = filtering.series.rows * filtering.order
    value = density + (found.log_likelihood - density) / beta - 0.5 * latent * math.log(beta) / beta
    return value, whole + spread


def _drawn(filtering: System, noise: Array, steps: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """Noise (n,) and disturbances (n, m) drawn from their joint posterior (Durbin & Koopman 2002, Biometrika 89).

    Those of another series, drawn from the model, less what its smoother makes of them, have the posterior's
    covariances; the means are added.
    """
    series, order = filtering.series, filtering.order
    ends = series.ends
    drawn = random.standard_normal((series.rows, 1 + order))
    drawn *= np.sqrt(np.array([filtering.noise, *filtering.disturbances]))
    drawn[ends, 1:] = 0.0
    drawn[~series.seen, 0] = 0.0
    levels = np.zeros(series.rows)
    for first, last in zip(series.begins.tolist(), (ends + 1).tolist(), strict=True):
        moved = drawn[first : last - 1, 1:]
        change = np.array(moved[:, 0])
        if order == 2:
            change[1:] += np.cumsum(moved[:, 1])[:-1]
        levels[first + 1 : last] = np.cumsum(change)
    again = filtering.smoothed(levels + drawn[:, 0])
    return noise + drawn[:, 0] - again.noise, steps + drawn[:, 1:] - again.steps
