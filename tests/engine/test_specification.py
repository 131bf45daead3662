"""Settings on one line: what is read, what is written, and the sentence for what is neither."""

import pytest

from engine import catalogue
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.gradient_ascent import GradientAscent
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import Lane
from engine.models.gaussian_mixture import GaussianMixture
from engine.specification import instance, lane, lane_text, parse, text_of, value_of
from engine.starts.parameters import GivenParameters


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("em", "em", {}),
        ("gaussian-mixture:components=3", "gaussian-mixture", {"components": 3}),
        (" a : x = 1 , y = word ", "a", {"x": 1, "y": "word"}),
        ("a:x=true,y=1e-8,z=-2,w=.5", "a", {"x": True, "y": 1e-8, "z": -2, "w": 0.5}),
        ("a:x=[means,covariances],y=[]", "a", {"x": ["means", "covariances"], "y": []}),
        ("a:x=[[1, 2], [3.5, b]]", "a", {"x": [[1, 2], [3.5, "b"]]}),
        ("a:x=\"1, 2\",y='c=d,'", "a", {"x": "1, 2", "y": "c=d,"}),
        ('a:x="say \\"a, b\\"",y=2', "a", {"x": 'say "a, b"', "y": 2}),
        ("a:x={p=1,q=[r,s]},y=2", "a", {"x": {"p": 1, "q": ["r", "s"]}, "y": 2}),
        ("a:x=[{p=1,q=b},{p=2}]", "a", {"x": [{"p": 1, "q": "b"}, {"p": 2}]}),
        ("a:learning-rate=2", "a", {"learning_rate": 2}),
        ("a:x=2024-01-01", "a", {"x": "2024-01-01"}),
        ("file:path=C:\\data\\my file.csv", "file", {"path": "C:\\data\\my file.csv"}),
        ("a:path=b=c.csv", "a", {"path": "b=c.csv"}),
    ],
)
def test_text_is_read_as_toml_with_plain_words(text: str, name: str, values: dict[str, object]) -> None:
    assert parse(text, "--model") == (name, values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":x=1",
        "a:",
        "a:x",
        "a:x=",
        "a:=1",
        "a:x=1,",
        "a:x=1,,y=2",
        "a:x=1,x=2",
        "a:x=[1,2",
        "a:x=1]",
        "a:x=[1}",
        'a:x="1',
        'a:x="1"2',
        "a:x=[1,,2]",
        "a:x={p}",
        "a:x=" + "[" * 1000 + "]" * 1000,
        "a:x=[b," + "[" * 200 + "]" * 200 + "]",
        "a:x=" + "9" * 400,
    ],
)
def test_malformed_text_is_one_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "--model")
    sentence = str(caught.value)
    assert sentence.startswith("--model")
    assert "\n" not in sentence
    assert len(sentence) < 300


def test_instances_are_checked_by_their_classes() -> None:
    assert instance("models", "gaussian-mixture:components=4,hold=[means]", "--model") == GaussianMixture(
        components=4, hold=("means",)
    )
    for text, part in [
        ("gauss", "gaussian-mixture"),
        ("gaussian-mixture:components=0", "1 to 12"),
        ("gaussian-mixture:components=three", "components"),
        ("gaussian-mixture:name=x", "name"),
        ("gaussian-mixture:covariance=round", "spherical"),
    ]:
        with pytest.raises(InputError, match=part):
            instance("models", text, "--model")


@pytest.mark.parametrize("kind", ["models", "algorithms", "starts", "datasets"])
def test_every_class_is_written_and_read_back(kind: str) -> None:
    for name, cls in catalogue.find(kind).items():
        made = cls()
        assert text_of(made) == name
        assert instance(kind, text_of(made), "--x") == made
        assert instance(kind, text_of(made, whole=True), "--x") == made


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("models", GaussianMixture(components=2, covariance="tied", hold=("weights", "means"))),
        ("algorithms", GradientAscent(learning_rate=1.2345678901234567e-3, standardize=False)),
        (
            "starts",
            GivenParameters((0.25, 0.75), ((1.0, 1e-300), (-2.5, 0.1 + 0.2)), [[[1.0, 0.0], [0.0, 2.0]]] * 2),
        ),
        ("datasets", File(path='od\'d, "name" [1].csv', columns=("a,b", "true", "3", ""), drop_missing=True)),
        ("datasets", File(path="x.csv", content="a,b\n1,2\n\x7f\u00e9", weights_column="# w")),
    ],
)
def test_changed_settings_are_written_and_read_back(kind: str, made: object) -> None:
    assert instance(kind, text_of(made), "--x") == made


def test_a_lane_has_a_name_of_its_own() -> None:
    named = lane("gradient-ascent:learning_rate=2,name=first lane,after_leaving=continue", "--algorithm")
    assert named == Lane(GradientAscent(learning_rate=2.0), "first lane", after_leaving="continue")
    assert lane("em:name=2", "--algorithm").title == "2"
    for made in (named, Lane(ExpectationMaximization()), Lane(ExpectationMaximization(), "true")):
        assert lane(lane_text(made), "--algorithm") == made


@pytest.mark.parametrize(
    "text", ["em:name=a/b", "em:name=[1]", "em:after_leaving=go", "em:rate=1", "me", "em:name="]
)
def test_impossible_lanes_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--algorithm"):
        lane(text, "--algorithm")


def test_a_value_cannot_smuggle_in_another_key() -> None:
    assert value_of("1\nother = 2", "x") == "1\nother = 2"
