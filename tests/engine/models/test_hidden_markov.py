"""The hidden Markov model beyond the laws of all models: its textbook, its data, its paths."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from engine.algorithms.base import Algorithm
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.em_as_gradient import EMAsGradient
from engine.algorithms.generalized_em import GeneralizedEM
from engine.algorithms.gradient import GradientState, coordinates_for
from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.incremental_em import IncrementalEM
from engine.algorithms.online_em import OnlineEM
from engine.algorithms.sgd import StochasticGradientAscent
from engine.algorithms.svrg import Svrg
from engine.dataset import Dataset
from engine.datasets.earthquakes import Earthquakes
from engine.datasets.hidden_chain import HiddenChain
from engine.errors import CannotRun, InputError, MissingCells
from engine.models.base import UndefinedLikelihood
from engine.models.hidden_markov import HiddenMarkov
from engine.models.sequences import Places
from engine.models.state_space import StateSpace
from engine.objective import Problem
from engine.parameters import Array, Parameters, Simplex
from engine.run import Route, run
from engine.stopping import Stop
from engine.trace import Step
from tests import textbook
from tests.engine.models.cases import CASES, Case, sequence_data
from tests.textbook_chains import Chain, best_stationary_transitions, chain, stationary

HIDDEN = [case for case in CASES if isinstance(case.model, HiddenMarkov)]
every_case = pytest.mark.parametrize("case", HIDDEN, ids=lambda case: case.label)


def sequences_of(dataset: Dataset) -> list[Places]:
    """The rows (numbers) of each sequence, in their order."""
    if dataset.sequences is None:
        return [np.arange(dataset.rows)]
    codes = dataset.sequences.tolist()
    return [np.flatnonzero(dataset.sequences == code) for code in dict.fromkeys(codes)]


def textbooks(case: Case) -> list[tuple[Places, Chain]]:
    """Rows and what a textbook says of each sequence."""
    described = case.model.describe(case.parameters)
    densities = textbook.log_densities(case.dataset.values, described)
    return [
        (rows, chain(described["initial"], described["transitions"], densities[rows]))
        for rows in sequences_of(case.dataset)
    ]


@every_case
def test_e_step_and_m_step_are_the_textbooks(case: Case) -> None:
    plain, problem = textbooks(case), case.problem()
    expectation = problem.expect(case.parameters)
    total = sum(each.log_likelihood for _, each in plain)
    assert expectation.log_likelihood == pytest.approx(total, rel=1e-12)
    shares = np.zeros((case.dataset.rows, case.model.states), dtype=np.longdouble)
    for rows, each in plain:
        shares[rows] = each.smoothed
    before = case.model.describe(case.parameters)
    emission = {name: block for name, block in before.items() if name not in ("initial", "transitions")}
    wanted = textbook.m_step(
        case.dataset.values,
        shares,
        {"weights": np.ones(case.model.states), **emission},
        None,
        hold=case.model.hold,
        floor=case.model.covariance_floor,
    )
    moved = np.sum([each.moved for _, each in plain], axis=0)
    chances = {
        "initial": np.mean([each.smoothed[0] for _, each in plain], axis=0),
        "transitions": moved / np.sum(moved, axis=1, keepdims=True),
    }
    if case.model.initial_law == "stationary":
        begun = np.sum([each.smoothed[0] for _, each in plain], axis=0)
        chances["transitions"] = best_stationary_transitions(before["transitions"], begun, moved)
    wanted |= {name: before[name] if name in case.model.hold else block for name, block in chances.items()}
    if case.model.initial_law == "stationary":
        wanted["initial"] = stationary(wanted["transitions"])
    after = case.model.describe(case.model.m_step(expectation.statistics, case.parameters))
    assert set(after) == set(wanted) - {"weights"}
    for name, values in after.items():
        largest = float(np.max(np.abs(wanted[name])))
        # The textbook finds transitions that decide the initial law too by differences.
        digits = (
            1e-7 if case.model.initial_law == "stationary" and name in ("initial", "transitions") else 1e-9
        )
        np.testing.assert_allclose(
            values, wanted[name].astype(float), rtol=digits, atol=1e-2 * digits * largest
        )


@pytest.mark.parametrize("case", HIDDEN[::5], ids=lambda case: case.label)
def test_smoothing_filtering_and_viterbi_stand_in_the_order_of_the_rows(case: Case) -> None:
    smoothed = case.model.smoothed(case.prepared, case.parameters)
    filtered = case.model.filtered(case.prepared, case.parameters)
    path = case.model.most_probable_path(case.prepared, case.parameters)
    assert np.sum(smoothed, axis=0) == pytest.approx(1.0, abs=1e-13)
    for rows, each in textbooks(case):
        np.testing.assert_allclose(smoothed[:, rows].T, each.smoothed.astype(float), atol=1e-11)
        np.testing.assert_allclose(filtered[:, rows].T, each.filtered.astype(float), atol=1e-11)
        assert path[rows].tolist() == each.path
        # At the end of a sequence all of it has been seen.
        np.testing.assert_allclose(filtered[:, rows[-1]], smoothed[:, rows[-1]], atol=1e-12)


def test_the_gradient_at_a_transition_of_0_is_finite_and_right() -> None:
    case = next(each for each in HIDDEN if each.label == "hidden-markov-d1")
    table = np.array(case.parameters["transitions"])
    table[0] = [0.6, 0.4, 0.0]
    parameters, problem = case.parameters.replaced({"transitions": table}), case.problem()
    _, gradient = problem.gradient(parameters)
    place = parameters.layout.places["transitions"].start + 2
    direction = np.zeros_like(gradient)
    direction[place], direction[place - 2] = 1.0, -1.0
    values = [
        problem.log_likelihood(Parameters(parameters.layout, parameters.vector + step * 1e-4 * direction))
        for step in range(5)
    ]
    slope = float(np.dot([-25, 48, -36, 16, -3], values)) / 12e-4
    assert float(gradient @ direction) == pytest.approx(slope, rel=1e-6)
    assert gradient[place] > 0
    assert case.model.m_step(problem.expect(parameters).statistics, parameters)["transitions"][0, 2] == 0.0


def test_expected_visits_are_sums_of_powers() -> None:
    model = HiddenMarkov(states=3)
    data = sequence_data("gaussian", 1)
    prepared = model.prepare(data)
    parameters = model.from_centres(prepared, np.array([[-1.0], [0.0], [1.0]]), np.array([0.3]))
    parameters = parameters.replaced({"initial": np.array([0.7, 0.2, 0.1])})
    visits, left = np.zeros(3), np.zeros(3)
    for rows in sequences_of(data):
        law = parameters["initial"]
        for place in range(len(rows)):
            visits += law
            left += law if place < len(rows) - 1 else 0.0
            law = law @ parameters["transitions"]
    mean = model.mean_statistics(prepared, parameters)
    half = mean.reshape(2, -1)[0]
    np.testing.assert_allclose(half[12:].reshape(3, -1)[:, 0], visits, rtol=1e-12)
    np.testing.assert_allclose(
        half[3:12].reshape(3, 3), left[:, None] * parameters["transitions"], rtol=1e-12
    )


def test_a_narrow_state_keeps_its_digits() -> None:
    """A state with a spread of 1e-5 of the data's, far from their mean."""
    random = np.random.Generator(np.random.Philox(2))
    states = np.repeat([0, 1, 0, 1], 25)
    values = np.where(states, 1e-4 * random.standard_normal(100) + 30.0, random.standard_normal(100))
    model = HiddenMarkov(states=2)
    prepared = model.prepare(Dataset("narrow", ("x",), values[:, None]))
    start = model.accept(
        prepared,
        {
            "initial": [0.5, 0.5],
            "transitions": [[0.9, 0.1], [0.1, 0.9]],
            "means": [[0.0], [30.0]],
            "covariances": [[[1.0]], [[1e-8]]],
        },
    )
    after = model.describe(model.m_step(Problem(model, prepared).expect(start).statistics, start))
    inside = values[states == 1]
    assert float(after["covariances"][1, 0, 0]) == pytest.approx(float(np.var(inside)), rel=1e-6)


