"""Colours by responsibility: pure where a point belongs to one component, mixed where it is shared."""

import numpy as np
import pytest
from PySide6.QtGui import QColor

from gui.items.colour_table import LEVELS, NO_POSTERIOR, ColourTable, colour_table, oklab, srgb
from gui.style import COMPONENT_COLOURS, style


@pytest.fixture(scope="module")
def table() -> ColourTable:
    return colour_table(COMPONENT_COLOURS, style("light").ghost)


def test_oklab_and_back_is_the_same_colour() -> None:
    colours = np.random.Generator(np.random.Philox(0)).random((50, 3))
    np.testing.assert_allclose(srgb(oklab(colours)), colours, atol=1e-6)


@pytest.mark.parametrize("components", range(1, 13))
def test_a_point_of_one_component_has_exactly_its_colour(table: ColourTable, components: int) -> None:
    found = table.pixels(table.codes(np.eye(components)))
    wanted = [QColor(colour).rgb() & 0xFFFFFFFF for colour in COMPONENT_COLOURS[:components]]
    assert found.tolist() == wanted


def test_there_are_4096_colours_and_a_shared_point_lies_between_its_components(table: ColourTable) -> None:
    assert len(table.colours) == LEVELS**3 == 4096
    shares = np.linspace(0, 1, 11)
    lab = oklab(table.colours[table.codes(np.stack((1 - shares, shares)))] / 255)
    way = (lab - lab[0]) @ (lab[-1] - lab[0]) / np.sum((lab[-1] - lab[0]) ** 2)
    np.testing.assert_allclose(way, shares, atol=0.08)


def test_rows_without_a_posterior_are_neutral_and_negative_shares_count_as_none(table: ColourTable) -> None:
    shares = np.array([[np.nan, 1.3, 0.0], [np.nan, -0.3, 0.0]])
    codes = table.codes(shares)
    assert codes[0] == codes[2] == NO_POSTERIOR
    assert codes[1] == table.codes(np.eye(2))[0]
    assert NO_POSTERIOR not in table.codes(np.eye(12))
