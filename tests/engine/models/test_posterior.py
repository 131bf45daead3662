"""E steps under other posteriors than the exact one, and M steps over some blocks, for every model."""

import math

import numpy as np
import pytest

from engine.models import mixture, workspace
from engine.models.base import UndefinedLikelihood
from engine.models.hidden_markov import HiddenMarkov
from engine.models.mixture_of_factor_analysers import MixtureOfFactorAnalysers
from engine.models.posterior import EXACT, Hard, Posterior, Sampled, Tempered
from engine.models.student_t_mixture import StudentTMixture
from engine.parameters import Array, Parameters
from tests import textbook
from tests.engine.models.cases import CASES, DISCRETE, WEIGHTED, Case, IncompleteRows, data_for
from tests.textbook import Extended, extended

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
every_mixture = pytest.mark.parametrize("case", WEIGHTED, ids=lambda case: case.label)


def joint_log_densities(case: Case) -> Extended:
    """log pi_k + log f_k(x_i), (n, K), as a textbook has them."""
    described = case.model.describe(case.parameters)
    with np.errstate(divide="ignore"):
        densities = textbook.log_densities(case.dataset.values, described, **case.density_settings)
    return extended(densities + np.log(extended(described["weights"])))


def row_weights(case: Case) -> Extended:
    given = case.dataset.row_weights
    return extended(np.ones(case.prepared.units) if given is None else given)


def counts_of(case: Case, statistics: Array) -> Array:
    """n_k, (K,), of flat statistics."""
    sums = statistics.reshape(2, -1)[0]
    if isinstance(case.model, mixture.Mixture):
        return np.asarray(sums.reshape(case.model.components, -1)[:, 0])
    return np.asarray(sums[:-1])


def m_step_agrees(case: Case, posterior: Posterior, responsibilities: Extended) -> None:
    """Whether the M step from an E step is that of a textbook from these responsibilities (n, K)."""
    found = case.problem().expect(case.parameters, posterior=posterior)
    assert found.ratios is None
    assert not found.statistics.flags.writeable
    described = case.model.describe(case.parameters)
    wanted = textbook.m_step(
        case.dataset.values,
        responsibilities,
        described,
        case.dataset.row_weights,
        **case.textbook_settings,
    )
    after = case.model.describe(case.model.m_step(found.statistics, case.parameters))
    for name, values in after.items():
        largest = float(np.max(np.abs(wanted[name])))
        assert values == pytest.approx(wanted[name].astype(float), rel=1e-9, abs=1e-11 * largest)


@every_mixture
@pytest.mark.parametrize("beta", [0.2, 0.7, 3.0])
def test_a_tempered_posterior_is_the_textbooks(case: Case, beta: float) -> None:
    joint = joint_log_densities(case)
    with np.errstate(invalid="ignore"):
        powers = np.exp(extended(beta) * (joint - np.max(joint, axis=1, keepdims=True)))
    total = np.sum(powers, axis=1)
    objective = float(np.sum(row_weights(case) * (np.max(joint, axis=1) + np.log(total) / beta)))
    found = case.problem().expect(case.parameters, posterior=Tempered(beta))
    assert found.log_likelihood == pytest.approx(objective, rel=1e-12)
    m_step_agrees(case, Tempered(beta), powers / total[:, None])


@every_mixture
def test_a_beta_of_1_is_the_exact_posterior_bit_for_bit(case: Case) -> None:
    problem = case.problem()
    one, other = problem.expect(case.parameters), problem.expect(case.parameters, posterior=Tempered(1.0))
    assert one.log_likelihood == other.log_likelihood
    assert one.ratios is not None
    assert np.array_equal(one.statistics, other.statistics)
    assert np.array_equal(one.ratios, np.asarray(other.ratios))


@every_case
def test_tempering_tends_to_the_exact_posterior_and_to_the_hard_one(case: Case) -> None:
    problem = case.problem()
    exact, near = (problem.expect(case.parameters, posterior=each) for each in (EXACT, Tempered(1 + 1e-9)))
    scale = float(np.max(np.abs(exact.statistics)))
    np.testing.assert_allclose(near.statistics, exact.statistics, rtol=0, atol=1e-7 * scale)
    # Along a chain logarithms add up, and beta times what rounding leaves of them must stay small.
    beta = 1e6 if isinstance(case.model, HiddenMarkov) else 1e9
    hard, cold = (problem.expect(case.parameters, posterior=each) for each in (Hard(), Tempered(beta)))
    np.testing.assert_allclose(cold.statistics, hard.statistics, rtol=0, atol=1e-7 * scale)
    assert cold.log_likelihood == pytest.approx(hard.log_likelihood, rel=1e-6)
    if case not in DISCRETE:
        return
    # The objective falls as beta grows: a norm of higher order is a smaller one.
    objectives = [
        problem.expect(case.parameters, posterior=Tempered(beta)).log_likelihood
        for beta in (0.3, 0.9, 1, 1.1, 5)
    ]
    assert objectives == sorted(objectives, reverse=True)
    assert objectives[-1] >= hard.log_likelihood