def test_data_that_are_no_sequences_are_refused_with_what_to_do() -> None:
    plain = sequence_data("gaussian", 1)
    times = np.arange(60.0)
    times[7] = 3.0
    alone = dataclasses.replace(plain, sequences=None, times=times, time_name="day")
    model = HiddenMarkov()
    with pytest.raises(InputError, match="row 8 has day = 3 after 6; sort the rows by time"):
        model.check(alone)
    with pytest.raises(InputError, match="row 1 of the time column 'day' is missing"):
        model.check(dataclasses.replace(alone, times=np.full(60, np.nan)))
    with pytest.raises(InputError, match="none can count several times"):
        model.check(dataclasses.replace(plain, row_weights=np.ones(60)))
    with pytest.raises(InputError, match="fewer distinct rows than the 2 states"):
        model.check(Dataset("flat", ("x",), np.ones((9, 1))))
    with pytest.raises(InputError, match="no count"):
        HiddenMarkov(emission="poisson").check(plain)
    with pytest.raises(InputError, match="'rates' cannot be held fixed; the blocks of a gaussian"):
        HiddenMarkov(hold=("rates",)).check(plain)
    holes = np.array(plain.values)
    holes[3] = np.nan
    with pytest.raises(MissingCells, match="closes the gap in time"):
        model.check(Dataset("holes", plain.columns, holes))


