"""One E step of hidden Markov models, beside hmmlearn's compiled ones."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.datasets.hidden_chain import HiddenChain
from engine.models.hidden_markov import HiddenMarkov
from engine.objective import Problem
from tests.benchmarks.measurement import Figure, Row, at_most, compared, in_pairs, median_ratio

ROWS, STATES, SEQUENCES = 100_000, 5, (1, 1000)
GOAL = 2.0


def hmmlearn_model(truth: Any, implementation: str) -> Any:
    """hmmlearn's Gaussian model at the truth, ready for its own E step ('scaling' is its fast one, 'log' its usual)."""
    from hmmlearn.hmm import GaussianHMM

    theirs = GaussianHMM(STATES, "full", implementation=implementation)
    theirs.n_features = 1
    theirs.startprob_, theirs.transmat_ = truth["initial"], truth["transitions"]
    theirs.means_, theirs.covars_ = truth["means"], truth["covariances"]
    return theirs


def e_step(sequences: int, implementation: str) -> list[Row]:
    """Milliseconds of one E step over all rows in so many sequences, ours and theirs by turns."""
    data = HiddenChain(size=ROWS, states=STATES, sequences=sequences).generate()
    assert data.truth is not None
    model, truth = HiddenMarkov(states=STATES), data.truth.parameters
    prepared = model.prepare(data)
    problem, start = Problem(model, prepared, 1), model.accept(prepared, truth)
    theirs = hmmlearn_model(truth, implementation)
    values, lengths = np.array(data.values), prepared.lengths.tolist()
    ours, reference = in_pairs(lambda: problem.expect(start), lambda: theirs._do_estep(values, lengths))
    ratio = median_ratio(ours, reference)
    name = (
        f"E step / hmmlearn's ({implementation}), {ROWS:,} rows in {sequences:,} sequences, {STATES} states"
    )
    samples = {"ours": ours, "hmmlearn": reference}
    return [compared(name, "ms", samples, ratio, at_most(ratio, GOAL))]


def figures() -> Iterator[Figure]:
    """All figures of this file."""
    for sequences in SEQUENCES:
        for implementation in ("scaling", "log"):
            name = f"E step of hidden Markov models, {sequences} sequences, {implementation}"
            yield name, partial(e_step, sequences, implementation)