@every_mixture
def test_a_hard_posterior_is_the_textbooks(case: Case) -> None:
    joint = joint_log_densities(case)
    chosen = np.argmax(joint, axis=1)
    indicators = extended(np.eye(joint.shape[1])[chosen])
    # A component of fewer rows has no spread, or no line of its own, and some models collapse there.
    rows = np.count_nonzero(indicators * row_weights(case)[:, None], axis=0)
    if np.min(rows) > case.dataset.dimension:
        m_step_agrees(case, Hard(), indicators)
    found = case.problem().expect(case.parameters, posterior=Hard())
    assert found.log_likelihood == pytest.approx(
        float(np.sum(row_weights(case) * np.max(joint, axis=1))), rel=1e-12
    )


@every_mixture
def test_a_draw_is_whole_rows_and_its_objective_is_that_of_the_completed_data(case: Case) -> None:
    problem = case.problem()
    found = problem.expect(case.parameters, posterior=Sampled(7, 3))
    counts = counts_of(case, found.statistics)
    assert np.array_equal(counts, np.round(counts))
    assert np.sum(counts) == case.prepared.total_weight
    q = case.model.expected_log_likelihood(case.prepared, found.statistics, case.parameters)
    if isinstance(case.model, StudentTMixture | MixtureOfFactorAnalysers | IncompleteRows):
        # The factors u, and cells that are missing, are not drawn; the entropy that they keep is the objective's too.
        assert found.log_likelihood > q
    else:
        assert found.log_likelihood == pytest.approx(q, rel=1e-11)


@pytest.mark.parametrize("case", WEIGHTED[::7], ids=lambda case: case.label)
def test_draws_have_the_posteriors_mean_and_variance(case: Case) -> None:
    """Counts n_k over 400 draws: mean sum_i w_i r_ik, variance sum_i w_i r_ik (1 - r_ik), to 4.5 errors."""
    problem, draws = case.problem(), 400
    shares = case.posterior.responsibilities.astype(float)
    weights = row_weights(case).astype(float)
    mean, variance = weights @ shares, weights @ (shares * (1 - shares))
    found = np.array(
        [
            counts_of(case, problem.expect(case.parameters, posterior=Sampled(1, count)).statistics)
            for count in range(draws)
        ]
    )
    assert np.all(np.abs(np.mean(found, axis=0) - mean) <= 4.5 * np.sqrt(variance / draws) + 1e-9)
    spread = np.var(found, axis=0)
    assert np.all(np.abs(spread - variance) <= 4.5 * variance * math.sqrt(2 / draws) + 0.05)


def test_a_draw_is_a_function_of_its_key_and_number() -> None:
    case = CASES[0]
    statistics = {
        each: case.problem().expect(case.parameters, posterior=each).statistics.tobytes()
        for each in (Sampled(0, 0), Sampled(0, 1), Sampled(1, 0), Sampled(1, 1))
    }
    assert len(set(statistics.values())) == 4
    again = case.problem().expect(case.parameters, posterior=Sampled(1, 0)).statistics
    assert again.tobytes() == statistics[Sampled(1, 0)]


def test_rows_of_a_broken_weight_are_drawn_once_more_for_the_rest() -> None:
    joint = np.log(np.array([[0.5, 0.9], [0.5, 0.1]]))
    _, drawn = Sampled(0, 0).assign(np.array(joint), np.array([2.25, 0.5]), 0)
    assert np.array_equal(np.sum(drawn, axis=0), [2.25, 0.5])
    assert set(np.ravel(4 * drawn) % 4) <= {0.0, 1.0, 2.0}
    _, impossible = Sampled(0, 0).assign(np.array([[0.0] * 50, [-np.inf] * 50]), np.full(50, 3.5), 0)
    assert not np.any(impossible[1])


