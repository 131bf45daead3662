"""Verdicts on runs whose outcome is known, and on quantities that are not there."""

import math

import pytest

from engine.comparison import Comparison, compare
from engine.datasets.three_clusters import ThreeClusters
from engine.errors import InputError
from engine.experiment import Experiment, from_document
from engine.verdicts import Verdict, check

LANES = [
    {"algorithm": "em"},
    {"algorithm": "gradient-ascent", "name": "stumbling", "learning_rate": 1.2},
    {
        "algorithm": "gradient-ascent",
        "name": "outside",
        "learning_rate": 0.1,
        "weight_coordinates": "drop-last",
    },
    {"algorithm": "lbfgs", "name": "no way", "weight_coordinates": "raw"},
]


def experiment(*claims: str) -> Experiment:
    story = ThreeClusters()
    return from_document(
        {
            "data": {"name": story.name},
            **story.setup(),
            "lanes": LANES,
            "stop": {"max_iterations": 60},
            "claims": list(claims),
        }
    )


@pytest.fixture(scope="module")
def run() -> Comparison:
    return compare(experiment())


def verdict(run: Comparison, claim: str) -> Verdict:
    comparison = Comparison(experiment(claim), run.preparation, run.start_log_likelihood, run.lanes)
    return check(comparison)[0]


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ('em.status == "converged"', True),
        ("em.decreases == 0", True),
        ("em.left_at == never", True),
        ("em.first_decrease == never", True),
        ("em.gap < 1e-6", True),
        ("em.arrival < 42", True),
        ("em.passes - em.iterations == 1", True),
        ("em.e_steps == em.passes", True),
        ("em.gradients == 0", True),
        ("em.smallest_weight > 0.1", True),
        ("stumbling.decreases >= 15", True),
        ("stumbling.first_decrease <= 21", True),
        ("stumbling.arrival == never", True),
        ("stumbling.passes_to_arrival == never", True),
        ('outside.status == "left-constraints"', True),
        ("outside.left_at == 23", True),
        ("outside.smallest_weight < 0", True),
        ("outside.value - outside.log_likelihood > 0", True),
        ('"no way".status == "refused"', True),
        ("em.decreases > 0", False),
        ('em.status != "converged"', False),
        ("em.arrival >= stumbling.arrival", False),
    ],
)
def test_claims_about_a_known_run(run: Comparison, claim: str, holds: bool) -> None:
    assert verdict(run, claim).holds is holds


@pytest.mark.parametrize("comparison", ["==", "!=", "<", "<=", ">", ">="])
def test_nothing_can_be_claimed_of_a_number_that_is_not_there(run: Comparison, comparison: str) -> None:
    found = verdict(run, f'"no way".log_likelihood {comparison} 0')
    assert not found.holds
    assert math.isnan(float(found.found[0][1]))


def test_what_was_found_is_told(run: Comparison) -> None:
    found = verdict(run, "outside.left_at - em.left_at < 0").found
    assert [(str(quantity), value) for quantity, value in found] == [
        ("outside.left_at", 23.0),
        ("em.left_at", math.inf),
    ]


def test_a_claim_about_a_lane_that_is_gone_is_refused(run: Comparison) -> None:
    without = experiment("em.decreases == 0").replace(claims=("gone.decreases == 0",))
    with pytest.raises(InputError, match="gone"):
        check(Comparison(without, run.preparation, run.start_log_likelihood, run.lanes))
