"""What cannot be combined is told with its reason, and agrees with what the engine refuses."""

from collections.abc import Mapping
from typing import Any

import pytest

from engine import catalogue
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.errors import CannotRun
from engine.experiment import Experiment, from_document
from engine.models.multinomial_mixture import MultinomialMixture
from engine.objective import Problem
from engine.starts.parameters import GivenParameters
from gui.controls.combinations import can_leave, hidden_settings, lane_section, reasons
from tests.gui.frames import FIRST_EXPERIMENT

ONLY_WEIGHTS = FIRST_EXPERIMENT | {
    "model": {"name": "gaussian-mixture", "components": 3, "hold": ["means", "covariances"]}
}
NOTHING_FREE = FIRST_EXPERIMENT | {
    "model": {"name": "gaussian-mixture", "components": 3, "hold": ["weights", "means", "covariances"]}
}
ZERO_WEIGHT_START = FIRST_EXPERIMENT["start"] | {"weights": [0.5, 0.5, 0.0]}


def _experiment(**changes: Any) -> Experiment:
    return from_document(FIRST_EXPERIMENT | changes)


def _found(experiment: Experiment) -> dict[tuple[str, ...], str]:
    return dict(reasons(experiment, experiment.data.generate()))


def _refusal(experiment: Experiment, lane: int) -> str | None:
    """The sentence with which the engine refuses a lane; None where it runs."""
    dataset: Any = experiment.data.generate()
    model: Any = experiment.model
    prepared = model.prepare(dataset)
    start = experiment.start.choose(model, prepared)
    try:
        experiment.lanes[lane].algorithm.init(Problem(model, prepared), start, 0)
    except CannotRun as refused:
        return str(refused)
    return None


def _refuses(experiment: Experiment, lane: int) -> bool:
    return _refusal(experiment, lane) is not None


def _names(found: Mapping[tuple[str, ...], str], section: str) -> set[str]:
    """The classes that cannot be chosen in a section."""
    return {key[2] for key in found if key[:2] == (section, "name")}


def test_the_first_experiment_is_free_but_for_what_is_meant_for_other_models() -> None:
    experiment = _experiment()
    found = _found(experiment)
    assert _names(found, "model") == set(catalogue.find("models")) - set(experiment.data.suits)
    assert "uniform" in _names(found, "start")
    assert not _names(found, "start") & {"k-means++", "random-points", "truth"}
    for lane in (0, 1):
        assert {"frank-wolfe", "sqp"} <= _names(found, lane_section(lane))
        assert not _names(found, lane_section(lane)) & {"em", "squarem", "lbfgs", "newton", "sgd"}
    assert all(why.endswith(".") for why in found.values())
    assert all(len(key) == 3 for key in found)


@pytest.mark.parametrize("name", catalogue.find("algorithms"))
def test_an_algorithm_is_greyed_out_where_the_engine_refuses_it(name: str) -> None:
    for document in (FIRST_EXPERIMENT, ONLY_WEIGHTS, NOTHING_FREE):
        experiment = from_document(document | {"lanes": [{"algorithm": name}]})
        found = _found(experiment)
        refused = _refusal(experiment, 0)
        greyed = found.get((lane_section(0), "name", name))
        assert (greyed is None) == (refused is None)
        assert greyed is None or greyed.lower() == str(refused).lower()


def test_before_the_data_are_there_nothing_is_said_of_them() -> None:
    refused = _names(reasons(_experiment(), None), "start")
    model = _experiment().model
    assert refused == {
        name for name, cls in catalogue.find("starts").items() if cls().refusal(model) is not None
    }, "what the model alone decides"


def test_a_start_at_the_truth_needs_one() -> None:
    experiment = _experiment(data={"name": "faithful"}, start={"name": "k-means++"})
    assert "not known" in _found(experiment)["start", "name", "truth"]


def test_a_start_at_the_truth_needs_as_many_components() -> None:
    model = {"name": "gaussian-mixture", "components": 2}
    found = _found(_experiment(model=model, start={"name": "k-means++"}))
    assert "3" in found["start", "name", "truth"]


def test_raw_weights_are_refused_for_lbfgs_both_ways() -> None:
    lanes = [
        {"algorithm": "lbfgs", "weight_coordinates": "raw"},
        {"algorithm": "gradient-ascent", "weight_coordinates": "raw"},
    ]
    experiment = _experiment(lanes=lanes)
    found = _found(experiment)
    assert "no maximum" in found[lane_section(0), "weight_coordinates", "raw"]
    assert "no maximum" in found[lane_section(1), "name", "lbfgs"]
    assert (lane_section(1), "weight_coordinates", "raw") not in found
    assert _refuses(experiment, 0)
    assert not _refuses(experiment, 1)


def test_softmax_is_refused_at_a_start_weight_of_zero() -> None:
    experiment = _experiment(start=ZERO_WEIGHT_START)
    found = _found(experiment)
    assert "weight 3" in found[lane_section(1), "weight_coordinates", "softmax"]
    assert (lane_section(1), "weight_coordinates", "drop-last") not in found
    assert not [key for key in found if key[0] == lane_section(0) and key[1] != "name"]
    assert _refuses(experiment, 1)


