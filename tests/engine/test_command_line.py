"""The line that runs an experiment gives the same experiment back when the command line reads it."""

import shlex
from dataclasses import fields, replace
from pathlib import Path

import pytest

from commands.source import Options, experiment_from
from engine.command_line import LONGEST, fit_line
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import Experiment, Lane, distinctly_named, read_experiment
from engine.models.factor_analysis import FactorAnalysis
from engine.run import Intervention
from engine.shipped_experiments import FOLDER, shipped_experiments
from engine.specification import instance, lane
from engine.starts.parameters import GivenParameters
from engine.starts.squared_multiple_correlations import SquaredMultipleCorrelations
from engine.stopping import Stop
from main import laboratory

CSV = 'a,"b, too",n\n1,2.5,1\n2,3.5,2\n4,,1\n5,1.5,3\n'


def read_back(line: str) -> Experiment:
    """The experiment that the command line makes of a line, as a shell would hand it over."""
    program, command, *words = shlex.split(line)
    assert (program, command) == ("main.py", "fit")
    found = laboratory.commands["fit"].make_context("fit", words).params
    options = Options(**{each.name: found[each.name] for each in fields(Options)})
    return experiment_from(found["source"], options)


def run_alike(experiment: Experiment) -> tuple[object, ...]:
    """All that decides what comes out."""
    return (
        experiment.data,
        experiment.model,
        experiment.start,
        experiment.lanes,
        experiment.stop,
        experiment.seed,
    )


def made(data: str, *lanes: Lane, start: str = "k-means++:seed=3", stop: Stop | None = None) -> Experiment:
    return Experiment(
        instance("datasets", data, "data"),
        instance("models", "gaussian-mixture:components=2", "model"),
        instance("starts", start, "start"),
        distinctly_named(lanes or (lane("em", "lane"),)),
        stop or Stop(),
    )


@pytest.mark.parametrize("name", sorted(shipped_experiments()))
def test_every_shipped_experiment_comes_back(name: str) -> None:
    experiment = shipped_experiments()[name]
    assert run_alike(read_back(fit_line(experiment))) == run_alike(experiment)


def test_lanes_with_names_and_settings_and_the_rule_come_back() -> None:
    lanes = (
        lane("em", "lane"),
        lane("em", "lane"),
        lane(
            'gradient-ascent:learning_rate=0.125,weight_coordinates=raw,name="2",after_leaving=continue',
            "lane",
        ),
        lane("lbfgs:name=my own lane", "lane"),
    )
    experiment = made("three-clusters:size=90,separation=0.5", *lanes, stop=Stop("gain", 1e-6, 77))
    line = fit_line(experiment)
    assert "\n" not in line
    assert run_alike(read_back(line)) == run_alike(experiment)


def test_a_file_comes_back_with_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "my own: data.csv"
    path.write_text(CSV, encoding="utf-8")
    data = File(str(path), columns=("b, too", "a"), weights_column="n", drop_missing=True).pinned()
    assert data.content
    experiment = made("faithful").replace(data=data)
    again = read_back(fit_line(experiment, csv_file=path))
    assert isinstance(again.data, File)
    assert run_alike(again.replace(data=again.data.pinned())) == run_alike(experiment)
    # Without the file that they came from, a few rows still have room on the line.
    assert run_alike(read_back(fit_line(experiment))) == run_alike(experiment)


def test_a_matrix_comes_back_as_one(tmp_path: Path) -> None:
    path = tmp_path / "S.csv"
    path.write_text("a,b,c\n4,1,1\n1,9,2\n1,2,1\n", encoding="utf-8")
    data = File(str(path), matrix=True, observations=50).pinned()
    model, start = FactorAnalysis(), SquaredMultipleCorrelations()
    experiment = made("faithful").replace(data=data, model=model, start=start)
    for line in (fit_line(experiment, csv_file=path), fit_line(experiment)):
        again = read_back(line)
        assert isinstance(again.data, File)
        assert run_alike(again.replace(data=again.data.pinned())) == run_alike(experiment)


def test_a_file_comes_back_with_its_sequences_and_times(tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("who,day,x\nann,1,2.5\nann,2,3.5\nbob,1,4.5\n", encoding="utf-8")
    data = File(str(path), sequence_column="who", time_column="day").pinned()
    line = fit_line(made("faithful").replace(data=data), csv_file=path)
    assert "--sequence-column who --time-column day" in line
    again = read_back(line)
    assert isinstance(again.data, File)
    assert again.data.pinned() == data


def test_a_large_file_comes_back_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("a,b\n" + "1.5,2.5\n2.5,1.5\n" * 5000, encoding="utf-8")
    data = File(str(path)).pinned()
    assert not data.content
    again = read_back(fit_line(made("faithful").replace(data=data)))
    assert isinstance(again.data, File)
    assert again.data.pinned() == data


def changed_in_flight(experiment: Experiment) -> Experiment:
    first = replace(lane("gradient-ascent", "lane"), interventions=(Intervention(5, "learning_rate", 0.25),))
    return experiment.replace(lanes=(first,))


def with_long_start(experiment: Experiment) -> Experiment:
    rows = tuple((1 / 3 + k, 2 / 3 + k) for k in range(60))
    return experiment.replace(start=GivenParameters(weights=(1 / 60,) * 60, means=rows))


@pytest.mark.parametrize(
    ("experiment", "reason"),
    [
        (changed_in_flight(made("faithful")), "changed while a lane ran"),
        (with_long_start(made("faithful")), "start by parameters is too long"),
        (made("faithful").replace(data=File("x.csv", content="a,b\n" + "1,2\n" * 999)), "too long"),
        (made("faithful").replace(seed=4), "seed of the algorithms"),
        (made("faithful", stop=Stop(max_passes=10.0)), "'Passes at most'"),
        (made("faithful", stop=Stop(max_seconds=1.0)), "'CPU seconds at most'"),
    ],
)
def test_what_has_no_place_on_a_line_is_said_and_left_to_a_file(
    experiment: Experiment, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=f"{reason}.*save the experiment"):
        fit_line(experiment)
    file = tmp_path / "mine.toml"
    file.write_text(experiment.to_toml(), encoding="utf-8")
    line = fit_line(experiment, file)
    assert len(line) < LONGEST
    assert run_alike(read_back(line)) == run_alike(experiment)


def test_a_shipped_experiment_is_named() -> None:
    path = FOLDER / "em-never-goes-down.toml"
    experiment = read_experiment(path).replace(seed=1)
    assert fit_line(experiment, path) == "main.py fit em-never-goes-down"
