"""Old Faithful with full and tied covariances: traces, local maxima, saddles, collapse.

Published or independently computed values; see the data folder's `faithful_optima.json` for the maxima.
"""

import json
from typing import Any

import numpy as np
import pytest

from engine.analysis.bound import lower_bound
from engine.models.gaussian_mixture import GaussianMixture
from engine.parameters import Array, Parameters
from tests.reference.lanes import DATA, Bench, columns, dataset


def faithful(names: tuple[str, ...] = ("eruptions", "waiting")) -> Array:
    table = columns("faithful.csv")
    return np.stack([table[name] for name in names], axis=1)


def bench(
    components: int, covariance: str = "full", names: tuple[str, ...] = ("eruptions", "waiting")
) -> Bench:
    return Bench(GaussianMixture(components=components, covariance=covariance), dataset(faithful(names)))


def start(means: list[list[float]]) -> dict[str, Any]:
    """Weights 1/K and every covariance a quarter of the columns' variances."""
    count = len(means)
    quarter = np.diag(np.var(faithful(), axis=0) / 4)
    return {"weights": [1 / count] * count, "means": means, "covariances": [quarter] * count}


TWO = start([[2, 55], [4.3, 80]])
THREE = start([[2, 55], [3.5, 70], [4.3, 80]])


@pytest.mark.parametrize(
    ("given", "entries"),
    [
        (
            TWO,
            {
                0: -1213.7611734980,
                1: -1133.0772909499,
                2: -1130.3661777960,
                3: -1130.2682276584,
                4: -1130.2641922697,
                5: -1130.2639734415,
                10: -1130.2639601847,
            },
        ),
        (
            THREE,
            {
                1: -1125.6969575651,
                2: -1123.4598917078,
                3: -1122.0207024408,
                5: -1120.4579027660,
                10: -1119.4155245736,
                20: -1119.2496888296,
                50: -1119.2145482107,
                100: -1119.2139714150,
            },
        ),
    ],
    ids=["two", "three"],
)
def test_em_traces_to_all_printed_digits(given: dict[str, Any], entries: dict[int, float]) -> None:
    values = bench(len(given["means"])).trace(given, max(entries)).floats("log_likelihood")
    for iteration, value in entries.items():
        assert values[iteration] == pytest.approx(value, abs=5.1e-11)


def test_em_of_three_components_ends_at_its_limit() -> None:
    trace = bench(3).trace(THREE, 2000, tolerance=1e-9)
    assert trace.status == "converged"
    assert trace.last.log_likelihood == pytest.approx(-1119.2139705938, abs=2e-10)


OPTIMA = json.loads((DATA / "faithful_optima.json").read_text(encoding="utf-8"))["gmm"]
RATES_OF_THREE = [0.8366, 0.9370, 0.9606, 0.9825, 0.9663]


def optimum(place: int) -> tuple[Bench, dict[str, Any]]:
    entry = OPTIMA[place]
    names = ("waiting",) if entry["d"] == 1 else ("eruptions", "waiting")
    return bench(entry["K"], names=names), {
        "weights": entry["pi"],
        "means": entry["mu"],
        "covariances": entry["sigma"],
    }


@pytest.mark.parametrize("place", range(len(OPTIMA)))
def test_local_maxima_are_stationary(place: int) -> None:
    on, described = optimum(place)
    parameters = on.accept(described)
    expectation = on.problem.expect(parameters)
    assert expectation.log_likelihood == pytest.approx(OPTIMA[place]["loglik"], abs=1e-10)
    assert on.problem.stationarity(parameters, expectation) < 1e-9
    moved = on.em_map(parameters)
    assert moved.vector == pytest.approx(parameters.vector, abs=1e-9)


@pytest.mark.parametrize("place", range(len(OPTIMA)))
def test_rates_of_em_at_the_local_maxima(place: int) -> None:
    on, described = optimum(place)
    rate = on.em_rate(on.accept(described))
    assert rate == pytest.approx(OPTIMA[place]["em_rate"], abs=1e-6)
    of_three = [each for each in OPTIMA if each["K"] == 3]
    if OPTIMA[place] in of_three:
        assert rate == pytest.approx(RATES_OF_THREE[of_three.index(OPTIMA[place])], abs=5.1e-5)


def split(component: int, moved: float = 0.0) -> dict[str, Any]:
    """The maximum for two components with one of them split into equal halves; the last half's mean moved."""
    _, two = optimum(0)
    halves = {name: [*values, values[component]] for name, values in two.items()}
    halves["weights"][component] = halves["weights"][2] = two["weights"][component] / 2
    halves["means"][2] = [halves["means"][2][0], halves["means"][2][1] + moved]
    return halves


@pytest.mark.parametrize("component", [0, 1])
def test_em_stays_on_the_saddle_of_equal_halves(component: int) -> None:
    trace = bench(3).trace(split(component), 3000)
    assert trace.last.log_likelihood == pytest.approx(-1130.2639601847, abs=5e-9)
    last = trace.last.parameters
    assert all(
        np.array_equal(last[name][component], last[name][2]) for name in ("weights", "means", "covariances")
    )


@pytest.mark.parametrize(("component", "limit"), [(0, -1114.4398729032), (1, -1119.2139705938)])
def test_em_leaves_the_saddle_when_one_half_is_moved(component: int, limit: float) -> None:
    trace = bench(3).trace(split(component, moved=1e-3), 3000, tolerance=1e-9)
    assert trace.status == "converged"
    assert trace.last.log_likelihood == pytest.approx(limit, abs=1e-8)


