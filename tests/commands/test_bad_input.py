"""Whatever cannot be used ends in one sentence, with exit code 2 and nothing on standard output."""

import os
from pathlib import Path

import pytest

from tests.commands.running import fails

ROOT = Path(__file__).resolve().parent.parent.parent
FAITHFUL = str(ROOT / "assets/data/faithful.csv")
STORY = "three-clusters:size=40"
HOSTILE = [
    ("--nonsense",),
    ("nosuch.csv",),
    ("nosuch",),
    ("fti", "x.csv"),
    ("window", "x.csv"),
    (".",),
    ("broken.toml",),
    ("empty.csv",),
    ("fit",),
    ("fit", ""),
    ("fit", "nosuch.csv"),
    ("fit", "no/such/folder/x.csv"),
    ("fit", "x" * 5000 + ".csv"),
    ("fit", "nul\0.csv"),
    ("fit", "."),
    ("fit", "three-cluster"),
    ("fit", "three-clusters:"),
    ("fit", "three-clusters:size=0"),
    ("fit", "three-clusters:size=many"),
    ("fit", "three-clusters:size=" + "9" * 400),
    ("fit", "three-clusters:nonsense=1"),
    ("fit", "file"),
    ("fit", "nosuch.toml"),
    ("fit", "broken.toml"),
    ("fit", "text.csv"),
    ("fit", "empty.csv"),
    ("fit", "binary.csv"),
    ("fit", "constant.csv"),
    ("fit", FAITHFUL, "--matrix"),
    ("fit", FAITHFUL, "--matrix", "--observations", "112"),
    ("fit", FAITHFUL, "--matrix", "--observations", "many"),
    ("fit", FAITHFUL, "--observations", "112"),
    ("fit", STORY, "--matrix"),
    ("fit", "ability", "--model", "gaussian-mixture"),
    ("fit", "few.csv", "--model", "gaussian-mixture:components=3"),
    ("fit", STORY, "extra"),
    ("fit", STORY, "--nonsense"),
    ("fit", STORY, "--tolerance"),
    ("fit", STORY, "--tolerance", "small"),
    ("fit", STORY, "--tolerance", "-1"),
    ("fit", STORY, "--tolerance", "nan"),
    ("fit", STORY, "--tolerance", ""),
    ("fit", STORY, "--rule", "never"),
    ("fit", STORY, "--max-iterations", "0"),
    ("fit", STORY, "--max-iterations", "1.5"),
    ("fit", STORY, "--max-iterations", "9" * 30),
    ("fit", STORY, "--model", "nosuch"),
    ("fit", STORY, "--model", ""),
    ("fit", STORY, "--model", "gaussian-mixture:components=13"),
    ("fit", STORY, "--model", "gaussian-mixture:hold=[rates]"),
    ("fit", STORY, "--model", "poisson-mixture"),
    ("fit", STORY, "--algorithm", "em:learning_rate=1"),
    ("fit", STORY, "--algorithm", "gradient-ascent:learning_rate=0"),
    ("fit", STORY, "--algorithm", "em:name=a/b"),
    ("fit", STORY, *("--algorithm", "em") * 9),
    ("fit", STORY, "--start", "nosuch"),
    ("fit", STORY, "--start", "nosuch.json"),
    ("fit", STORY, "--start", "list.json"),
    ("fit", STORY, "--start", "broken.json"),
    ("fit", STORY, "--start", "deep.json"),
    ("fit", STORY, "--start", "shapes.json"),
    ("fit", STORY, "--start", "negative.json"),
    ("fit", STORY, "--start", "huge.json"),
    ("fit", STORY, "--start", "rates.json"),
    ("fit", STORY, "--start", "parameters:weights=[1]"),
    ("fit", STORY, "--columns", "x"),
    ("fit", STORY, "--drop-missing"),
    ("fit", "holes.csv", "--model", "student-t-mixture:components=1"),
    ("fit", "hollow.csv", "--model", "gaussian-mixture:components=1"),
    ("fit", FAITHFUL, "--columns", ""),
    ("fit", FAITHFUL, "--columns", ","),
    ("fit", FAITHFUL, "--columns", "waiting,nosuch"),
    ("fit", FAITHFUL, "--columns", "waiting,waiting"),
    ("fit", FAITHFUL, "--weights-column", "nosuch"),
    ("fit", FAITHFUL, "--weights-column", ""),
    ("fit", FAITHFUL, "--start", "truth"),
    ("fit", FAITHFUL, "--csv", "nosuch/traces.csv"),
    ("fit", FAITHFUL, "--csv", "."),
    ("fit", FAITHFUL, "--csv", ""),
    ("fit", FAITHFUL, "--csv", FAITHFUL),
    ("fit", "few.csv", "--assignments", "./few.csv"),
    ("fit", FAITHFUL, "--csv", "one.csv", "--assignments", "./one.csv"),
    ("fit", FAITHFUL, "--assignments", "nosuch/rows.csv"),
    ("fit", FAITHFUL, "--imputed", "nosuch/rows.csv"),
    ("fit", FAITHFUL, "--assignments", "one.csv", "--imputed", "./one.csv"),
    ("fit", FAITHFUL, "--imputed", "rows.csv"),
    ("fit", FAITHFUL, "--model", "student-t-mixture:components=2", "--imputed", "rows.csv"),
    ("fit", FAITHFUL, "--starts", "3", "--imputed", "rows.csv"),
    ("fit", "vast.csv"),
    ("fit", "tiny.csv"),
    ("fit", "vast.csv", "--model", "poisson-mixture:components=2"),
    ("fit", STORY, "--rule", ""),
    ("fit", STORY, "--max-iterations", "1e3"),
    ("check", "nosuch"),
    ("check", "nosuch.toml"),
    ("check", "--fast"),
    ("list", "nosuch"),
    ("list", "experiments", "moons"),
    ("list", "--nosuch"),
    ("list", "models", "starts"),
    ("render",),
    ("render", STORY),
    ("render", STORY, "--output", "picture.jpg"),
    ("render", STORY, "--output", "nosuch/picture.png"),
    ("render", STORY, "--output", "p.png", "--at", "-1"),
    ("render", STORY, "--output", "p.png", "--at", "soon"),
    ("render", STORY, "--output", "p.png", "--size", "large"),
    ("render", STORY, "--output", "p.png", "--size", "10x10"),
    ("render", STORY, "--output", "p.png", "--size", "1366x99999"),
    ("render", STORY, "--output", "p.png", "--theme", "pink"),
    ("render", STORY, "--output", "p.png", "--view", "all"),
    ("render", "nosuch.csv", "--output", "p.png"),
]
FILES = {
    "broken.toml": "[data\n",
    "text.csv": "a,b\nx,y\nz,w\n",
    "empty.csv": "",
    "binary.csv": "\0\1\2\3" * 50,
    "constant.csv": "a,b\n1,2\n1,3\n1,4\n1,5\n",
    "vast.csv": "a,b\n1e300,2\n2,3\n3e200,4\n5,5\n",
    "tiny.csv": "a,b\n1e-300,2\n2e-300,3\n3e-300,4\n5e-300,5\n",
    "few.csv": "a\n1\n2\n2\n1\n",
    "holes.csv": "a,b\n1,2\n2,NA\n3,5\n4,4\n,6\n",
    "hollow.csv": "a,b\n1,NA\n2,\n3,NA\n4,NA\n",
    "list.json": "[1, 2]",
    "broken.json": '{"weights": [1,',
    "deep.json": '{"weights": ' + "[" * 5000 + "]" * 5000 + "}",
    "shapes.json": '{"weights": [0.5, 0.5], "means": [[1, 2], [3]], "covariances": 3}',
    "negative.json": '{"weights": [-1, 1, 1], "means": [[1, 2], [3, 4], [5, 6]], "covariances": [[[1]]]}',
    "huge.json": '{"weights": [' + "9" * 400 + ", 0, 0]}",
    "rates.json": '{"rates": [[1], [2], [3]]}',
}


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: " ".join(words)[:70].replace("\0", "0"))
def test_bad_input_is_one_sentence(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    sentence = fails(capsys, *words)
    assert len(sentence) > 20
    assert "should not have happened" not in sentence
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_near_misses_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--algorithm" in fails(capsys, "fit", STORY, "--algoritm", "em")
    assert "There is no command 'fti'" in fails(capsys, "fti", "x.csv")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_found_before_the_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert "may not be written" in fails(capsys, "fit", FAITHFUL, "--csv", "locked/x.csv")
