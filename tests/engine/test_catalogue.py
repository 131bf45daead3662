"""What is found in a package, and that a broken plug-in fails loudly."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine.starts
from engine import catalogue
from engine.errors import InputError

GOOD = '''
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.models.base import Model
from engine.parameters import Parameters
from engine.starts.base import Start


@dataclass(frozen=True)
class Elsewhere(Start):
    """Starts somewhere else."""

    name: ClassVar[str] = "elsewhere"

    def begin(self, model: Model, prepared: Any) -> Parameters:
        raise NotImplementedError
'''


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file that stands in the starts' package as long as the test runs."""
    monkeypatch.setattr(engine.starts, "__path__", [*engine.starts.__path__, str(tmp_path)])
    catalogue.find.cache_clear()
    yield tmp_path / "elsewhere.py"
    sys.modules.pop("engine.starts.elsewhere", None)
    catalogue.find.cache_clear()


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_every_class_has_a_name_and_a_tooltip(kind: str) -> None:
    classes = catalogue.find(kind)
    assert classes
    for name, cls in classes.items():
        assert cls.name == name
        assert name == name.lower()
        assert " " not in name
        line = catalogue.summary(cls)
        assert line.endswith(".")
        assert len(line) <= 110
        assert catalogue.get(kind, name) is cls


def test_a_new_file_is_found(plug_in: Path) -> None:
    plug_in.write_text(GOOD)
    assert catalogue.get("starts", "elsewhere").name == "elsewhere"
    assert "elsewhere" in catalogue.find("starts")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ((GOOD, "def broken("), SyntaxError),
        (("from engine.starts.base", "from engine.starts.no_such_file"), ModuleNotFoundError),
        (('    """Starts somewhere else."""\n', ""), RuntimeError),
        (('"elsewhere"', '"k-means++"'), RuntimeError),
        (('    name: ClassVar[str] = "elsewhere"\n', ""), RuntimeError),
        (("@dataclass(frozen=True)\n", ""), RuntimeError),
        (("frozen=True", "frozen=False"), TypeError),
        (("def begin", "def began"), RuntimeError),
    ],
)
def test_a_broken_file_fails_loudly(plug_in: Path, change: tuple[str, str], error: type[Exception]) -> None:
    plug_in.write_text(GOOD.replace(*change))
    with pytest.raises(error):
        catalogue.find("starts")


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"There is no algorithm called 'nosuch'; give one of .*em"):
        catalogue.get("algorithms", "nosuch")
    with pytest.raises(InputError, match="There is no data story called 'x'"):
        catalogue.get("datasets", "x")
    with pytest.raises(InputError, match="There are no coordinates called 'x'"):
        catalogue.get("coordinates", "x")
