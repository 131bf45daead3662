"""Runs the command line in process, and checks what every success and every failure must keep."""

import json
from typing import Any

import pytest

from main import main


def succeeds(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0, capsys.readouterr().err
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def fitted(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(succeeds(capsys, "fit", *words, "--json"))
    return found


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The sentence of a command that is bad input: one line on standard error, nothing on standard output."""
    code = main(list(words))
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, ""), captured.err
    assert captured.err.count("\n") == 1
    assert captured.err.endswith("\n")
    assert "Traceback" not in captured.err
    return captured.err.strip()
