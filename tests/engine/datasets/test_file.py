"""The data stories that read files: a person's own, and the real data that are shipped."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.catalogue import get
from engine.csv_reader import ReadingCancelled
from engine.dataset import Dataset
from engine.datasets.deaths import Deaths
from engine.datasets.faithful import Faithful
from engine.datasets.file import INSIDE_UP_TO, File
from engine.datasets.iris import Iris
from engine.errors import InputError
from engine.settings import configure, written

TEXT = "größe;farbe;n\r\n1,5;grün;2\r\n;weiß;1\r\n2,5;grün;0\r\n"


def small(folder: Path, encoding: str = "utf-8") -> Path:
    path = folder / "own data.csv"
    path.write_bytes(TEXT.encode(encoding))
    return path


def large(folder: Path) -> Path:
    path = folder / "large.csv"
    path.write_text("a,b\n" + "1.25,2.5\n" * (INSIDE_UP_TO // 8))
    return path


def same(one: Dataset, other: Dataset) -> bool:
    assert one.columns == other.columns
    assert one.label_names == other.label_names
    return one.values.tobytes() == other.values.tobytes() and one.name == other.name


def sentence(story: File) -> str:
    with pytest.raises(InputError) as caught:
        story.generate()
    return str(caught.value)


def test_all_settings_reach_the_reader(tmp_path: Path) -> None:
    data = File(str(small(tmp_path)), ("größe",), "n", drop_missing=True).generate()
    assert data.name == "own data"
    assert data.columns == ("größe",)
    assert data.values.tolist() == [[1.5], [2.5]]
    assert data.row_weights is not None
    assert data.row_weights.tolist() == [2, 0]
    assert data.label_names == ("grün", "weiß")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_small_file_is_saved_inside_and_reads_back_the_same(tmp_path: Path, encoding: str) -> None:
    story = File(str(small(tmp_path, encoding)), weights_column="n")
    pinned = story.pinned()
    assert pinned.path == "own data.csv"
    assert pinned.content
    assert pinned.sha256 == ""
    assert pinned.relative_to(tmp_path).resolved(tmp_path / "elsewhere") == pinned.pinned() == pinned
    before = story.generate()
    Path(story.path).unlink()
    assert same(before, pinned.generate())
    assert configure(File, written(pinned), "[data]") == pinned


def test_a_large_file_is_saved_as_path_and_hash(tmp_path: Path) -> None:
    path = large(tmp_path)
    pinned = File(str(path)).pinned()
    assert pinned.content == ""
    assert pinned.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    saved = pinned.relative_to(tmp_path)
    assert saved.path == "large.csv"
    assert pinned.relative_to(tmp_path / "other") == pinned
    opened = saved.resolved(tmp_path)
    assert same(opened.generate(), File(str(path)).generate())
    assert pinned.resolved(tmp_path / "elsewhere").path == pinned.path
    with pytest.raises(ReadingCancelled):
        opened.read(cancelled=lambda: True)


def test_the_limit_for_saving_inside(tmp_path: Path) -> None:
    path = tmp_path / "edge.csv"
    for size, inside in ((INSIDE_UP_TO, True), (INSIDE_UP_TO + 1, False)):
        path.write_bytes(b"a\n" + b"1\n" * (INSIDE_UP_TO // 2 - 1) + b"\n" * (size - INSIDE_UP_TO))
        assert bool(File(str(path)).pinned().content) is inside


def test_a_file_that_has_changed_is_refused(tmp_path: Path) -> None:
    path = large(tmp_path)
    pinned = File(str(path)).pinned()
    path.write_text(path.read_text().replace("1.25", "1.26", 1))
    told = sentence(pinned)
    assert told.startswith("large.csv has changed since the experiment was saved; put the old file back")
    with pytest.raises(InputError, match="has changed"):
        pinned.pinned()


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    heard: list[float] = []
    File(str(large(tmp_path))).read(progress=heard.append)
    assert heard[-1] == 1.0


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    assert sentence(File()) == "No data file is named; give the path of a CSV file."
    for story in (File(str(tmp_path / "none.csv")), File(str(tmp_path / "none.csv"), sha256="0" * 64)):
        assert sentence(story).startswith("There is no file ")
    with pytest.raises(InputError, match="There is no file"):
        File(str(tmp_path / "none.csv")).pinned()
    assert "is a folder" in sentence(File(str(tmp_path), sha256="0" * 64))
    assert sentence(File("own.csv", content="a,b\n1,2\n3\n")).startswith("own, line 3: 1 cell found")
    assert sentence(File(content="a\n")).startswith("data has a header line but no rows")


@pytest.mark.skipif(sys.platform == "win32", reason="a home folder is named otherwise there")
def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    small(tmp_path)
    assert File("~/own data.csv").resolved(tmp_path / "elsewhere").generate().rows == 3


def test_the_shipped_stories_are_found() -> None:
    assert [get("datasets", name) for name in ("file", "faithful", "iris", "deaths")] == [
        File,
        Faithful,
        Iris,
        Deaths,
    ]


def test_old_faithful() -> None:
    data = Faithful().generate()
    assert data.name == "faithful"
    assert data.columns == ("eruptions", "waiting")
    assert data.values.shape == (272, 2)
    assert data.values[0].tolist() == [3.6, 79]
    assert data.values[-1].tolist() == [4.467, 74]
    assert np.allclose(data.values.mean(axis=0), [3.487783, 70.897059], atol=1e-6)
    assert Faithful(columns=("waiting",)).generate().columns == ("waiting",)


def test_iris_is_as_r_and_scikit_learn_have_it() -> None:
    data = Iris().generate()
    assert data.columns == ("sepal_length", "sepal_width", "petal_length", "petal_width")
    assert data.label_names == ("setosa", "versicolor", "virginica")
    assert data.labels is not None
    assert np.array_equal(data.labels, np.repeat([0, 1, 2], 50))
    assert data.values[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert data.values[37].tolist() == [4.9, 3.6, 1.4, 0.1]
    assert np.allclose(data.values.sum(axis=0), [876.5, 458.6, 563.7, 179.9])
    one = Iris(columns=("petal_width",)).generate()
    assert one.columns == ("petal_width",)
    assert one.label_names == data.label_names


def test_deaths_count_with_the_days() -> None:
    data = Deaths().generate()
    assert data.columns == ("deaths",)
    assert data.values[:, 0].tolist() == list(range(10))
    assert data.row_weights is not None
    assert data.row_weights.tolist() == [162, 267, 271, 185, 111, 61, 27, 8, 3, 1]
    assert data.total_weight == 1096
    assert Deaths.suits == ("poisson-mixture",)
    with pytest.raises(InputError, match="its columns are deaths, days"):
        Deaths(columns=("births",)).generate()


@pytest.mark.parametrize("story", [Faithful(), Iris(), Deaths()])
def test_shipped_data_are_the_same_each_time(story: Faithful | Iris | Deaths) -> None:
    first, again = story.generate(), story.generate()
    assert same(first, again)
    assert first.missing == 0
