"""The headless experiment: one start, one likelihood, the same twice, and JSON as it was promised."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.analysis.information_criteria import aic, bic
from engine.analysis.polish import polished_maximum
from engine.comparison import compare, responsibilities
from engine.errors import InputError
from engine.experiment import Experiment, distinctly_named, from_document, from_toml
from engine.results import complete_rows, document, write_assignments, write_traces
from engine.run import run
from engine.specification import instance, lane
from engine.stopping import Stop

FIRST = """
[data]
name = "three-clusters"
size = 200
[model]
name = "gaussian-mixture"
[start]
name = "parameters"
weights = [0.15, 0.15, 0.70]
means = [[-1, 1], [0, 0], [1, 1]]
covariances = [[[4, 0], [0, 4]], [[4, 0], [0, 4]], [[4, 0], [0, 4]]]
[[lanes]]
algorithm = "em"
[[lanes]]
algorithm = "gradient-ascent"
learning_rate = 1.2
[[lanes]]
algorithm = "gradient-ascent"
weight_coordinates = "drop-last"
learning_rate = 2.0
[[lanes]]
algorithm = "lbfgs"
[[lanes]]
algorithm = "lbfgs"
name = "refused"
weight_coordinates = "raw"
[stop]
max_iterations = 60
"""


def experiment(data: str, model: str, start: str, *lanes: str, stop: Stop | None = None) -> Experiment:
    """An experiment in the words of the command line."""
    return Experiment(
        instance("datasets", data, "data"),
        instance("models", model, "model"),
        instance("starts", start, "start"),
        distinctly_named(tuple(lane(text, "lane") for text in lanes)),
        stop or Stop(),
    )


def without_clocks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_clocks(each) for key, each in value.items() if not key.endswith("seconds")}
    return [without_clocks(each) for each in value] if isinstance(value, list) else value


def test_all_lanes_start_at_one_likelihood_bit_for_bit() -> None:
    found = document(compare(from_toml(FIRST)), with_trace=True)
    start = found["start"]["log_likelihood"]
    assert [each["trace"]["log_likelihood"][0] for each in found["lanes"]] == [start] * 5


def test_the_same_experiment_twice_is_the_same_but_for_clocks() -> None:
    first, second = (
        json.dumps(without_clocks(document(compare(from_toml(FIRST)), with_trace=True))) for _ in range(2)
    )
    assert first == second


def test_traces_are_those_of_the_run_itself() -> None:
    made = from_toml(FIRST)
    found = compare(made)
    ready = found.preparation
    steps = run(ready.problem(), made.lanes[1].route(made.seed), ready.start_parameters, made.stop)
    assert [step.log_likelihood for step in steps] == found.lanes[1].trace.column("log_likelihood").tolist()


def test_document_is_as_promised() -> None:
    found = document(compare(from_toml(FIRST)), with_trace=True)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found) == ["data", "model", "start", "lanes"]
    assert list(found["start"]) == ["log_likelihood", "parameters"]
    for each in found["lanes"]:
        assert list(each) == [
            "name",
            "algorithm",
            "settings",
            "status",
            "reason",
            "log_likelihood",
            "bic",
            "aic",
            "parameters",
            "iterations",
            "evaluations",
            "passes",
            "cpu_seconds",
            "decreases",
            "events",
            "smallest_weight",
            "gap",
            "rate_of_gap",
            "to_gap",
            "trace",
        ]
        assert list(each["evaluations"])[:3] == ["e_steps", "gradients", "log_likelihoods"]
        assert list(each["trace"]) == ["log_likelihood", "passes", "cpu_seconds"]
        assert {len(column) for column in each["trace"].values()} == {each["iterations"] + 1}
        assert sum(event["kind"] == "decrease" for event in each["events"]) == each["decreases"]
        if each["status"] != "refused":
            assert np.shape(each["parameters"]["covariances"]) == (3, 2, 2)
    em, gradient, dropped, quasi_newton, refused = found["lanes"]
    assert em["evaluations"]["e_steps"] == em["iterations"] + 1 == em["passes"]
    assert gradient["evaluations"]["gradients"] == gradient["iterations"] + 1
    assert dropped["status"] == "left-constraints"
    assert dropped["log_likelihood"] is not None
    assert quasi_newton["status"] in ("converged", "iteration-limit")
    assert (refused["status"], refused["iterations"]) == ("refused", 0)
    assert refused["log_likelihood"] is refused["bic"] is refused["parameters"] is None
    assert "trace" not in document(compare(from_toml(FIRST)))["lanes"][0]


def test_parameters_belong_to_the_reported_likelihood() -> None:
    found = compare(from_toml(FIRST))
    problem = found.preparation.problem()
    for each in found.lanes[:4]:
        assert each.parameters is not None
        assert problem.log_likelihood(each.parameters) == each.log_likelihood


def test_best_lane_is_one_with_a_maximum() -> None:
    found = compare(from_toml(FIRST))
    assert found.best is not None
    assert found.best.log_likelihood == max(
        each.log_likelihood for each in found.lanes if each.trace.status in ("converged", "iteration-limit")
    )


def test_criteria_match_the_reference_on_old_faithful() -> None:
    made = experiment("faithful", "gaussian-mixture:components=2", "k-means++", "em")
    found = document(compare(made))["lanes"][0]
    assert found["log_likelihood"] == pytest.approx(-1130.2639601847416, rel=1e-13)
    assert found["bic"] == pytest.approx(2322.191743098739, rel=1e-13)
    assert found["aic"] == pytest.approx(2 * 11 + 2 * 1130.2639601847416, rel=1e-13)


def test_criteria_count_rows_by_their_weights() -> None:
    found = document(compare(experiment("deaths", "poisson-mixture:components=2", "k-means++", "em")))
    lane_found = found["lanes"][0]
    assert found["data"]["total_weight"] == 1096
    assert lane_found["bic"] == 3 * math.log(1096) - 2 * lane_found["log_likelihood"]
    assert math.isnan(bic(math.nan, 3, 10))
    assert aic(-1.0, 2) == 6.0


def test_a_collapse_is_told_with_the_last_likelihood_and_null() -> None:
    made = from_toml(
        """
        [data]
        name = "file"
        content = "x\\n-2\\n-1\\n0\\n1\\n2\\n5\\n"
        [model]
        name = "gaussian-mixture"
        components = 2
        [start]
        name = "parameters"
        weights = [0.5, 0.5]
        means = [[0], [5]]
        covariances = [[[2]], [[1]]]
        [[lanes]]
        algorithm = "em"
        """
    )
    found = compare(made)
    told = document(found, with_trace=True)["lanes"][0]
    assert told["status"] == "collapsed"
    assert told["trace"]["log_likelihood"][-1] is None
    assert told["log_likelihood"] == told["trace"]["log_likelihood"][-2]
    assert told["log_likelihood"] == pytest.approx(-7.780772765, abs=1e-8)
    assert np.min(told["parameters"]["covariances"]) == pytest.approx(8.80e-5, rel=1e-2)
    assert found.best is None
    with pytest.raises(InputError, match="No lane ended with a likelihood"):
        responsibilities(found)


def test_covariances_have_three_axes_whatever_their_type() -> None:
    for kind in ("full", "diagonal", "spherical", "tied"):
        made = experiment(
            "faithful",
            f"gaussian-mixture:components=2,covariance={kind}",
            "k-means++",
            "em",
            stop=Stop(max_iterations=2),
        )
        found = document(compare(made))
        assert np.shape(found["lanes"][0]["parameters"]["covariances"]) == (2, 2, 2)
        assert np.shape(found["start"]["parameters"]["covariances"]) == (2, 2, 2)


def test_traces_and_assignments_are_written_whole(tmp_path: Path) -> None:
    found = compare(from_toml(FIRST))
    write_traces(found, tmp_path / "traces.csv")
    rows = list(csv.DictReader((tmp_path / "traces.csv").open(encoding="utf-8")))
    em = [row for row in rows if row["lane"] == "em"]
    assert [int(row["iteration"]) for row in em] == list(range(found.lanes[0].trace.count))
    assert [float(row["log_likelihood"]) for row in em] == found.lanes[0].trace.floats(
        "log_likelihood"
    ).tolist()
    assert {row["lane"] for row in rows} == {each.lane.title for each in found.lanes}
    write_assignments(found, tmp_path / "rows.csv", None)
    assigned = list(csv.DictReader((tmp_path / "rows.csv").open(encoding="utf-8")))
    assert [int(row["row"]) for row in assigned] == list(range(1, 201))
    shares = np.array([[float(row[f"responsibility_{k}"]) for k in (1, 2, 3)] for row in assigned])
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert [int(row["component"]) - 1 for row in assigned] == np.argmax(shares, axis=1).tolist()


def test_complete_rows_are_numbered_from_one() -> None:
    values = np.array([[1.0, 2.0], [np.nan, 1.0], [3.0, 4.0]])
    assert complete_rows(values).tolist() == [1, 3]


def test_outside_the_constraints_the_last_likelihood_counts() -> None:
    made = experiment(
        "faithful",
        "gaussian-mixture:components=2",
        "k-means++",
        "gradient-ascent:weight_coordinates=raw,after_leaving=continue",
        stop=Stop(max_iterations=20),
    )
    found = compare(made).lanes[0]
    assert found.best_iteration == 0
    assert not found.has_maximum


@pytest.mark.parametrize(
    ("data", "model", "start", "maximum"),
    [
        (
            "deaths",
            "poisson-mixture:components=2",
            "parameters:weights=[0.3,0.7],rates=[[1],[2.5]]",
            -1989.945859882964,
        ),
        ("faithful", "gaussian-mixture:components=2", "k-means++", -1130.2639601847416),
    ],
)
def test_polishing_reaches_the_maximum_uncharged(data: str, model: str, start: str, maximum: float) -> None:
    found = compare(experiment(data, model, start, "em", stop=Stop(max_iterations=20)))
    assert found.best is not None
    assert found.best.parameters is not None
    problem = found.preparation.problem()
    assert polished_maximum(problem, found.best.parameters) == pytest.approx(maximum, rel=2e-14)
    assert problem.meter.passes == 0


def test_polishing_stays_on_the_boundary_and_within_its_passes() -> None:
    story = instance("datasets", "zero-weight", "data")
    made = from_document(
        {
            "data": {"name": "zero-weight"},
            **story.setup(),
            "lanes": [{"algorithm": "projected-gradient"}],
            "stop": {"max_iterations": 300},
        }
    )
    found = compare(made)
    assert found.best is not None
    assert found.best.parameters is not None
    assert found.best.parameters["weights"][2] == 0
    value = polished_maximum(found.preparation.problem(), found.best.parameters)
    assert value >= found.best.log_likelihood
    assert value == pytest.approx(found.best.log_likelihood, rel=1e-12)