@pytest.mark.parametrize("model", [HiddenMarkov(), StateSpace()], ids=lambda model: model.name)
def test_a_gap_in_time_is_told_and_not_closed(model: Any) -> None:
    series = np.cumsum(np.sin(np.arange(60.0)))[:, None]
    plain = Dataset("days", ("y",), series, time_name="day")
    times = np.cumsum(np.array([28.0, 30.0, 31.0])[np.arange(60) % 3])
    model.check(dataclasses.replace(plain, times=times))
    skipped = np.where(np.arange(60) > 40, times + 60.0, times)
    with pytest.raises(
        InputError, match=r"row 42 has day = 1306 after 1215, where a step is usually 30; .* equally spaced"
    ):
        model.check(dataclasses.replace(plain, times=skipped))
    # Between sequences time may do what it wants.
    codes = (np.arange(60) > 40).astype(np.int64)
    model.check(dataclasses.replace(plain, times=skipped, sequences=codes, sequence_names=("a", "b")))


def test_time_rises_within_each_sequence_and_may_begin_anew_in_the_next() -> None:
    plain = sequence_data("gaussian", 1)
    times = np.empty(60)
    for rows in sequences_of(plain):
        times[rows] = np.arange(len(rows))
    HiddenMarkov().check(dataclasses.replace(plain, times=times, time_name="day"))
    longest = max(sequences_of(plain), key=len)
    times = np.where(np.arange(60) == longest[-1], -1.0, times)
    with pytest.raises(InputError, match="sort the rows by time within each sequence"):
        HiddenMarkov().check(dataclasses.replace(plain, times=times, time_name="day"))


def test_a_start_is_checked() -> None:
    model, data = HiddenMarkov(emission="poisson"), Earthquakes().generate()
    prepared = model.prepare(data)
    good = {"initial": [0.5, 0.5], "transitions": [[0.9, 0.1], [0.1, 0.9]], "rates": [[10.0], [30.0]]}
    assert model.accept(prepared, good)["transitions"].tolist() == good["transitions"]
    wrong: dict[str, dict[str, object]] = {
        "each row of the transitions must be at least 0 and sum to 1": {
            "transitions": [[0.9, 0.2], [0.1, 0.9]]
        },
        "the initial probabilities must be at least 0": {"initial": [-0.5, 1.5]},
        "rates must be at least 0": {"rates": [[-1.0], [30.0]]},
        "a poisson hidden-markov has no parameter 'means'": {"means": [[0.0], [1.0]]},
        "'initial' has the shape 3, but this model and data need 2": {"initial": [0.2, 0.3, 0.5]},
    }
    for sentence, change in wrong.items():
        with pytest.raises(InputError, match=sentence.replace("[", "\\[")):
            model.accept(prepared, {**good, **change})


@pytest.mark.parametrize(
    "algorithm",
    [IncrementalEM(), OnlineEM(), Svrg(), StochasticGradientAscent(batch_size=5)],
    ids=lambda each: each.name,
)
def test_a_method_of_parts_is_refused_on_one_sequence_before_it_costs_anything(algorithm: object) -> None:
    model, several = HiddenMarkov(), HiddenChain(sequences=10, states=2).generate()
    for data, refused in ((dataclasses.replace(several, sequences=None), True), (several, False)):
        prepared = model.prepare(data)
        problem = Problem(model, prepared)
        start = model.accept(prepared, data.truth.parameters)  # type: ignore[union-attr]
        if refused:
            with pytest.raises(CannotRun, match="hidden-chain is a single one; choose"):
                algorithm.init(problem, start, 0)  # type: ignore[attr-defined]
            assert problem.meter.passes == 0
        else:
            algorithm.init(problem, start, 0)  # type: ignore[attr-defined]


