"""What a person sees who moves one slider or changes one setting, checked without the window."""

from typing import Any

import numpy as np
import pytest

from engine.comparison import Comparison, LaneResult, compare
from engine.datasets.three_clusters import ThreeClusters
from engine.datasets.zero_weight import ZeroWeight
from engine.experiment import from_document
from engine.parameters import Array


def run(story: ThreeClusters | ZeroWeight, *lanes: dict[str, Any], **stop: Any) -> Comparison:
    data = {"name": story.name}
    if isinstance(story, ThreeClusters):
        data["separation"] = story.separation  # type: ignore[assignment]
    return compare(from_document({"data": data, **story.setup(), "lanes": list(lanes), "stop": stop}))


def arrival(result: LaneResult, maximum: float) -> float:
    """Passes until the log-likelihood is within 0.001 of the maximum; infinite where it never is."""
    close = result.trace.floats("log_likelihood") >= maximum - 1e-3
    return float(result.trace.floats("passes")[np.argmax(close)]) if np.any(close) else np.inf


def weights(result: LaneResult, component: int) -> Array:
    iterations, path = result.trace.path("weights")
    assert iterations.tolist() == list(range(result.trace.count))
    return path[:, component]


def test_separation_down_em_crawls_and_gradient_ascent_too_and_lbfgs_arrives_first() -> None:
    lanes = ({"algorithm": "em"}, {"algorithm": "gradient-ascent"}, {"algorithm": "lbfgs"})
    apart = run(ThreeClusters(), *lanes, max_iterations=100).lanes
    overlapping = run(ThreeClusters(separation=0.6), *lanes, max_iterations=900).lanes
    assert apart[0].iterations < 60
    assert overlapping[0].iterations > 5 * apart[0].iterations
    maximum = overlapping[0].log_likelihood
    assert overlapping[2].log_likelihood == pytest.approx(maximum, abs=1e-6)
    em, ascent, lbfgs = (arrival(each, maximum) for each in overlapping)
    assert 1.5 * lbfgs < em
    assert 3 * em < ascent


@pytest.mark.parametrize(("rate", "decreases"), [(0.3, False), (1.2, True)])
def test_the_rate_up_until_the_curve_falls_and_rises(rate: float, decreases: bool) -> None:
    lane = run(
        ThreeClusters(), {"algorithm": "gradient-ascent", "learning_rate": rate}, max_iterations=100
    ).lanes[0]
    values = lane.trace.floats("log_likelihood")
    fell = [place for place, event in lane.trace.events if event.kind == "decrease"]
    assert bool(fell) is decreases
    assert lane.decreases == len(fell)
    assert fell == (1 + np.flatnonzero(np.diff(values) < 0)).tolist()


def test_at_a_true_zero_em_is_geometric_softmax_like_1_over_t_and_neither_arrives() -> None:
    lanes = (
        {"algorithm": "em"},
        {"algorithm": "gradient-ascent", "learning_rate": 2.0},
        {"algorithm": "projected-gradient"},
    )
    em, softmax, projected = run(ZeroWeight(), *lanes, tolerance=0.0, max_iterations=500).lanes
    em_weight, softmax_weight = weights(em, 2), weights(softmax, 2)
    assert np.all(em_weight > 0)
    assert np.all(softmax_weight > 0)
    # The factor is the mean of f3/f at the maximum, which is .892 here.
    factors = em_weight[201:] / em_weight[200:-1]
    assert factors == pytest.approx(0.892, abs=5e-4)
    assert np.ptp(factors) < 1e-9
    # Like c / (t + t0): the reciprocal grows by the same amount at every step.
    slopes = np.diff(1 / softmax_weight[[300, 400, 500]]) / 100
    assert slopes[1] == pytest.approx(slopes[0], rel=0.15)
    assert projected.trace.last.parameters["weights"][2] == 0.0
    reached = [place for place, event in projected.trace.events if event.kind == "empty-component"]
    assert len(reached) == 1
    assert np.all(weights(projected, 2)[reached[0] :] == 0.0)
