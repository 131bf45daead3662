"""`--fresh` is for the window alone, wherever it stands."""

import pytest

from main import main
from tests.commands.running import fails

Opened = list[tuple[str | None, bool]]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """What the window was asked to open, and whether afresh; none opens."""
    asked: Opened = []

    def open_window(source: str | None, fresh: bool = False) -> int:
        asked.append((source, fresh))
        return 0

    monkeypatch.setattr("commands.window.open_window", open_window)
    return asked


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), (None, False)),
        (("--fresh",), (None, True)),
        (("mine.csv",), ("mine.csv", False)),
        (("--fresh", "mine.csv"), ("mine.csv", True)),
        (("mine.csv", "--fresh"), ("mine.csv", True)),
        (("em-crawls", "--fresh"), ("em-crawls", True)),
    ],
)
def test_the_window_opens_afresh_where_it_is_said(
    opened: Opened, words: tuple[str, ...], expected: tuple[str | None, bool]
) -> None:
    assert main(list(words)) == 0
    assert opened == [expected]


@pytest.mark.parametrize("words", [("--fresh", "list"), ("--fresh", "fit", "faithful")])
def test_a_command_has_no_use_for_it(
    opened: Opened, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert fails(capsys, *words) == "--fresh is for the window; leave it out here."
    assert "--fresh" in fails(capsys, *words[1:], "--fresh")
    assert opened == []
