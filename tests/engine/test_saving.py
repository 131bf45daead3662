"""A file is there as a whole or as it was."""

import os
import threading
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.saving import write_whole, writing


def test_a_text_takes_the_place_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_whole(path, "first\n")
    write_whole(path, "second ϑ\n")
    assert path.read_bytes() == "second ϑ\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    content = bytes(range(256)) + b"\r\n\n"
    write_whole(path, content)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def half_written(path: Path) -> None:
    with writing(path) as stream:
        stream.write("half of the sec")
        stream.flush()
        assert path.read_text() == "first"
        raise ZeroDivisionError


def test_what_was_there_stays_while_it_is_written_and_where_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_whole(path, "first")
    with pytest.raises(ZeroDivisionError):
        half_written(path)
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
def test_a_link_stays_a_link_and_a_mode_stays_a_mode(tmp_path: Path) -> None:
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("first")
    target.chmod(0o640)
    link.symlink_to(target)
    write_whole(link, "second")
    assert link.is_symlink()
    assert target.read_text() == "second"
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_is_written_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "through")
    reader.join(10.0)
    assert read == ["through"]
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^.*gone/a\.txt cannot be written: No such file or directory\.$"):
        write_whole(tmp_path / "gone" / "a.txt", "x")
