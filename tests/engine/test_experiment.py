"""Experiment files: the issue's example loads, a round trip gives an equal one, hostile ones get a sentence."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

from engine import catalogue
from engine.errors import InputError
from engine.experiment import (
    Experiment,
    checked_lane_name,
    distinctly_named,
    from_document,
    from_toml,
    read_experiment,
)
from engine.run import Intervention
from engine.settings import Setting, settings_of
from engine.starts.parameters import GivenParameters

EXAMPLE = """
title = "Old Faithful, three clusters"
[data]
name = "faithful"
[model]
name = "gaussian-mixture"
components = 3
[start]
name = "parameters"
weights = [0.333333333333, 0.333333333333, 0.333333333334]
means = [[2.0, 55.0], [3.5, 70.0], [4.3, 80.0]]
covariances = [[[0.33, 0.0], [0.0, 46.0]], [[0.33, 0.0], [0.0, 46.0]], [[0.33, 0.0], [0.0, 46.0]]]
[[lanes]]
algorithm = "em"
[[lanes]]
algorithm = "gradient-ascent"
learning_rate = 0.5
weight_coordinates = "softmax"
[stop]
rule = "gradient"
tolerance = 1e-8
max_iterations = 2000
"""

SHORT = """
[data]
name = "three-clusters"
[model]
name = "gaussian-mixture"
[[lanes]]
algorithm = "em"
"""


def test_the_example_loads() -> None:
    experiment = from_toml(EXAMPLE)
    assert experiment.title == "Old Faithful, three clusters"
    assert [lane.title for lane in experiment.lanes] == ["em", "gradient-ascent"]
    assert (experiment.stop.rule, experiment.stop.tolerance) == ("gradient", 1e-8)
    assert experiment.stop.max_iterations == 2000
    prepared = experiment.model.prepare(experiment.data.generate())
    start = experiment.start.choose(experiment.model, prepared)
    described = experiment.model.describe(start)
    assert described["means"] == pytest.approx(np.array([[2.0, 55.0], [3.5, 70.0], [4.3, 80.0]]))
    assert described["covariances"][2] == pytest.approx(np.diag([0.33, 46.0]), abs=1e-15)


def test_what_is_not_said_is_the_default() -> None:
    experiment = from_toml(SHORT)
    assert experiment.start.name == "k-means++"
    assert (experiment.stop.rule, experiment.stop.tolerance) == ("gradient", 1e-8)
    assert experiment.stop.max_iterations == 1000


def other_than_default(each: Setting) -> Any:
    """A value that the setting allows and that is not its default."""
    if each.choices:
        return each.choices[-1] if isinstance(each.default, str) else each.choices[-1:]
    if isinstance(each.default, bool):
        return not each.default
    if isinstance(each.default, (int, float)):
        low = each.minimum if each.minimum is not None else (each.above or 0.0)
        high = each.maximum if each.maximum is not None else low + 10
        middle = low + (high - low) / 4
        return int(middle) + 1 if isinstance(each.default, int) else middle
    return each.default


def fully_set(kind: str, name: str) -> Any:
    cls = catalogue.get(kind, name)
    return cls(**{each.name: other_than_default(each) for each in settings_of(cls)})


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind in ("datasets", "models", "starts", "algorithms")
        for name in catalogue.find(kind)
    ],
)
def test_round_trip_of_every_class_with_every_setting(kind: str, name: str) -> None:
    experiment = from_toml(EXAMPLE)
    instance = fully_set(kind, name)
    field = {"datasets": "data", "models": "model", "starts": "start"}.get(kind)
    if field is None:
        lanes = (dataclasses.replace(experiment.lanes[0], algorithm=instance), *experiment.lanes[1:])
        experiment = experiment.replace(lanes=distinctly_named(lanes))
    else:
        experiment = experiment.replace(**{field: instance})
    again = from_toml(experiment.to_toml())
    assert again == experiment
    assert again.to_toml() == experiment.to_toml()


def test_round_trip_of_everything_else() -> None:
    experiment = from_toml(EXAMPLE)
    lane = dataclasses.replace(
        experiment.lanes[1],
        name="Slow one - 2",
        interventions=(Intervention(57, "learning_rate", 0.25), Intervention(90, "learning_rate", 0.1)),
        after_leaving="continue",
    )
    experiment = experiment.replace(
        lanes=(experiment.lanes[0], lane),
        seed=7,
        caption='Both climb; "one" stumbles \\ falls.\nTwice: é, 統計',
        stop=dataclasses.replace(experiment.stop, max_passes=12.5, max_seconds=0.1, rule="gain"),
        show=dataclasses.replace(experiment.show, speed=0.5, clock="cpu", vertical="gap", truth=True),
    )
    assert from_toml(experiment.to_toml()) == experiment


def test_numbers_survive_to_the_last_bit() -> None:
    experiment = from_toml(EXAMPLE)
    weights = (0.1 + 0.2, 1 / 3, 1 - (0.1 + 0.2) - 1 / 3)
    experiment = experiment.replace(start=GivenParameters(weights=weights))
    assert from_toml(experiment.to_toml()).start.weights == weights  # type: ignore[attr-defined]


def test_lanes_of_one_name_get_numbers() -> None:
    lanes = from_toml(SHORT + '[[lanes]]\nalgorithm = "em"\n[[lanes]]\nalgorithm = "em"\n').lanes
    assert [lane.title for lane in lanes] == ["em", "em 2", "em 3"]


@pytest.mark.parametrize("name", ["", "EM", "Lane 2", "a-b c", "x" * 40])
def test_lane_names_that_are_taken(name: str) -> None:
    assert checked_lane_name(name, "here") == name


@pytest.mark.parametrize("name", [" x", "-x", "a/b", "a\nb", "x" * 41, "é", 3, None, ["em"]])
def test_lane_names_that_are_refused(name: Any) -> None:
    with pytest.raises(InputError, match=r"here: .* cannot name a lane"):
        checked_lane_name(name, "here")


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        from_toml(text)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert sentence.replace("...", "").count(". ") == 0
    return sentence


LANE = '[[lanes]]\nalgorithm = "em"\n'
ASCENT = '[[lanes]]\nalgorithm = "gradient-ascent"\n'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "[data]"),
        ("[data", "not a readable experiment file"),
        ("title = 'x'\ntitle = 'y'\n" + SHORT, "not a readable experiment file"),
        ("title = 3\n" + SHORT, "title = 3"),
        ("caption = ['x']\n" + SHORT, "caption"),
        ("seed = true\n" + SHORT, "seed = True"),
        ("seed = 1.5\n" + SHORT, "seed = 1.5"),
        ("seed = -1\n" + SHORT, "seed = -1"),
        ("colour = 'red'\n" + SHORT, "'colour'"),
        ("stop = 3\n" + SHORT, "[stop]"),
        ("data = 'faithful'\n[model]\nname = 'gaussian-mixture'\n" + LANE, "[data]"),
        (SHORT.replace("three-clusters", "no-such-data"), "no-such-data"),
        (SHORT.replace('name = "three-clusters"', "size = 3"), "[data] needs a name"),
        (SHORT.replace("gaussian-mixture", "../../secret"), "../../secret"),
        (SHORT.replace("gaussian-mixture", 'gaussian-mixture"\ncomponents = 0 #'), "components = 0"),
        (SHORT.replace("gaussian-mixture", 'gaussian-mixture"\ncomponents = 13 #'), "components = 13"),
        (SHORT.replace("gaussian-mixture", 'gaussian-mixture"\ncomponents = 2.5 #'), "components = 2.5"),
        (SHORT.replace("gaussian-mixture", "gaussian-mixture\"\ncomponents = '3' #"), "components = '3'"),
        (
            SHORT.replace("gaussian-mixture", "gaussian-mixture\"\ncovariance = 'round' #"),
            "covariance = 'round'",
        ),
        (
            SHORT.replace("gaussian-mixture", 'gaussian-mixture"\ncovariance_floor = nan #'),
            "covariance_floor",
        ),
        (SHORT.replace("gaussian-mixture", "gaussian-mixture\"\nhold = 'means' #"), "hold"),
        (SHORT.replace("gaussian-mixture", "gaussian-mixture\"\nhold = ['rates'] #"), "hold = 'rates'"),
        (SHORT + ASCENT + "learning_rate = 0.0\n", "learning_rate = 0.0"),
        (SHORT + ASCENT + "learning_rate = -inf\n", "learning_rate"),
        (SHORT + ASCENT + "learning_rate = true\n", "learning_rate = true"),
        (SHORT + ASCENT + "momentum = 0.9\n", "'momentum'"),
        (SHORT + ASCENT + "name = 'a/b'\n", "'a/b'"),
        (SHORT + ASCENT + "after_leaving = 'weep'\n", "after_leaving = 'weep'"),
        (SHORT + ASCENT + "interventions = 3\n", "intervention"),
        (SHORT + ASCENT + "interventions = [{ learning_rate = 0.1 }]\n", "intervention"),
        (SHORT + ASCENT + "interventions = [{ iteration = -1, learning_rate = 0.1 }]\n", "intervention"),
        (SHORT + ASCENT + "interventions = [{ iteration = true, learning_rate = 0.1 }]\n", "intervention"),
        (SHORT + ASCENT + "interventions = [{ iteration = 3 }]\n", "intervention"),
        (
            SHORT + ASCENT + "interventions = [{ iteration = 3, weight_coordinates = 'raw' }]\n",
            "'weight_coordinates' cannot change in flight",
        ),
        (
            SHORT + ASCENT + "interventions = [{ iteration = 3, learning_rate = 0.0 }]\n",
            "learning_rate = 0.0",
        ),
        (SHORT + "[[lanes]]\nname = 'x'\n", "[[lanes]] 2 needs an algorithm"),
        (SHORT + "[[lanes]]\nalgorithm = 'E-M'\n", "'E-M'"),
        (SHORT + "[[lanes]]\nalgorithm = 3\n", "[[lanes]] 2"),
        (SHORT + 8 * LANE, "at most 8 lanes"),
        (SHORT.replace(LANE, ""), "[lanes]"),
        ("lanes = []\n" + SHORT.replace(LANE, ""), "[[lanes]]"),
        ("lanes = 'em'\n" + SHORT.replace(LANE, ""), "[[lanes]]"),
        ("lanes = ['em']\n" + SHORT.replace(LANE, ""), "[[lanes]] 1"),
        (SHORT + "[stop]\ntolerance = -1.0\n", "tolerance = -1.0"),
        (SHORT + "[stop]\nmax_iterations = 0\n", "max_iterations = 0"),
        (SHORT + "[stop]\nmax_iterations = 1e3\n", "max_iterations = 1000.0"),
        (SHORT + "[stop]\nrule = 'hope'\n", "rule = 'hope'"),
        (SHORT + "[stop]\nmax_seconds = 0.0\n", "max_seconds = 0.0"),
        (SHORT + "[show]\nclock = 'sundial'\n", "clock = 'sundial'"),
        (SHORT + "[start]\nname = 'parameters'\nweights = 'all'\n", "weights = 'all'"),
        (SHORT + "[start]\nname = 'parameters'\nmeans = [1.0]\n", "means"),
        (SHORT + "[start]\nname = 'parameters'\nweights = [inf, 0.0]\n", "weights"),
        (SHORT + "[start]\nname = 'k-means++'\nseed = 2147483648\n", "seed = 2147483648"),
        (SHORT + "[start]\nname = 'k-means++'\nseed = 1979-05-27\n", "seed"),
    ],
)
def test_hostile_files_are_refused_by_the_key(text: str, named: str) -> None:
    assert named in refused(text)


@pytest.mark.parametrize(
    ("start", "named"),
    [
        ("weights = [0.5, 0.5]", "'weights' has the shape 2, but this model and data need 3"),
        ("weights = [0.5, 0.6, -0.1]", "weights must be at least 0"),
        ("weights = [0.5, 0.5, 0.5]", "sum to 1"),
        (
            "means = [[0.0, 0.0], [1.0, 1.0]]",
            "'means' has the shape 2 x 2, but this model and data need 3 x 2",
        ),
        ("means = [[0.0], [1.0, 1.0], [2.0, 2.0]]", "'means'"),
        ("covariances = 3", "'covariances'"),
        ("covariances = 'wide'", "'covariances'"),
        (
            "covariances = [[[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]",
            "definite",
        ),
        (
            "covariances = [[[1.0, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]",
            "symmetric",
        ),
        ("rates = [[1.0], [2.0], [3.0]]", "no parameter 'rates'"),
        ("", "'weights' is missing"),
    ],
)
def test_starts_that_do_not_fit_are_refused_by_the_name(start: str, named: str) -> None:
    good = {
        "weights": "weights = [0.2, 0.3, 0.5]",
        "means": "means = [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]",
        "covariances": "covariances = [" + ", ".join(3 * ["[[1.0, 0.0], [0.0, 1.0]]"]) + "]",
    }
    if start:
        good[start.split(" ")[0]] = start
    text = SHORT + "[start]\nname = 'parameters'\n" + ("\n".join(good.values()) if start else "")
    experiment = from_toml(text)
    prepared = experiment.model.prepare(experiment.data.generate())
    with pytest.raises(InputError) as caught:
        experiment.start.choose(experiment.model, prepared)
    assert named in str(caught.value)
    assert str(caught.value).startswith("[start]")


def test_a_deep_or_enormous_value_is_told_in_a_short_sentence() -> None:
    sentence = refused(SHORT + "[start]\nname = 'parameters'\nweights = [" + "[1.0], " * 5000 + "]\n")
    assert len(sentence) < 300


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_experiment(tmp_path / "missing.toml")
    with pytest.raises(InputError, match="cannot be read"):
        read_experiment(tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not a text file"):
        read_experiment(binary)
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(SHORT + "[stop]\nrule = 'hope'\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^wrong.toml: \[stop\]: rule"):
        read_experiment(wrong)


def test_a_file_is_read_back(tmp_path: Path) -> None:
    experiment: Experiment = from_toml(EXAMPLE)
    path = tmp_path / "example.toml"
    path.write_text(experiment.to_toml(), encoding="utf-8")
    assert read_experiment(path) == experiment
    marked = tmp_path / "marked.toml"
    marked.write_bytes(b"\xef\xbb\xbf" + experiment.to_toml().replace("\n", "\r\n").encode())
    assert read_experiment(marked) == experiment


def test_documents_that_were_decoded_elsewhere() -> None:
    document = {
        "data": {"name": "faithful"},
        "model": {"name": "gaussian-mixture"},
        "lanes": [{"algorithm": "em"}],
    }
    assert from_document(document) == from_toml(tomli_w.dumps(document))
