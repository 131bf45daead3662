"""`fit ... --starts R`: how often each lane reaches the best mode, and what that costs."""

import numpy as np
import pytest

from tests.commands.running import fails, fitted, succeeds

FIT = ("faithful", "--model", "gaussian-mixture:components=3", "--algorithm", "em", "--algorithm", "lbfgs")


def test_the_json_has_every_end_and_the_same_ones_in_any_number_of_processes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = fitted(capsys, *FIT, "--starts", "3", "--processes", "1")["starts"]
    two = fitted(capsys, *FIT, "--starts", "3", "--processes", "2")["starts"]
    assert one["seeds"] == [0, 1, 2]
    for lane, other in zip(one["lanes"], two["lanes"], strict=True):
        assert lane["ends"] == other["ends"]
        assert lane["passes"] == other["passes"]
        values = [end["log_likelihood"] for end in lane["ends"]]
        assert lane["reached"] == sum(value is not None and value >= one["best"] - 1e-3 for value in values)
        for clock in ("iterations", "passes", "cpu_seconds"):
            reached = [cost for cost in lane[clock] if cost is not None]
            assert len(lane[clock]) == len(lane["profile"][clock]) == 3
            assert len(reached) == lane["reached"]
            if reached:
                assert lane["quartiles"][clock] == pytest.approx(
                    np.percentile(reached, (25, 50, 75)).tolist()
                )
        assert lane["best"] == max(value for value in values if value is not None)
    # Reference section 2: no mode of three components lies above the best known one.
    assert one["best"] < -1114.4398


def test_the_table_says_how_often_and_at_what_cost(capsys: pytest.CaptureFixture[str]) -> None:
    told = succeeds(capsys, "fit", *FIT, "--starts", "2", "--processes", "1")
    assert "of 2" in told
    lines = told.splitlines()
    # How often and at what cost, then the performance profile by passes and by CPU time.
    assert [line.split()[0] for line in lines if line.startswith(("em", "lbfgs"))] == 3 * ["em", "lbfgs"]
    headings = next(line for line in lines if "iterations" in line)
    assert headings.split() == ["iterations", "passes", "CPU", "ms"]
    beneath = lines[lines.index(headings) + 1].split()
    assert beneath == ["lane", "reached", "it", *3 * ["to", "it"], "best"]
    profile = [line.split()[1:] for line in lines if line.startswith("em")][1]
    shares = [int(share.rstrip("%")) for share in profile]
    assert shares == sorted(shares)
    assert len(shares) == 6


@pytest.mark.parametrize(
    "words",
    [("--starts", "0"), ("--starts", "many"), ("--starts", "2", "--processes", "-1"), ("--processes", "2")],
)
def test_bad_numbers_are_one_sentence(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert words[-2] in fails(capsys, "fit", *FIT, *words)


def test_what_tells_of_one_start_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--starts" in fails(capsys, "fit", *FIT, "--starts", "2", "--trace")