def test_a_held_block_needs_no_coordinates() -> None:
    model = {"name": "gaussian-mixture", "components": 3, "hold": ["weights"]}
    experiment = _experiment(model=model, start=ZERO_WEIGHT_START)
    found = _found(experiment)
    assert "held fixed" in found[lane_section(1), "weight_coordinates"]
    assert not [key for key in found if key[0] == lane_section(1) and len(key) == 3 and key[1] != "name"]
    assert "exponentiated-gradient" in _names(found, lane_section(1))
    assert not _refuses(experiment, 1)


def test_with_everything_held_no_gradient_method_can_move() -> None:
    model = {"name": "gaussian-mixture", "hold": ["weights", "means", "covariances"]}
    experiment = _experiment(model=model)
    found = _found(experiment)
    assert (lane_section(0), "name", "gradient-ascent") in found
    assert (lane_section(0), "name", "em") not in found
    assert _refuses(experiment, 1)


def test_a_rate_of_zero_has_no_logarithm() -> None:
    experiment = from_document(
        {
            "data": {"name": "poisson-counts"},
            "model": {"name": "poisson-mixture", "components": 2},
            "start": {"name": "parameters", "weights": [0.5, 0.5], "rates": [[0, 1], [2, 3]]},
            "lanes": [{"algorithm": "adam"}],
        }
    )
    found = _found(experiment)
    assert "logarithm" in found[lane_section(0), "rate_coordinates", "log"]
    assert ("model", "name", "gaussian-mixture") in found


def test_a_persons_own_data_are_asked_which_models_they_suit() -> None:
    lanes = [{"algorithm": "em"}]
    document = {"model": {"name": "gaussian-mixture"}, "start": {"name": "k-means++"}, "lanes": lanes}
    counts = from_document(document | {"data": {"name": "file", "content": "a\n1\n2\n7\n"}})
    halves = from_document(document | {"data": {"name": "file", "content": "a\n1.5\n2\n7\n"}})
    assert ("model", "name", "poisson-mixture") not in _found(counts)
    assert "count" in _found(halves)["model", "name", "poisson-mixture"]
    many = from_document(document | {"data": {"name": "file", "content": "a\n1\n2\n70\n"}})
    sets = from_document(document | {"data": {"name": "file", "content": "heads,tosses\n1,2\n2,3\n7,10\n"}})
    unlike = from_document(document | {"data": {"name": "file", "content": "a,b\n1,2\n3,2\n7,10\n"}})
    for suited in (many, sets):
        assert ("model", "name", "coins") not in _found(suited)
    assert "has 2 columns of numbers" in _found(unlike)["model", "name", "coins"]


def test_a_model_that_misses_cells_may_be_chosen_for_dropping_rows_mends_that() -> None:
    document = {"model": {"name": "gaussian-mixture", "components": 1}, "lanes": [{"algorithm": "em"}]}
    start = {"name": "k-means++"}
    text = "a,b\n1.5,2\nNA,3\n2,3.5\n4,5\n0,-1\n"
    holes = from_document(document | {"data": {"name": "file", "content": text}, "start": start})
    found = _found(holes)
    assert ("model", "name", "student-t-mixture") not in found
    assert "count" in found["model", "name", "poisson-mixture"], "what dropping rows does not mend"


def test_a_column_of_trials_leaves_nothing_to_their_number() -> None:
    document = {"data": {"name": "coin-tosses", "lengths": "unequal"}, "lanes": [{"algorithm": "em"}]}
    start = {"name": "k-means++"}
    for column in ("", "tosses"):
        model = {"name": "coins", "trials_column": column}
        found = _found(from_document(document | {"model": model, "start": start}))
        assert (("model", "tosses") in found) == bool(column)


def test_settings_about_blocks_that_the_model_lacks_are_hidden() -> None:
    gaussian = _experiment().model
    assert hidden_settings(LimitedMemoryBfgs, gaussian) == ("rate_coordinates", "probability_coordinates")
    words = MultinomialMixture()
    assert "probability_coordinates" in hidden_settings(LimitedMemoryBfgs, words)
    assert "weight_coordinates" not in hidden_settings(LimitedMemoryBfgs, words)
    assert "heads" in hidden_settings(GivenParameters, words)
    assert "probabilities" not in hidden_settings(GivenParameters, words)


@pytest.mark.parametrize(
    ("lane", "expected"),
    [
        ({"algorithm": "em"}, False),
        ({"algorithm": "projected-gradient"}, False),
        ({"algorithm": "gradient-ascent"}, False),
        ({"algorithm": "gradient-ascent", "weight_coordinates": "drop-last"}, True),
        ({"algorithm": "adam", "covariance_coordinates": "raw"}, True),
    ],
)
def test_who_can_leave_the_constraints(lane: dict[str, Any], expected: bool) -> None:
    experiment = _experiment(lanes=[lane])
    assert can_leave(experiment.lanes[0].algorithm, experiment.model) is expected
