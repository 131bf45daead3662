"""`render` writes what the file's name says: pixels, a drawing or paper."""

from pathlib import Path

import pytest

from tests.commands.running import succeeds

BEGINNINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_a_picture_is_what_its_name_says(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"picture.{kind}"
    words = ("render", "two-bumps:size=60", "--at", "1", "--size", "400x300", "--view", "likelihood")
    succeeds(capsys, *words, "--output", str(path))
    assert path.read_bytes().startswith(BEGINNINGS[kind])
