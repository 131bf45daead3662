"""Hidden Markov models: a chain of states behind a sequence, each state with its own distribution."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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
from engine.models.stationary_law import (
    INNER_STEPS,
    NotOneLaw,
    StationaryLaw,
    best_transitions,
    stationary_law,
)
from engine.models.workspace import Workspace
from engine.parameters import SUM_TOLERANCE, Array, Block, Layout, Parameters, Simplex, frozen
from engine.settings import setting
from engine.wording import counted, number_text

CHAIN = ("initial", "transitions")
AGREES = 1e-3
"""A start that names the stationary law beside the transitions may have rounded it so far."""
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

    @cached_property
    def cancelling(self) -> float:
        # The last feature is log x! of counts, and of the order of 1 where there are none.
        return float(np.sum(np.abs(self.features[-1])))

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
    (--sequence-column), another its time, which is checked to rise (--time-column). A free `initial` becomes 1 for one
    state where there is one sequence. With `initial_law = "stationary"` it is the law in which the transitions keep a
    chain, delta = delta Gamma, and no parameter of its own: the transitions then have no closed M step, and an inner
    Newton method finds them (`generalized-em` may cut it short), while a gradient only gains a term.

    Rabiner (1989); Baum, Petrie, Soules & Weiss (1970), Ann. Math. Statist. 41, 164-171, who found EM for this model
    before it had the name; Zucchini, MacDonald & Langrock (2016), Hidden Markov Models for Time Series, who compare it
    with direct maximisation of the likelihood. On the yearly earthquakes that they take for an example EM takes 58 steps
    and L-BFGS 63, because the best `initial` has a 0, which no softmax reaches; with the stationary law 54 and 22.
    """

    name: ClassVar[str] = "hidden-markov"
    source: ClassVar[str] = "Rabiner (1989), Proc. IEEE 77, 257-286"
    formula: ClassVar[str] = r"""
        f(x) = \sum_{z} \delta_{z_1} f_{z_1}(x_1) \prod_{t=2}^{T} \Gamma_{z_{t-1} z_t} f_{z_t}(x_t)
        g_t(k) = P(z_t = k \mid x), \qquad h_t(i, j) = P(z_{t-1} = i, z_t = j \mid x)
        \Gamma_{ij}^{\mathrm{new}} = \frac{\sum_t h_t(i, j)}{\sum_{t,k} h_t(i, k)}
        \mu_k^{\mathrm{new}} = \frac{\sum_t g_t(k)\, x_t}{\sum_t g_t(k)}
        \frac{\partial \ell}{\partial \Gamma_{ij}} = \frac{1}{\Gamma_{ij}} \sum_t h_t(i, j)
        \delta = \delta\,\Gamma \quad (\mathrm{stationary})
        \Gamma^{\mathrm{new}} = \arg\max_{\Gamma} \sum_k g_1(k) \log \delta_k + \sum_{t,i,j} h_t(i, j) \log \Gamma_{ij}
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
    initial_law: str = setting(
        "free",
        label="Initial law",
        help="How sequences begin: with probabilities of their own, or in the stationary law of the transitions.",
        choices=("free", "stationary"),
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
    def _is_stationary(self) -> bool:
        return self.initial_law == "stationary"

    @property
    def own_blocks(self) -> tuple[str, ...]:
        return (*(CHAIN[1:] if self._is_stationary else CHAIN), *self._emission.blocks)

    @property
    def em_is_an_information_step(self) -> bool:
        # Transitions that decide the initial law too are no averages of what was counted.
        return not self._is_stationary

    @property
    def m_step_iterates(self) -> bool:
        return self._is_stationary

    def check(self, dataset: Dataset) -> None:
        if self._is_stationary and "initial" in self.hold:
            raise InputError(
                "[model]: with initial_law = stationary 'initial' follows from the transitions and cannot be held "
                "fixed; hold 'transitions', or set initial_law to free."
            )
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
        initial = Block("initial", (k,), Simplex(("initial probability", "initial probabilities")))
        blocks = (
            *(() if self._is_stationary else (initial,)),
            Block("transitions", (k, k), Simplex(("transition", "transitions"))),
            *self._emission.layout(k, dataset, frame),
        )
        return Layout(tuple(dataclasses.replace(block, held=block.name in self.hold) for block in blocks))

    def _emission_blocks(self, layout: Layout) -> tuple[Block, ...]:
        return tuple(block for block in layout.blocks if block.name not in CHAIN)

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
        """Initial (K,) and transition (K, K) probabilities; raises UndefinedLikelihood where there are none."""
        if not np.all(np.isfinite(parameters.vector)):
            raise UndefinedLikelihood("not-finite", "a parameter is not finite", parameters)
        for name in CHAIN:
            if name in parameters and np.min(parameters[name]) < 0:
                detail = parameters.layout.by_name[name].support.violation(parameters[name])
                raise UndefinedLikelihood("left-constraints", detail or f"{name} below 0", parameters)
        if self._is_stationary:
            return self._law(parameters).probabilities, parameters["transitions"]
        return parameters["initial"], parameters["transitions"]

    def _law(self, parameters: Parameters) -> StationaryLaw:
        """The stationary law of the transitions; raises UndefinedLikelihood where there are several."""
        try:
            return stationary_law(parameters["transitions"])
        except NotOneLaw as several:
            detail = f"the transitions have no stationary law of their own: {several}"
            raise UndefinedLikelihood("not-finite", detail, parameters) from None

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
        initial, transitions = self._chain(parameters)
        table = np.concatenate((initial[None], transitions))
        ratios = np.divide(counts, table, out=np.zeros_like(counts), where=table != 0)
        return self._gradient(statistics, ratios, parameters)

    def _gradient(self, statistics: Array, ratios: Array, parameters: Parameters) -> Array:
        gradients = self._emission.gradient(self._split(statistics)[2], parameters)
        gradients |= {"initial": ratios[0], "transitions": ratios[1:]}
        if self._is_stationary and "transitions" in parameters.layout.free:
            gradients["transitions"] = ratios[1:] + self._law(parameters).slope(ratios[0])
        return parameters.layout.flat(gradients)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        return self.partial_m_step(statistics, parameters, free, INNER_STEPS)

    def partial_m_step(
        self, statistics: Array, parameters: Parameters, free: Blocks, steps: int
    ) -> Parameters:
        """The M step with at most so many inner Newton steps for transitions that decide the initial law too."""
        begun, moved, sums = self._split(statistics)
        moving = tuple(name for name in parameters.layout.free if free is None or name in free)
        updated = self._emission.m_step(sums, parameters, moving)
        if "initial" in moving and np.sum(begun) > 0:
            updated["initial"] = begun / np.sum(begun)
        if "transitions" in moving and self._is_stationary:
            updated["transitions"] = best_transitions(parameters["transitions"], begun, moved, steps)
        elif "transitions" in moving:
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
        """(diag p - p p') g / n for each row p of probabilities, n what was counted of it.

        Where the transitions decide the initial law, sequences that begin tell of them too.
        """
        layout = parameters.layout
        by_block = {
            block.name: gradient[layout.places[block.name]].reshape(block.shape) for block in layout.blocks
        }
        begun, moved, sums = self._split(statistics)
        moves = self._emission.solve_information(sums, parameters, by_block)
        transitions, sequences = parameters["transitions"], float(np.sum(begun))
        moves["transitions"] = _solve_rows(transitions, by_block["transitions"], moved)
        if not self._is_stationary:
            moves["initial"] = solve_weights(parameters["initial"], by_block["initial"], sequences)
        elif sequences > 0 and "transitions" in layout.free:
            moves["transitions"] = self._less_what_beginnings_tell(
                parameters, moves["transitions"], moved, sequences
            )
        return layout.flat(moves)

    def _less_what_beginnings_tell(
        self, parameters: Parameters, move: Array, moved: Array, sequences: float
    ) -> Array:
        """A move (K, K) by the information B of transitions alone as it is by B + n sum_k d_k d_k' / delta_k.

        d_k is the gradient of delta_k in the transitions, n how many sequences begin (Woodbury's identity).
        """
        law = self._law(parameters)
        seen = law.probabilities > 0
        roots = np.sqrt(law.probabilities[seen])
        slopes = law.slopes()[seen] / roots[:, None, None]
        solved = np.array([_solve_rows(parameters["transitions"], each, moved) for each in slopes])
        both = np.einsum("kij,mij->km", slopes, solved) + np.eye(len(slopes)) / sequences
        shares = np.linalg.solve(both, np.einsum("kij,ij->k", slopes, move))
        return np.asarray(move - np.einsum("k,kij->ij", shares, solved))

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
        described = parameters.in_data_units()
        if not self._is_stationary:
            return described
        try:
            initial, _ = self._chain(parameters)
        except UndefinedLikelihood:
            initial = np.full(self.states, np.nan)
        return {"initial": initial, **described}

    def accept(
        self, prepared: SequencesPrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        names = self.own_blocks
        refuse_unknown_blocks(f"a {self.emission} {self.name}", (*CHAIN, *self._emission.blocks), values)
        layout = self.layout(prepared)
        given: dict[str, Array] = {}
        for name in CHAIN:
            if name in layout.by_name:
                table = accepted_array(self.name, names, values, name, layout.by_name[name].shape)
                given[name] = _normalised(table, name)
        given |= self._emission.accept(self.name, names, self._emission_blocks(layout), values)
        if self._is_stationary:
            self._accept_law(given["transitions"], None if approximate else values.get("initial"))
        return layout.pack_data_units(given)

    def _accept_law(self, transitions: Array, initial: Any) -> None:
        """Raises InputError where transitions have no stationary law, or another one than a start says."""
        try:
            law = stationary_law(transitions).probabilities
        except NotOneLaw as several:
            raise InputError(
                f"[start]: the transitions have no stationary law of their own, because {several}; give other "
                "transitions, or set initial_law to free."
            ) from None
        if initial is None:
            return
        given = accepted_array(self.name, CHAIN, {"initial": initial}, "initial", law.shape)
        if np.max(np.abs(given - law)) > AGREES:
            told = ", ".join(number_text(each) for each in law)
            raise InputError(
                f"[start]: with initial_law = stationary 'initial' follows from the transitions and is {told}; leave "
                "it out, or set initial_law to free."
            )

    def from_centres(self, prepared: SequencesPrepared, centres: Array, spread: Array) -> Parameters:
        """Any state may begin, each is left with probability .1, and centres (K, d) and variances (d,) as given."""
        layout, k = self.layout(prepared), self.states
        leaves = (1.0 - STAYS) / (k - 1) if k > 1 else 0.0
        transitions = np.full((k, k), leaves)
        np.fill_diagonal(transitions, 1.0 - leaves * (k - 1))
        values = self._emission.from_centres(self._emission_blocks(layout), centres, spread)
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


def _solve_rows(transitions: Array, gradient: Array, moved: Array) -> Array:
    """(diag p - p p') g / n for each row p of transitions (K, K), n its sum of `moved`; 0 where nothing moved."""
    found, totals = np.zeros_like(transitions), np.sum(moved, axis=1)
    for k in np.flatnonzero(totals > 0):
        found[k] = solve_weights(transitions[k], gradient[k], float(totals[k]))
    return found


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
