"""Hidden Markov models: a chain of states behind a sequence, each state with its own distribution."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError, MissingCells
from engine.models.accepting import accepted_array, refuse_unknown_blocks
from engine.models.base import Blocks, Expectation, Frame, Model, Prepared, UndefinedLikelihood, Units
from engine.models.centres import FromCentres
from engine.models.chains import Found, Partition, Places, expected, filtered, most_probable_path, partition
from engine.models.data_checks import refuse_infinite_cells
from engine.models.emission import Emission
from engine.models.exponential_family import CompleteExponentialFamily, solve_weights
from engine.models.gaussian_emission import GaussianEmission
from engine.models.mixture import at_least_distinct
from engine.models.poisson_emission import PoissonEmission
from engine.models.posterior import EXACT, Posterior
from engine.models.sequences import check_sequences, in_data_order, rows_by_sequence
from engine.models.workspace import Workspace
from engine.parameters import SUM_TOLERANCE, Array, Block, Layout, Parameters, Simplex, frozen
from engine.settings import setting
from engine.wording import counted

CHAIN = ("initial", "transitions")
STAYS = 0.9
"""How probable it is to stay in a state where a start is chosen by the program: sequences persist, or none would ask."""


@dataclass(frozen=True, eq=False)
class SequencesPrepared(Prepared):
    """Columns (d, n) in frame units and the data's order, and all sequences cut into pieces.

    `rows` (n,) are the data's rows, sequence after sequence, `lengths` (S,) theirs; units are sequences. `features`
    (F, n) stand in the order of `cut`. There are no `row_weights`.
    """

    columns: Array
    rows: Places
    lengths: Places
    cut: Partition
    features: Array
    row_weights: None = None

    @property
    def data_rows(self) -> Places:
        """(n,): which row of the data each column of `features` is."""
        return np.asarray(self.rows[self.cut.order])


@dataclass(frozen=True)
class HiddenMarkov(Model, FromCentres, CompleteExponentialFamily):
    """Sequences that switch between a few hidden states, each with its own distribution.

    Latent is the state z_t of every row: z_1 is drawn from `initial`, z_t from row z_t-1 of `transitions`, and the row
    x_t from the state's own Gaussian or Poisson distribution. E step, forward and backward through every sequence: the
    probability of each state in each row, g_t(k), and of each pair of neighbours, h_t(i, j), given the whole sequence.
    M step: `initial` is the mean of g_1 over the sequences; row i of `transitions` is sum_t h_t(i, .) made to sum to 1;
    means and covariances, or rates, are averages of the rows, each counted g_t(k) times. A gradient needs the very same
    sums: g_1 / initial, sum_t h_t / transitions, and those of a mixture for each state.

    The rows stand in the order of time and are taken as equally spaced. A column may name the sequence of each row
    (--sequence-column), another its time, which is checked to rise (--time-column). `initial` is free and not the
    stationary law of the transitions, for that would leave the M step without a closed form; with one sequence it
    becomes 1 for one state.

    Rabiner (1989); Baum, Petrie, Soules & Weiss (1970), Ann. Math. Statist. 41, 164-171, who found EM for this model
    before it had the name; Zucchini, MacDonald & Langrock (2016), Hidden Markov Models for Time Series, who compare it
    with direct maximisation of the likelihood.
    """

    name: ClassVar[str] = "hidden-markov"
    source: ClassVar[str] = "Rabiner (1989), Proc. IEEE 77, 257-286"
    formula: ClassVar[str] = r"""
        f(x) = \sum_{z} \delta_{z_1} f_{z_1}(x_1) \prod_{t=2}^{T} \Gamma_{z_{t-1} z_t} f_{z_t}(x_t)
        g_t(k) = P(z_t = k \mid x), \qquad h_t(i, j) = P(z_{t-1} = i, z_t = j \mid x)
        \Gamma_{ij}^{\mathrm{new}} = \frac{\sum_t h_t(i, j)}{\sum_{t,k} h_t(i, k)}
        \mu_k^{\mathrm{new}} = \frac{\sum_t g_t(k)\, x_t}{\sum_t g_t(k)}
        \frac{\partial \ell}{\partial \Gamma_{ij}} = \frac{1}{\Gamma_{ij}} \sum_t h_t(i, j)
    """
    try_it: ClassVar[str] = (
        "Fit the earthquakes with two states, EM beside L-BFGS: both find the quiet and the busy decades."
    )
    rows_that_sum_to_one: ClassVar[tuple[str, ...]] = CHAIN
    blocks: ClassVar[tuple[str, ...]] = (*CHAIN, *GaussianEmission.blocks, *PoissonEmission.blocks)

    emission: str = setting(
        "gaussian",
        label="Emission",
        help="What a state gives to be seen: real numbers (Gaussian) or counts (Poisson).",
        choices=("gaussian", "poisson"),
    )
    states: int = setting(
        2, label="States", help="How many hidden states the chain has.", minimum=1, maximum=12
    )
    hold: tuple[str, ...] = setting(
        (), label="Held fixed", help="Blocks of parameters that stay at their start.", choices="blocks"
    )
    covariance_floor: float = setting(
        0.0,
        label="Covariance floor",
        help="Gaussian: every covariance stays above this share of the columns' variances, in every lane alike; "
        "0 switches the floor off, and then a state may collapse onto a point.",
        minimum=0.0,
        maximum=0.5,
    )

    @property
    def components(self) -> int:
        """The states, as a start that asks for centres counts them."""
        return self.states

    @property
    def _emission(self) -> Emission:
        return PoissonEmission() if self.emission == "poisson" else GaussianEmission(self.covariance_floor)

    @property
    def own_blocks(self) -> tuple[str, ...]:
        return (*CHAIN, *self._emission.blocks)

    def check(self, dataset: Dataset) -> None:
        for name in self.hold:
            if name not in self.own_blocks:
                raise InputError(
                    f"[model]: {name!r} cannot be held fixed; the blocks of a {self.emission} {self.name} are "
                    f"{', '.join(self.own_blocks)}."
                )
        if dataset.rows == 0 or dataset.dimension == 0:
            raise InputError(f"{dataset.name} has no numbers to fit; choose a file with a column of numbers.")
        refuse_infinite_cells(dataset)
        if dataset.missing:
            raise MissingCells(
                f"{dataset.name} has {counted(dataset.missing, 'missing cell')}, which {self.name} cannot use; drop "
                "those rows (--drop-missing), which closes the gap in time, or choose other columns."
            )
        check_sequences(dataset, self.name)
        if self.states > 1 and not at_least_distinct(dataset, self.states):
            raise InputError(
                f"{dataset.name} has fewer distinct rows than the {self.states} states asked for; ask for fewer states."
            )
        self._emission.check(dataset)

    def prepare(self, dataset: Dataset) -> SequencesPrepared:
        frame = self._emission.frame(dataset)
        columns = frozen(frame.to_frame(dataset.values).T)
        rows, lengths = rows_by_sequence(dataset)
        cut = partition(lengths)
        features = self._emission.features(np.ascontiguousarray(columns[:, rows[cut.order]]))
        for array in (rows, lengths, features):
            array.setflags(write=False)
        jacobian = -dataset.rows * float(np.sum(np.log(frame.scale)))
        return SequencesPrepared(
            dataset,
            frame,
            len(lengths),
            dataset.total_weight,
            jacobian,
            columns,
            rows,
            lengths,
            cut,
            features,
        )

    def layout(self, prepared: SequencesPrepared) -> Layout:
        return self._layout(prepared.dataset, prepared.frame)

    def _layout(self, dataset: Dataset, frame: Frame) -> Layout:
        k = self.states
        blocks = (
            Block("initial", (k,), Simplex(("initial probability", "initial probabilities"))),
            Block("transitions", (k, k), Simplex(("transition", "transitions"))),
            *self._emission.layout(k, dataset, frame),
        )
        return Layout(tuple(dataclasses.replace(block, held=block.name in self.hold) for block in blocks))

    def expect(
        self,
        prepared: SequencesPrepared,
        parameters: Parameters,
        workspace: Workspace,
        units: Units = None,
        posterior: Posterior = EXACT,
    ) -> Expectation:
        cut, features = prepared.cut, prepared.features
        if units is not None:
            begins = np.cumsum(prepared.lengths) - prepared.lengths
            lengths = prepared.lengths[units]
            within = np.arange(int(np.sum(lengths))) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            rows = prepared.rows[np.repeat(begins[units], lengths) + within]
            cut = partition(lengths)
            features = self._emission.features(np.ascontiguousarray(prepared.columns[:, rows[cut.order]]))
        found = self._found(parameters, cut, features, posterior)
        workspace.checkpoint()
        log_likelihood = found.value + prepared.log_jacobian * (cut.rows / prepared.total_weight)
        if not math.isfinite(log_likelihood):
            detail = "the sequences are impossible under these parameters"
            raise UndefinedLikelihood("not-finite", detail, parameters)
        sums = self._emission.sums(parameters, features, found.shares)
        chain = found.counts.reshape(-1)
        statistics = np.concatenate((chain, sums[0].reshape(-1), np.zeros_like(chain), sums[1].reshape(-1)))
        for array in (statistics, found.ratios):
            if array is not None:
                array.setflags(write=False)
        return Expectation(log_likelihood, statistics, found.ratios)

    def _found(self, parameters: Parameters, cut: Partition, features: Array, posterior: Posterior) -> Found:
        initial, transitions = self._chain(parameters)
        log_densities = self._emission.log_densities(parameters, features)
        return expected(cut, initial, transitions, log_densities, posterior)

    def _chain(self, parameters: Parameters) -> tuple[Array, Array]:
        """Initial (K,) and transition (K, K) probabilities; raises UndefinedLikelihood where one is negative."""
        if not np.all(np.isfinite(parameters.vector)):
            raise UndefinedLikelihood("not-finite", "a parameter is not finite", parameters)
        for name in CHAIN:
            if np.min(parameters[name]) < 0:
                detail = parameters.layout.by_name[name].support.violation(parameters[name])
                raise UndefinedLikelihood("left-constraints", detail or f"{name} below 0", parameters)
        return parameters["initial"], parameters["transitions"]

    def _split(self, statistics: Array) -> tuple[Array, Array, Array]:
        """Expected beginnings (K,), transitions (K, K) and the emission's sums (2, K, F)."""
        k = self.states
        both = statistics.reshape(2, -1)
        chain = k + k * k
        return both[0, :k], both[0, k:chain].reshape(k, k), both[:, chain:].reshape(2, k, -1)

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        assert expectation.ratios is not None
        return self._gradient(expectation.statistics, expectation.ratios, parameters)

    def complete_gradient(self, statistics: Array, parameters: Parameters) -> Array:
        begun, moved, _ = self._split(statistics)
        counts = np.concatenate((begun[None], moved))
        table = np.concatenate((parameters["initial"][None], parameters["transitions"]))
        ratios = np.divide(counts, table, out=np.zeros_like(counts), where=table != 0)
        return self._gradient(statistics, ratios, parameters)

    def _gradient(self, statistics: Array, ratios: Array, parameters: Parameters) -> Array:
        gradients = self._emission.gradient(self._split(statistics)[2], parameters)
        gradients |= {"initial": ratios[0], "transitions": ratios[1:]}
        return parameters.layout.flat(gradients)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        begun, moved, sums = self._split(statistics)
        moving = tuple(name for name in parameters.layout.free if free is None or name in free)
        updated = self._emission.m_step(sums, parameters, moving)
        if "initial" in moving and np.sum(begun) > 0:
            updated["initial"] = begun / np.sum(begun)
        if "transitions" in moving:
            totals = np.sum(moved, axis=1, keepdims=True)
            rows = np.divide(moved, totals, out=np.zeros_like(moved), where=totals > 0)
            # From a state that nothing leaves no transition is seen, and its row stays.
            updated["transitions"] = np.where(totals > 0, rows, parameters["transitions"])
        return parameters.replaced(updated)

    def expected_log_likelihood(
        self, prepared: SequencesPrepared, statistics: Array, parameters: Parameters
    ) -> float:
        begun, moved, sums = self._split(statistics)
        initial, transitions = self._chain(parameters)
        value = self._emission.expected_log_density(sums, parameters)
        for counts, table in ((begun, initial), (moved, transitions)):
            seen = counts != 0
            with np.errstate(divide="ignore"):
                value += float(np.dot(counts[seen], np.log(table[seen])))
        share = float(np.sum(sums[0, :, 0])) / prepared.total_weight
        return value + share * prepared.log_jacobian

    def mean_statistics(self, prepared: SequencesPrepared, parameters: Parameters) -> Array:
        """Beginnings, transitions and rows that are expected of chains as long as the sequences."""
        initial, transitions = self._chain(parameters)
        visits, left = np.zeros(self.states), np.zeros(self.states)
        for length, count in zip(*np.unique(prepared.lengths, return_counts=True), strict=True):
            visits += count * _expected_visits(initial, transitions, int(length))
            left += count * _expected_visits(initial, transitions, int(length) - 1)
        sums = self._emission.mean_sums(visits, parameters)
        chain = np.concatenate((prepared.units * initial, (left[:, None] * transitions).reshape(-1)))
        return np.concatenate((chain, sums[0].reshape(-1), np.zeros_like(chain), sums[1].reshape(-1)))

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """(diag p - p p') g / n for each row p of probabilities, n what was counted of it."""
        layout = parameters.layout
        by_block = {
            block.name: gradient[layout.places[block.name]].reshape(block.shape) for block in layout.blocks
        }
        begun, moved, sums = self._split(statistics)
        moves = self._emission.solve_information(sums, parameters, by_block)
        table = np.zeros_like(moved)
        for k in np.flatnonzero(np.sum(moved, axis=1) > 0):
            counted_here = float(np.sum(moved[k]))
            table[k] = solve_weights(parameters["transitions"][k], by_block["transitions"][k], counted_here)
        moves["transitions"] = table
        moves["initial"] = solve_weights(parameters["initial"], by_block["initial"], float(np.sum(begun)))
        return layout.flat(moves)

    def em_remainder(self, statistics: Array, parameters: Parameters, move: Array) -> Array:
        layout = parameters.layout
        moves = {block.name: move[layout.places[block.name]].reshape(block.shape) for block in layout.blocks}
        found = self._emission.em_remainder(moves)
        return layout.flat(found)

    def smoothed(self, prepared: SequencesPrepared, parameters: Parameters) -> Array:
        """Probabilities (K, n) of the states given the whole sequence, in the order of the data's rows."""
        found = self._found(parameters, prepared.cut, prepared.features, EXACT)
        return in_data_order(found.shares, prepared.data_rows)

    def filtered(self, prepared: SequencesPrepared, parameters: Parameters) -> Array:
        """Probabilities (K, n) of the states given the rows so far, in the order of the data's rows."""
        initial, transitions = self._chain(parameters)
        log_densities = self._emission.log_densities(parameters, prepared.features)
        found = filtered(prepared.cut, initial, transitions, log_densities)
        return in_data_order(found, prepared.data_rows)

    def most_probable_path(self, prepared: SequencesPrepared, parameters: Parameters) -> Places:
        """Viterbi's states (n,), from 0, in the order of the data's rows."""
        initial, transitions = self._chain(parameters)
        log_densities = self._emission.log_densities(parameters, prepared.features)
        with np.errstate(divide="ignore"):
            logs = np.log(initial), np.log(transitions)
        path = most_probable_path(prepared.cut, *logs, log_densities)
        found = np.empty_like(path)
        found[prepared.data_rows] = path
        return found

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return parameters.in_data_units()

    def accept(
        self, prepared: SequencesPrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        names = self.own_blocks
        refuse_unknown_blocks(f"a {self.emission} {self.name}", names, values)
        layout = self.layout(prepared)
        given: dict[str, Array] = {}
        for name in CHAIN:
            table = accepted_array(self.name, names, values, name, layout.by_name[name].shape)
            given[name] = _normalised(table, name)
        given |= self._emission.accept(self.name, names, layout.blocks[len(CHAIN) :], values)
        return layout.pack_data_units(given)

    def from_centres(self, prepared: SequencesPrepared, centres: Array, spread: Array) -> Parameters:
        """Any state may begin, each is left with probability .1, and centres (K, d) and variances (d,) as given."""
        layout, k = self.layout(prepared), self.states
        leaves = (1.0 - STAYS) / (k - 1) if k > 1 else 0.0
        transitions = np.full((k, k), leaves)
        np.fill_diagonal(transitions, 1.0 - leaves * (k - 1))
        values = self._emission.from_centres(layout.blocks[len(CHAIN) :], centres, spread)
        return layout.pack({"initial": np.full(k, 1.0 / k), "transitions": transitions, **values})

    def free_dimension(self, prepared: SequencesPrepared) -> int:
        k, layout = self.states, self.layout(prepared)
        chain = {"initial": k - 1, "transitions": k * (k - 1)}
        return sum(
            chain[block.name] if block.name in chain else self._emission.free_dimension(block.name, block)
            for block in layout.blocks
            if not block.held
        )


def _normalised(table: Array, name: str) -> Array:
    """Rows of probabilities divided by their sums, which may be off by 1e-6 as written; raises InputError."""
    sums = np.sum(table, axis=-1, keepdims=True)
    if np.any(table < 0) or np.max(np.abs(sums - 1.0)) > 1e-6:
        rows = "each row of the transitions" if table.ndim > 1 else f"the {name} probabilities"
        raise InputError(f"[start]: {rows} must be at least 0 and sum to 1.")
    return np.asarray(np.where(np.abs(sums - 1.0) > SUM_TOLERANCE, table / sums, table))


def _expected_visits(initial: Array, transitions: Array, length: int) -> Array:
    """How often a chain of this length is expected in each state, (K,): sum of initial' transitions^t, by doubling."""
    total, law, power, sums = np.zeros_like(initial), initial, transitions, np.eye(len(initial))
    while length:
        if length & 1:
            total = total + law @ sums
            law = law @ power
        sums = sums + sums @ power
        power = power @ power
        length >>= 1
    return total