@pytest.mark.parametrize(("component", "eigenvalue"), [(0, 2.13), (1, 1.570)])
def test_the_em_map_pushes_away_from_the_saddle(component: int, eigenvalue: float) -> None:
    on = bench(3)
    digits = 5.1e-3 if component == 0 else 5.1e-4
    assert on.em_rate(on.accept(split(component))) == pytest.approx(eigenvalue, abs=digits)


@pytest.mark.parametrize("component", [0, 1])
def test_the_saddle_is_called_stuck_and_not_converged(component: int) -> None:
    trace = bench(3).trace(split(component), 50, tolerance=1e-8)
    assert trace.status == "stuck"
    assert "saddle" in trace.reason


def best_of_random_starts(on: Bench, starts: int, seed: int) -> float:
    """The best limit of EM from random points, run until it gains nothing more."""
    generator = np.random.Generator(np.random.Philox(seed))
    best, z = -np.inf, on.prepared.columns.T
    for _ in range(starts):
        centres = z[generator.choice(len(z), on.model.components, replace=False)]
        parameters = on.model.from_centres(on.prepared, centres, np.full(z.shape[1], 0.25))
        best = max(best, climbed(on, parameters))
    return float(best)


def climbed(on: Bench, parameters: Parameters, steps: int = 3000) -> float:
    for _ in range(steps):
        moved = on.em_map(parameters)
        if np.max(np.abs(moved.vector - parameters.vector)) < 1e-10:
            break
        parameters = moved
    return on.problem.log_likelihood(parameters)


@pytest.mark.parametrize(("components", "value"), [(2, -1140.1867594371), (3, -1126.3159278234)])
def test_tied_covariances_best_of_many_starts(components: int, value: float) -> None:
    best = best_of_random_starts(bench(components, "tied"), 10, seed=1)
    assert best == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(("covariance", "value"), [("full", -1034.0017498316), ("tied", -1034.0017603578)])
def test_waiting_time_alone(covariance: str, value: float) -> None:
    best = best_of_random_starts(bench(2, covariance, ("waiting",)), 4, seed=2)
    assert best == pytest.approx(value, abs=1e-9)


def test_random_starts_end_at_known_local_maxima() -> None:
    on = bench(3)
    generator = np.random.Generator(np.random.Philox(3))
    z, found = on.prepared.columns.T, set()
    for _ in range(12):
        centres = z[generator.choice(len(z), 3, replace=False)]
        found.add(climbed(on, on.model.from_centres(on.prepared, centres, np.full(2, 0.25))))
    known = [each["loglik"] for each in OPTIMA if each["K"] == 3]
    known += [-1121.60556, -1122.10837, -1123.12552, -1127.08212]
    assert all(any(abs(value - each) < 1e-5 for each in known) for value in found)
    assert max(found) == pytest.approx(-1114.4398729032, abs=1e-8)


def test_stopping_too_early_is_seen_by_the_projected_gradient() -> None:
    """Where a gain of 1e-3 per sample stops the climb, the gradient is still far from 0."""
    trace = bench(3).trace(THREE, 2000, tolerance=1e-8)
    values = trace.floats("log_likelihood")
    early = int(np.argmax(np.diff(values) / 272 < 1e-3)) + 1
    assert values[-1] - values[early] > 0.3
    assert trace.floats("stationarity")[early] > 1e-3


def collapse(variance: float) -> tuple[Bench, dict[str, Any]]:
    on = Bench(GaussianMixture(components=2), dataset([-2.0, -1.0, 0.0, 1.0, 2.0, 5.0]))
    return on, {"weights": [0.5, 0.5], "means": [[0.0], [5.0]], "covariances": [[[2.0]], [[variance]]]}


def test_collapse_onto_one_point() -> None:
    trace = collapse(1.0)[0].trace(collapse(1.0)[1], 10)
    values = trace.floats("log_likelihood")
    assert values[:3] == pytest.approx([-13.861585028, -11.942386939, -7.780772765], abs=5.1e-10)
    variances = [trace.parameters(j).in_data_units()["covariances"][1, 0, 0] for j in range(3)]
    assert variances[1] == pytest.approx(0.349, abs=5.1e-4)
    assert variances[2] == pytest.approx(8.80e-5, abs=5.1e-8)
    assert (trace.count, trace.status) == (4, "collapsed")
    assert np.isnan(values[3])
    assert trace.last.parameters.in_data_units()["covariances"][1, 0, 0] == pytest.approx(0.0, abs=1e-13)
    assert "component 2" in trace.reason


def test_collapse_that_looks_harmless_for_seven_steps() -> None:
    on, given = collapse(4.0)
    trace = on.trace(given, 50)
    values = trace.floats("log_likelihood")
    assert values[:2] == pytest.approx([-13.950178, -12.835383], abs=5.1e-7)
    assert values[7:9] == pytest.approx([-12.056918, -8.995547], abs=5.1e-7)
    assert (trace.count, trace.status) == (10, "collapsed")


def test_the_bound_of_a_start_is_tight_there_and_below_at_the_maximum() -> None:
    on, described = optimum(0)
    here, there = on.accept(TWO), on.accept(described)
    expectation = on.problem.expect(here)
    assert lower_bound(on.problem, here, expectation, here) == pytest.approx(-1213.7611734980, abs=1e-9)
    assert lower_bound(on.problem, here, expectation, there) < OPTIMA[0]["loglik"]