def test_equal_components_are_treated_alike_where_nothing_is_drawn_or_decided() -> None:
    case = next(case for case in CASES if case.label == "gaussian-mixture-d2")
    values = {block.name: np.array(case.parameters[block.name]) for block in case.parameters.layout.blocks}
    for block in values.values():
        block[1] = block[0]
    values["weights"] = np.array([0.3, 0.3, 0.4])
    twins = case.parameters.replaced(values)
    tempered = case.problem().expect(twins, posterior=Tempered(0.5)).statistics.reshape(2, 3, -1)
    assert np.array_equal(tempered[:, 0], tempered[:, 1])
    # Of equals the first has all, so the second has nothing, whatever the product of matrices rounds.
    hard = case.problem().expect(twins, posterior=Hard()).statistics.reshape(2, 3, -1)
    assert hard[0, 0, 0] > 0
    assert not np.any(hard[:, 1])


@pytest.mark.parametrize("posterior", [Tempered(0.5), Hard(), Sampled(0, 0)], ids=str)
def test_threads_change_no_bit(posterior: Posterior, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "ROWS_WORTH_A_THREAD", 1)
    monkeypatch.setattr(mixture, "MOST_ROWS", 1024)
    label, model = CASES[0].label, CASES[0].model
    case = Case(label, model, data_for(model, 2, True, rows=5000))
    alone = case.problem(threads=1).expect(case.parameters, posterior=posterior)
    for _ in range(3):
        together = case.problem(threads=2).expect(case.parameters, posterior=posterior)
        assert together.log_likelihood == alone.log_likelihood
        assert np.array_equal(together.statistics, alone.statistics)


@pytest.mark.parametrize("posterior", [Tempered(0.5), Hard(), Sampled(0, 0)], ids=str)
def test_some_units_give_their_part(posterior: Posterior) -> None:
    for case in WEIGHTED[:: len(WEIGHTED) // 8]:
        problem = case.problem()
        parts = [problem.expect(case.parameters, np.arange(a, b), posterior) for a, b in ((0, 23), (23, 60))]
        assert problem.meter.passes == pytest.approx(1.0)
        assert problem.meter.e_steps == 2
        total, whole = parts[0] + parts[1], problem.expect(case.parameters, posterior=posterior)
        if isinstance(posterior, Sampled):
            # Other rows, another draw; but no row is lost.
            assert np.sum(counts_of(case, total.statistics)) == case.prepared.total_weight
            continue
        assert total.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
        scale = float(np.max(np.abs(whole.statistics)))
        np.testing.assert_allclose(total.statistics, whole.statistics, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("posterior", [EXACT, Tempered(0.5), Hard(), Sampled(0, 0)], ids=str)
def test_where_no_posterior_exists_the_likelihood_is_undefined(posterior: Posterior) -> None:
    for case in WEIGHTED[:: len(WEIGHTED) // 8]:
        weights = np.full(len(case.parameters["weights"]), np.nan)
        with pytest.raises(UndefinedLikelihood), np.errstate(all="ignore"):
            case.problem().expect(case.parameters.replaced({"weights": weights}), posterior=posterior)


@every_case
def test_an_m_step_over_some_blocks_moves_no_other_and_is_the_best_there(case: Case) -> None:
    statistics = case.problem().expect(case.parameters).statistics
    layout, model, here = case.parameters.layout, case.model, case.parameters

    def q(parameters: Parameters) -> float:
        return float(model.expected_log_likelihood(case.prepared, statistics, parameters))

    assert np.array_equal(model.m_step(statistics, here, ()).vector, here.vector)
    assert np.array_equal(
        model.m_step(statistics, here, layout.free).vector, model.m_step(statistics, here).vector
    )
    generator = np.random.Generator(np.random.Philox(9))
    for block in layout.blocks:
        moved = model.m_step(statistics, here, (block.name,))
        for other in layout.blocks:
            if other is not block or block.held:
                assert np.array_equal(moved[other.name], here[other.name])
        if block.held:
            continue
        top = q(moved)
        assert top > q(here)
        for _ in range(4):
            away = np.array(moved.vector)
            noise = generator.standard_normal(block.shape)
            away[layout.places[block.name]] += 1e-3 * np.ravel(block.support.tangent(noise))
            near = Parameters(layout, layout.project(away))
            assert q(near) <= top + 1e-9 * abs(top)


@every_case
def test_without_any_count_nothing_moves(case: Case) -> None:
    nothing = np.zeros_like(case.problem().expect(case.parameters).statistics)
    assert np.array_equal(case.model.m_step(nothing, case.parameters).vector, case.parameters.vector)