def test_a_collapse_and_a_step_outside_are_told_apart() -> None:
    case = next(each for each in HIDDEN if each.label == "hidden-markov-d2")
    problem = case.problem()

    def kind(name: str, values: Array) -> str:
        with pytest.raises(UndefinedLikelihood) as caught:
            problem.expect(case.parameters.replaced({name: values}))
        return f"{caught.value.kind}: {caught.value.detail}"

    covariances = np.array(case.parameters["covariances"])
    covariances[1] *= 1e-16
    assert kind("covariances", covariances).startswith("collapsed: state 2 shrank")
    covariances[1] = [[1.0, 2.0], [2.0, 1.0]]
    assert kind("covariances", covariances).startswith("left-constraints: covariance 2")
    table = np.array(case.parameters["transitions"])
    table[2] = [1.1, -0.1, 0.0]
    assert kind("transitions", table) == "left-constraints: transition 3, 2 became -0.1"
    assert kind("initial", np.full(3, np.nan)).startswith("not-finite")


STATIONARY = HiddenMarkov(emission="poisson", initial_law="stationary")
GOOD = {"transitions": [[0.9, 0.1], [0.3, 0.7]], "rates": [[10.0], [30.0]]}


def earthquakes() -> tuple[HiddenMarkov, Problem, Parameters]:
    prepared = STATIONARY.prepare(Earthquakes().generate())
    return STATIONARY, Problem(STATIONARY, prepared), STATIONARY.accept(prepared, GOOD)


def test_a_stationary_law_is_told_and_is_no_parameter() -> None:
    model, problem, start = earthquakes()
    assert "initial" not in start
    assert model.describe(start)["initial"].tolist() == pytest.approx([0.75, 0.25], rel=1e-15)
    free = HiddenMarkov(emission="poisson")
    given = free.accept(problem.prepared, {"initial": [0.75, 0.25], **GOOD})
    assert problem.log_likelihood(start) == pytest.approx(
        Problem(free, problem.prepared).log_likelihood(given), rel=1e-14
    )
    assert model.free_dimension(problem.prepared) == free.free_dimension(problem.prepared) - 1


def test_a_start_may_name_the_stationary_law_but_no_other() -> None:
    model, problem, start = earthquakes()
    prepared = problem.prepared
    assert np.array_equal(model.accept(prepared, {"initial": [0.7504, 0.2496], **GOOD}).vector, start.vector)
    with pytest.raises(InputError, match=r"follows from the transitions and is 0.75, 0.25; leave it out"):
        model.accept(prepared, {"initial": [0.5, 0.5], **GOOD})
    nearby = model.accept(prepared, {"initial": [0.5, 0.5], **GOOD}, approximate=True)
    assert np.array_equal(nearby.vector, start.vector)
    with pytest.raises(InputError, match="no stationary law of their own, because states 1 and 2 never lead"):
        model.accept(prepared, {**GOOD, "transitions": np.eye(2)})
    with pytest.raises(InputError, match="'initial' follows from the transitions and cannot be held fixed"):
        dataclasses.replace(model, hold=("initial",)).check(prepared.dataset)


def test_transitions_with_several_stationary_laws_have_no_likelihood() -> None:
    model, problem, start = earthquakes()
    apart = start.replaced({"transitions": np.eye(2)})
    with pytest.raises(UndefinedLikelihood, match="states 1 and 2 never lead to a common state") as caught:
        problem.expect(apart)
    assert caught.value.kind == "not-finite"
    assert caught.value.parameters is apart
    assert np.all(np.isnan(model.describe(apart)["initial"]))


