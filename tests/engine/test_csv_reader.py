"""What a CSV means, every sentence about one that cannot be used, and that both ways of reading agree."""

import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine import csv_blocks, csv_reader
from engine.csv_format import recognise
from engine.csv_reader import ReadingCancelled, describe_columns, read_csv
from engine.dataset import Dataset
from engine.errors import InputError

PLAIN = "a,b\n1,2.5\n-3e5,.5\n"


@pytest.fixture(params=["careful", "fast"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test that asks for it runs twice: cell by cell, and through pyarrow in blocks of a few rows."""
    if request.param == "fast":
        monkeypatch.setattr(csv_reader, "FAST_FROM", 0)
        monkeypatch.setattr(csv_blocks, "BLOCK", 20)
    return str(request.param)


def rows(source: str | bytes, **options: object) -> list[list[float | None]]:
    """The values as lists, None where missing."""
    values = read_csv(source, name="f", **options).values.tolist()  # type: ignore[arg-type]
    return [[None if math.isnan(cell) else cell for cell in row] for row in values]


def sentence(source: str | bytes | Path, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        read_csv(source, name="f", **options)  # type: ignore[arg-type]
    told = str(caught.value)
    assert "\n" not in told
    assert told.endswith(".")
    return told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PLAIN, [[1, 2.5], [-3e5, 0.5]]),
        (PLAIN.replace(",", ";"), [[1, 2.5], [-3e5, 0.5]]),
        (PLAIN.replace(",", "\t"), [[1, 2.5], [-3e5, 0.5]]),
        ("a;b\n1;2,5\n-3,25;4\n", [[1, 2.5], [-3.25, 4]]),
        ("1,5;2,5\n3,5;4,5\n", [[1.5, 2.5], [3.5, 4.5]]),
        ("a\tb\n1,5\t2\n", [[1.5, 2]]),
        ('"a","b"\n"1","2.5"\n', [[1, 2.5]]),
        ('"a, with comma",b\n1,2\n', [[1, 2]]),
        ('"a; b",c\n1,2\n', [[1, 2]]),
        ("a,b\r\n1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
        ("a,b\r1,2\r3,4\r", [[1, 2], [3, 4]]),
        ("\n\na,b\n\n1,2\n   \n3,4", [[1, 2], [3, 4]]),
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("x\n1\n2\n", [[1], [2]]),
        ("1\n2", [[1], [2]]),
        (' 1 ,"2"\n+3, 4.\n', [[1, 2], [3, 4]]),
        ("a,b\n1,\nNA,2\nnan,NaN\nna, Na \n", [[1, None], [None, 2], [None, None], [None, None]]),
        ('a\n1\n""\n2\n', [[1], [None], [2]]),
        ("NA,NA\n1,2\n", [[None, None], [1, 2]]),
        ("\ufeffa,b\n1,2\n", [[1, 2]]),
        ("a,b\n1e-320,123456789.123456789\n", [[1e-320, 123456789.123456789]]),
        ("a\n1,5\n-2,25\n3\n", [[1.5], [-2.25], [3]]),
        ('"a"\n"1,5"\n"-2,25"\n', [[1.5], [-2.25]]),
        ('"a","b"\n"1,5","2"\n"-3,25","4,125"\n', [[1.5, 2], [-3.25, 4.125]]),
        ('a,b\n"1,500",2\n"2,500",3\n', [[2], [3]]),
    ],
)
@pytest.mark.usefixtures("way")
def test_how_files_are_written(text: str, expected: list[list[float | None]]) -> None:
    assert rows(text) == expected
    assert rows(text.encode()) == expected
    assert rows(text.encode("utf-16")) == expected


def test_a_path_and_its_content_are_the_same_data(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(PLAIN)
    by_path, by_text = read_csv(path, name="own"), read_csv(PLAIN, name="own")
    assert by_path.columns == by_text.columns == ("a", "b")
    assert by_path.values.tobytes() == by_text.values.tobytes()
    assert by_path.name == "own"
    assert not by_path.values.flags.writeable
    assert by_path.values.flags.c_contiguous


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1,2\n", ("x1", "x2")),
        (" a , b \n1,2\n", ("a", "b")),
        ("a,a,a_2\n1,2,3\n", ("a", "a_3", "a_2")),
        (",a,b\n1,2,3\n2,3,4\n", ("a", "b")),
        ("a,b,\n1,2,\n3,4,\n", ("a", "b")),
        ("größe,b\n1,2\n", ("größe", "b")),
    ],
)
@pytest.mark.usefixtures("way")
def test_names_of_columns(text: str, names: tuple[str, ...]) -> None:
    assert read_csv(text, name="f").columns == names


@pytest.mark.usefixtures("way")
def test_text_that_is_not_utf8_is_taken_as_windows_1252() -> None:
    data = read_csv("größe;farbe\n1,5;grün\n2,5;weiß\n".encode("cp1252"), name="f")
    assert data.columns == ("größe",)
    assert data.label_names == ("grün", "weiß")
    assert data.values.tolist() == [[1.5], [2.5]]


@pytest.mark.usefixtures("way")
def test_a_decimal_comma_that_turns_up_late_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "SAMPLE", 10)
    monkeypatch.setattr(csv_reader, "ENOUGH_LINES", 2)
    assert rows("a;b\n1;2\n3;4\n5;6\n7,5;8\n")[-1] == [7.5, 8]


@pytest.mark.usefixtures("way")
def test_columns_are_chosen_by_name_and_in_that_order() -> None:
    text = "a,b,c\n1,2,oops\n3,4,5\n6,7,8\n"
    assert rows(text, columns=("b", "a")) == [[2, 1], [4, 3], [7, 6]]
    assert read_csv(text, name="f", columns=("b",)).columns == ("b",)


LABELLED = 'x,kind,y,other\n1,red,2,p\n3,"blue, dark",4,q\n5, red ,6,p\n7,,8,q\n9,NA,10,p\n'


@pytest.mark.usefixtures("way")
def test_a_column_of_text_becomes_labels() -> None:
    data = read_csv(LABELLED, name="f")
    assert data.columns == ("x", "y")
    assert data.label_names == ("red", "blue, dark")
    assert data.labels is not None
    assert data.labels.dtype == np.int64
    assert data.labels.tolist() == [0, 1, 0, -1, -1]
    assert data.note == "The labels are column 'kind'. Not used: other."
    other = read_csv(LABELLED, name="f", columns=("other", "y"))
    assert other.columns == ("y",)
    assert other.label_names == ("p", "q")
    assert read_csv(LABELLED, name="f", columns=("y",)).label_names == ("red", "blue, dark")
    assert "other' are both text" in sentence(LABELLED, columns=("x", "kind", "other"))


@pytest.mark.usefixtures("way")
def test_row_weights_are_no_value() -> None:
    text = "count,days,kind\n0,162,a\n1,0,b\n2,2.5,a\n"
    for columns in ((), ("count",), ("count", "days")):
        data = read_csv(text, name="f", columns=columns, weights_column="days")
        assert data.columns == ("count",)
        assert data.values.tolist() == [[0], [1], [2]]
        assert data.row_weights is not None
        assert data.row_weights.tolist() == [162, 0, 2.5]
        assert data.total_weight == 164.5


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("", "a row weight is missing; give a number of at least 0"),
        ("-1", "'-1' is not a row weight; give a number of at least 0"),
        ("inf", "'inf' is not finite"),
        ("many", "'many' is not a number"),
    ],
)
@pytest.mark.usefixtures("way")
def test_row_weights_that_are_none(cell: str, told: str) -> None:
    text = f"a,w\n1,2\n3,4\n5,6\n7,{cell}\n"
    assert sentence(text, weights_column="w").startswith(f"f, line 5, column 'w': {told}")


def test_row_weights_that_leave_nothing() -> None:
    assert sentence("a,w\n1,0\n2,0\n", weights_column="w") == (
        "f: every row weight in column 'w' is 0; one must be above 0."
    )
    assert "no column of numbers is left" in sentence("a\n1\n2\n", weights_column="a")
    for weight in ("1e308", "1e-300"):
        told = sentence(f"a,w\n1,0\n2,{weight}\n", weights_column="w")
        assert told.startswith("f: the row weights in column 'w' are too large or too small")


@pytest.mark.usefixtures("way")
def test_rows_with_missing_cells_can_be_dropped() -> None:
    text = "a,b,w,kind\n1,,1,p\n2,3,2,q\nNA,4,3,p\n5,6,4,\n"
    data = read_csv(text, name="f", weights_column="w", drop_missing=True)
    assert data.values.tolist() == [[2, 3], [5, 6]]
    assert data.row_weights is not None
    assert data.labels is not None
    assert data.row_weights.tolist() == [2, 4]
    assert data.labels.tolist() == [1, -1]
    assert data.note.endswith("2 rows with missing cells are left out.")
    assert read_csv(text, name="f").missing == 2
    assert "every row has a missing cell" in sentence("a,b\n1,\n,2\n", drop_missing=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "eruptions,waiting\n1,2\n3,4\n5,abc\n",
            "f, line 4, column 'waiting': 'abc' is not a number; correct it or choose other columns.",
        ),
        ("\n\na,b\n\n1,2\n\n3,4\nx,5\n", "f, line 8, column 'a': 'x' is not a number; correct it"),
        ('a,b\n"1\n",2\n3,4\nx,5\n6,7\n', "f, line 5, column 'a': 'x' is not a number; correct it"),
        ("a,b\r\n1,2\r\nx,4\r\n3,4\r\n", "f, line 3, column 'a': 'x' is not a number; correct it"),
        ("a,b\r1,2\rx,4\r3,4\r", "f, line 3, column 'a': 'x' is not a number; correct it"),
        ("1,2\n1,y\n3,4\n", "f, line 2, column 'x2': 'y' is not a number; correct it"),
        ("a,b\n1,2\n1_000,3\n4,5\n", "f, line 3, column 'a': '1_000' is not a number; correct it"),
        ("a,b\n1,2\n٣,3\n4,5\n", "f, line 3, column 'a': '٣' is not a number; correct it"),
        ("a,b\n1,2\n" + "z" * 99 + ",3\n4,5\n", f"f, line 3, column 'a': '{'z' * 37}...' is not a number"),
        ("a,b\n1,2\n3,inf\n", "f, line 3, column 'b': 'inf' is not finite; correct it or choose other"),
        ("a,b\n1,2\n-Infinity,4\n", "f, line 3, column 'a': '-Infinity' is not finite; correct it"),
        ("a,b\n1,2\n1e999,4\n", "f, line 3, column 'a': '1e999' is not finite; correct it"),
        ("a,b\n1,2\n3\n", "f, line 3: 1 cell found, 2 expected; correct that line."),
        ("a,b\n1,2\n3,4,5\n", "f, line 3: 3 cells found, 2 expected; correct that line."),
        ('a,b\n1,2\n3,"4\n5,6\n', "f, line 3: a quotation mark is not closed where the cell ends;"),
        ('a,b\n1,p\n3,"q\n5,"r"\n7,"s"\n', "f, line 3: a quotation mark is not closed where the cell ends;"),
        (
            "a;b\n1,5;2\n2,5;3\n2.5;4\n",
            "f, line 4, column 'a': '2.5' is not a number (the decimal mark here is a comma); correct it",
        ),
        ("a;b\n1.234,5;2\n2,5;3,5\n", "f, line 2, column 'a': '1.234,5' is not a number; correct it"),
        ("", "f is empty; choose a file with columns of numbers."),
        ("\n \n\n", "f is empty; choose a file with columns of numbers."),
        ('"a,b\n1,2\n3,4\n', "f: a quotation mark or a cell in the first row does not end; choose a file"),
        ("1" * 200_000, "f: a quotation mark or a cell in the first row does not end; choose a file"),
        ("\ufeff", "f is empty; choose a file with columns of numbers."),
        ("a,b\n", "f has a header line but no rows; choose a file with data."),
        (
            "a,b\nred,blue\nred,green\n",
            "f holds nothing but text; choose a file with columns of numbers, sep",
        ),
        ("a b\n1 2\n3 4\n", "f holds nothing but text; choose a file with columns of numbers, separated by"),
        ("a,b\n1,2\n\x003,4\n", "f is not a text file; export it as CSV (UTF-8) and choose that."),
    ],
)
@pytest.mark.usefixtures("way")
def test_broken_content_is_told_in_one_sentence(text: str, told: str) -> None:
    assert sentence(text).startswith(told)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"columns": ("c",)}, "f has no column 'c'; its columns are a, b, kind."),
        ({"weights_column": "c"}, "f has no column 'c'; its columns are a, b, kind."),
        ({"columns": ("a", "a")}, "Column 'a' of f is chosen twice; name it once."),
        ({"columns": ("kind",)}, "f: no column of numbers is left as a value; choose other columns."),
    ],
)
def test_choices_that_cannot_be(options: dict[str, object], told: str) -> None:
    assert sentence("a,b,kind\n1,2,p\n3,4,q\n", **options) == told


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\x00\x00\x00", b"PK\x03\x04\x14\x00", bytes(range(256))]
)
def test_binary_content_is_no_text(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(content)
    assert sentence(path).startswith("picture.csv is not a text file;")
    assert "is not a text file" in sentence(b"\xff\xfea\x00,\x00\xdc")


def test_hostile_content_is_refused_soon() -> None:
    unclosed = "a,b\n" + '1,"2\n' + "3,4\n" * 300_000
    assert sentence(unclosed).startswith("f, line 2: a quotation mark is not closed where the cell ends;")
    assert sentence("," * 5_000_000) == "f has more than 10000 columns; leave some out of the file."
    assert sentence('"' * 999_999).startswith("f: a quotation mark or a cell in the first row does not end;")


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    assert sentence(tmp_path / "none.csv").startswith("There is no file ")
    assert sentence(tmp_path).endswith("is a folder; choose a CSV file in it.")
    assert "cannot be read" in sentence(Path("nul\0byte.csv"))
    assert "cannot be read" in sentence(tmp_path / ("long" * 200))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert sentence(tmp_path / "pipe") == "pipe is not a file; choose a CSV file."


def test_columns_are_described_for_a_form(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(LABELLED)
    described = [(column.name, column.kind) for column in describe_columns(path)]
    assert described == [("x", "number"), ("kind", "text"), ("y", "number"), ("other", "text")]
    assert [column.named for column in describe_columns(",a\n1,2\n")] == [False, True]
    with pytest.raises(InputError):
        describe_columns("")


def test_long_lines_are_seen_whole_before_the_format_is_decided() -> None:
    names = [f"a_column_with_a_long_name_{j}" for j in range(4000)]
    text = ",".join(names) + "\n" + ",".join(["1.25"] * 4000) + "\n"
    data = read_csv(text, name="f")
    assert len(text) > csv_reader.SAMPLE
    assert data.columns == tuple(names)
    assert data.rows == 1


def digest(read: Callable[[], Dataset]) -> object:
    """All that a reading gives, bit for bit, or its sentence."""
    try:
        data = read()
    except InputError as error:
        return str(error)
    arrays = (data.values, data.row_weights, data.labels)
    return data.columns, data.label_names, data.note, [None if a is None else a.tobytes() for a in arrays]


NUMBERS = [
    "1",
    "2.5",
    "-3e5",
    "+.5",
    "1e-320",
    "123456789.123456789",
    "",
    "NA",
    "nan",
    " 7 ",
    '"4"',
    '"NA"',
    '""',
]
ODD = [
    "abc",
    "inf",
    "1e999",
    "nan(x)",
    "1_0",
    "0x1",
    '"1"2',
    '"5',
    '5"',
    "1;2",
    "é",
    "\xa01",
    '"1\n"',
    "-1",
    "1\t2",
]
WORDS = ["red", "green", '"blue"', " red", "NA", "", '"a, b"', '"du""o"', "ü", '"two words"']


def made_up(generator: random.Random) -> bytes:
    """A small file, most cells sound, some odd."""
    delimiter = generator.choice(",,;\t")
    columns = generator.randint(1, 3)
    odd, labelled = generator.choice([0, 0, 0.02, 0.1]), generator.random() < 0.5
    lines = [delimiter.join([f"c{j}" for j in range(columns)] + ["kind"] * labelled)]
    for _ in range(generator.randint(1, 12)):
        cells = [generator.choice(ODD if generator.random() < odd else NUMBERS) for _ in range(columns)]
        cells += [generator.choice(WORDS)] * labelled + ["1"] * (generator.random() < odd / 2)
        lines += [""] * (generator.random() < 0.05) + [delimiter.join(cells)]
    text = generator.choice(["\n", "\r\n"]).join(lines) + "\n" * (generator.random() < 0.7)
    return text.replace(".", generator.choice(".,")).encode(generator.choice(["utf-8", "cp1252"]))


def test_both_ways_of_reading_agree_bit_for_bit_and_word_for_word(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = random.Random(7)
    sound = 0
    for _ in range(400):
        content, weights = made_up(generator), generator.choice(["", "", "c0"])

        def read(content: bytes = content, weights: str = weights) -> Dataset:
            return read_csv(content, name="f", weights_column=weights)

        with monkeypatch.context() as patch:
            patch.setattr(csv_reader, "FAST_FROM", 1 << 60)
            careful = digest(read)
        with monkeypatch.context() as patch:
            patch.setattr(csv_reader, "FAST_FROM", 0)
            patch.setattr(csv_blocks, "BLOCK", generator.choice([24, 60, 1 << 20]))
            fast = digest(read)
        assert careful == fast, content
        sound += not isinstance(careful, str)
    assert sound > 100


def test_the_fast_way_is_taken_for_sound_blocks_and_declines_others() -> None:
    layout = recognise(b"a,kind\n1,p\n2,q\n", "f")
    roles = csv_blocks.Roles((0,), label=1)
    block = csv_blocks.fast_block(b"1,p\nNA,q\n3,p\n", layout, roles)
    assert block is not None
    assert block.labels == ("p", "q")
    for content in (b"x,p\n", b"inf,p\n", b"1\n", b"1,p,q\n", b'1,"p\n', b"nan(1),p\n"):
        assert csv_blocks.fast_block(content, layout, roles) is None


ROWS = 100_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is read in several blocks: two columns of numbers, labels and row weights."""
    values = np.random.Generator(np.random.Philox(5)).normal(size=(ROWS, 2))
    path = tmp_path_factory.mktemp("csv") / "large.csv"
    with path.open("w") as stream:
        stream.write("x,y,kind,w\n")
        stream.writelines(f'{x!r},{y!r},"k{j % 3}",{j % 5}\n' for j, (x, y) in enumerate(values.tolist()))
    assert path.stat().st_size > 4 * csv_blocks.BLOCK
    return path


def test_a_large_file_with_progress(large: Path) -> None:
    heard: list[float] = []
    data = read_csv(large, name="large", weights_column="w", progress=heard.append)
    assert data.values.tobytes() == np.random.Generator(np.random.Philox(5)).normal(size=(ROWS, 2)).tobytes()
    assert data.label_names == ("k0", "k1", "k2")
    assert data.labels is not None
    assert data.row_weights is not None
    assert np.array_equal(data.labels, np.arange(ROWS) % 3)
    assert np.array_equal(data.row_weights, np.arange(ROWS) % 5)
    assert len(heard) > 4
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert 0 < heard[0] < 0.5


def test_a_large_file_can_be_cancelled(large: Path) -> None:
    heard: list[float] = []
    with pytest.raises(ReadingCancelled, match=r"Reading large\.csv was cancelled\."):
        read_csv(large, name="large", progress=heard.append, cancelled=lambda: len(heard) == 2)
    assert len(heard) == 2
    with pytest.raises(ReadingCancelled):
        read_csv(PLAIN, name="f", cancelled=lambda: True)


def test_a_mistake_far_down_a_large_file_has_its_line(large: Path, tmp_path: Path) -> None:
    lines = large.read_text().split("\n")
    lines[88_887] = lines[88_887].replace(",", "!,", 1)
    broken = tmp_path / "broken.csv"
    broken.write_text("\n".join(lines))
    shown = lines[88_887].split(",")[0]
    assert sentence(broken) == (
        f"broken.csv, line 88888, column 'x': {shown!r} is not a number; correct it or choose other columns."
    )
    assert read_csv(broken, name="f", columns=("y",)).rows == ROWS


def test_small_files_do_not_pay_for_pyarrow() -> None:
    program = (
        "import sys; from engine.csv_reader import read_csv; "
        "read_csv('a,b\\n1,2\\n', name='f'); sys.exit('pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_sequences_by_words_or_numbers_and_times_are_read_beside_the_values(way: str) -> None:
    text = "who,day,x,kind\n" + "".join(
        f"{who},{day},{day / 2},k\n" for who in ("ann", "bob") for day in range(1, 16)
    )
    data = read_csv(text, name="f", sequence_column="who", time_column="day")
    assert data.columns == ("x",)
    assert data.sequences is not None
    assert data.sequences.tolist() == [0] * 15 + [1] * 15
    assert data.sequence_names == ("ann", "bob")
    assert data.labels is None
    assert data.times is not None
    assert data.times.tolist() == [*range(1, 16)] * 2
    assert data.time_name == "day"
    assert data.note == "The sequences are column 'who'. Not used: kind."
    numbered = read_csv(text.replace("ann", "7").replace("bob", "2.5"), name="f", sequence_column="who")
    assert numbered.columns == ("day", "x")
    assert numbered.sequences is not None
    assert numbered.sequences.tolist() == data.sequences.tolist()
    assert numbered.sequence_names == ("7", "2.5")
    assert numbered.label_names == ("k",)


def test_sequences_and_times_stay_with_their_rows(way: str) -> None:
    text = "who,day,x,w\n1,1,5,2\n1,2,,1\n2,1,6,3\n2,2,7,1\n"
    data = read_csv(
        text, name="f", sequence_column="who", time_column="day", weights_column="w", drop_missing=True
    )
    assert data.values.tolist() == [[5.0], [6.0], [7.0]]
    assert data.row_weights is not None
    assert data.row_weights.tolist() == [2.0, 3.0, 1.0]
    assert data.sequences is not None
    assert data.sequences.tolist() == [0, 1, 1]
    assert data.times is not None
    assert data.times.tolist() == [1.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sequence_column": "c"}, "f has no column 'c'; its columns are who, day, x."),
        ({"time_column": "c"}, "f has no column 'c'; its columns are who, day, x."),
        (
            {"sequence_column": "day", "time_column": "day"},
            "f: one column cannot be two of row weights, sequence and time; name different ones.",
        ),
        (
            {"sequence_column": "who"},
            "f: row 2 has no sequence in column 'who'; fill it in or leave that row out.",
        ),
    ],
)
def test_columns_that_cannot_name_a_sequence_or_a_time(options: dict[str, str], told: str) -> None:
    for who in ("1", "ann"):
        assert sentence(f"who,day,x\n{who},1,2\n,2,3\n", **options) == told
