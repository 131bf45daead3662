"""Genetic linkage (Rao 1965; Dempster, Laird & Rubin 1977): EM, Newton's method and Fisher scoring."""

import pytest

from engine.algorithms.base import Algorithm
from engine.algorithms.fisher_scoring import FisherScoring
from engine.algorithms.newton import Newton
from engine.models.genetic_linkage import GeneticLinkage
from tests.reference.lanes import DATA, Bench, dataset

MAXIMUM = 0.62682149787098241
AT_MAXIMUM = -7.5486575163320
RATE = 0.13277873374560


@pytest.fixture(scope="module")
def bench() -> Bench:
    # The second column holds formulas.
    lines = (DATA / "linkage.csv").read_text(encoding="utf-8").splitlines()[1:]
    cells, _, counts = zip(*(line.split(",") for line in lines), strict=True)
    return Bench(GeneticLinkage(), dataset([float(each) for each in cells], [float(each) for each in counts]))


def path(bench: Bench, steps: int, algorithm: Algorithm | None = None) -> list[float]:
    trace = bench.trace({"theta": 0.5}, steps, algorithm)
    return [float(trace.parameters(place)["theta"]) for place in range(1, trace.count)]


def test_em(bench: Bench) -> None:
    wanted = [
        0.60824742268041,
        0.62432105036927,
        0.62648887907967,
        0.62677732234731,
        0.62681563211004,
        0.62682071901931,
    ]
    assert path(bench, 6) == pytest.approx(wanted, abs=5e-15)


def test_maximum_and_rate(bench: Bench) -> None:
    there = bench.accept({"theta": MAXIMUM})
    assert bench.problem.log_likelihood(there) == pytest.approx(AT_MAXIMUM, abs=1e-12)
    assert float(bench.em_map(there)["theta"]) == pytest.approx(MAXIMUM, abs=2e-16)
    assert abs(197 * MAXIMUM**2 - 15 * MAXIMUM - 68) < 1e-13
    assert bench.em_rate(there) == pytest.approx(RATE, rel=1e-7)


@pytest.mark.parametrize("hessian", ["louis", "differences"])
def test_newton_undamped(bench: Bench, hessian: str) -> None:
    algorithm = Newton(trust_region=False, hessian=hessian, probability_coordinates="raw")
    wanted = [0.636363636363636, 0.626968672225539, 0.626821531528730]
    digits = 1e-9 if hessian == "louis" else 1e-7
    assert path(bench, 3, algorithm) == pytest.approx(wanted, abs=digits)


def test_newton_within_a_radius_that_lets_it(bench: Bench) -> None:
    algorithm = Newton(probability_coordinates="raw")
    wanted = [0.636363636363636, 0.626968672225539, 0.626821531528730]
    assert path(bench, 3, algorithm) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("backtracking", [True, False])
def test_fisher_scoring(bench: Bench, backtracking: bool) -> None:
    algorithm = FisherScoring(backtracking=backtracking, probability_coordinates="raw")
    wanted = [0.633248730964467, 0.626534069269729, 0.626834428415782]
    assert path(bench, 3, algorithm) == pytest.approx(wanted, abs=2e-15)