@pytest.mark.parametrize("coordinates", coordinates_for(Simplex))
def test_the_gradient_under_a_stationary_law_is_right_in_all_coordinates(coordinates: str) -> None:
    case = next(each for each in HIDDEN if each.label == "hidden-markov-poisson-stationary-d1")
    problem = case.problem()
    state = GradientAscent(weight_coordinates=coordinates).init(problem, case.parameters, 0)
    assert isinstance(state, GradientState)
    chart = state.chart

    def slope(direction: Array, step: float) -> float:
        ends = [problem.log_likelihood(chart.read(state.x + length * direction)) for length in (step, -step)]
        return (ends[0] - ends[1]) / (2 * step)

    for direction in np.eye(len(state.x)):
        wanted = (4 * slope(direction, 1e-4) - slope(direction, 2e-4)) / 3
        assert float(state.gradient @ direction) == pytest.approx(wanted, rel=1e-6, abs=1e-5)


def test_the_gradient_at_a_transition_of_0_tells_what_the_stationary_law_gains() -> None:
    case = next(each for each in HIDDEN if each.label == "hidden-markov-stationary-d1")
    table = np.array(case.parameters["transitions"])
    table[:, 2] = 0.0
    table[2] = [0.3, 0.3, 0.4]
    table /= np.sum(table, axis=1, keepdims=True)
    # State 3 is left for ever, so its share of the law is 0 and each way back to it adds to that.
    parameters, problem = case.parameters.replaced({"transitions": table}), case.problem()
    assert case.model.describe(parameters)["initial"][2] == 0.0
    _, gradient = problem.gradient(parameters)
    place = parameters.layout.places["transitions"].start + 2
    direction = np.zeros_like(gradient)
    direction[place], direction[place - 2] = 1.0, -1.0
    step = 1e-3 / max(1.0, abs(float(gradient @ direction)))
    values = [
        problem.log_likelihood(Parameters(parameters.layout, parameters.vector + each * step * direction))
        for each in range(5)
    ]
    slope = float(np.dot([-25, 48, -36, 16, -3], values)) / (12 * step)
    assert float(gradient @ direction) == pytest.approx(slope, rel=1e-5)
    after = case.model.m_step(problem.expect(parameters).statistics, parameters)["transitions"]
    assert np.array_equal(after > 0, table > 0)


def lanes(algorithm: Algorithm, steps: int) -> list[Step]:
    _, problem, start = earthquakes()
    return list(run(problem, Route(algorithm), start, Stop(tolerance=0.0, max_iterations=steps)))


@pytest.mark.parametrize("inner", [1, 2])
def test_inner_steps_of_a_stationary_law_may_be_cut_short(inner: int) -> None:
    cut, whole = GeneralizedEM(way=1.0, inner_steps=inner), lanes(ExpectationMaximization(), 80)
    found = lanes(cut, 80)
    assert not any(step.decreased for step in found)
    assert found[-1].log_likelihood == pytest.approx(whole[-1].log_likelihood, rel=1e-12)
    refused = cut.refusal(HiddenMarkov(), ("transitions",))
    assert refused is not None
    assert "M step of hidden-markov has a closed form" in refused


def test_em_is_no_information_step_under_a_stationary_law() -> None:
    assert EMAsGradient().refusal(HiddenMarkov(), ("transitions",)) is None
    refused = EMAsGradient().refusal(STATIONARY, ("transitions",))
    assert refused is not None
    assert "some of hidden-markov are not" in refused


def test_em_climbs_on_sequences_that_never_switch_until_hardly_anything_is_left_to_switch() -> None:
    """The likelihood has no maximum: it rises as long as transitions sink together and keep their quotient."""
    random = np.random.Generator(np.random.Philox(3))
    levels = np.repeat([0.0, 0.0, 0.0, 50.0], 40)
    codes = np.repeat(np.arange(4), 40)
    data = Dataset("apart", ("x",), (levels + random.standard_normal(160))[:, None], sequences=codes)
    model = HiddenMarkov(initial_law="stationary")
    prepared = model.prepare(data)
    problem = Problem(model, prepared)
    start = model.accept(
        prepared,
        {
            "transitions": [[0.9, 0.1], [0.1, 0.9]],
            "means": [[1.0], [40.0]],
            "covariances": [[[4.0]], [[4.0]]],
        },
    )
    steps = list(
        run(problem, Route(ExpectationMaximization()), start, Stop(tolerance=0.0, max_iterations=60))
    )
    assert not any(step.decreased for step in steps)
    assert all(step.is_likelihood for step in steps)
    found = model.describe(steps[-1].parameters)
    assert max(found["transitions"][0, 1], found["transitions"][1, 0]) < 1e-12
    assert found["initial"].tolist() == pytest.approx([0.75, 0.25], rel=1e-6)
