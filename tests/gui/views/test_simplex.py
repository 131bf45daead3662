"""The simplex names what it shows: weights, or the transitions of hidden states; of many states as matrices."""

import dataclasses
import xml.etree.ElementTree as ElementTree
from functools import cache

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QApplication

from gui.frame import Frame
from gui.items.growing_paths import GrowingPaths
from gui.items.layer import Layer
from gui.items.path_extents import PathExtents
from gui.items.simplex_chart import Naming, weight_name
from gui.items.simplex_line import WeightLine
from gui.items.simplex_triangle import Triangle
from gui.items.transition_matrices import GAP, arrangement, probability_text
from gui.items.transition_rows import entered
from gui.style import Style, style
from gui.views.simplex import SimplexView
from tests.gui.frames import FIRST_EXPERIMENT, recorded

SIZE = QSize(300, 246)
ALGORITHMS = ("em", "lbfgs", "gradient-ascent", "squarem", "anderson", "adam", "em", "lbfgs")


@cache
def chains(states: int, lanes: int = 2) -> Frame:
    """A frame of a hidden Markov model some steps after its start."""
    titles = [{"algorithm": name, "name": f"{name} {place}"} for place, name in enumerate(ALGORITHMS[:lanes])]
    made = recorded(
        {
            "data": {"name": "hidden-chain", "size": 200, "states": min(states, 8)},
            "model": {"name": "hidden-markov", "states": states},
            "start": {"name": "k-means++"},
            "lanes": titles,
            "stop": {"tolerance": 0.0, "max_iterations": 3},
        }
    )
    return made.frame(3.0)


@cache
def weights(components: int) -> Frame:
    document = FIRST_EXPERIMENT | {
        "model": {"name": "gaussian-mixture", "components": components},
        "start": {"name": "k-means++"},
        "stop": {"tolerance": 0.0, "max_iterations": 3},
    }
    return recorded(document).frame(3.0)


def words(view: SimplexView, frame: Frame, size: QSize = SIZE) -> list[str]:
    """Every text of the picture on paper."""
    buffer = QBuffer()
    data = QByteArray()
    buffer.setBuffer(data)
    paper = QSvgGenerator()
    paper.setOutputDevice(buffer)
    paper.setSize(size)
    view.show_frame(frame)
    painter = QPainter(paper)
    view.paint(painter, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    root = ElementTree.fromstring(bytes(data.data()))
    return ["".join(each.itertext()).strip() for each in root.iter("{http://www.w3.org/2000/svg}text")]


def picture(view: SimplexView, frame: Frame, chosen: Style, size: QSize = SIZE) -> QImage:
    view.use_style(chosen)
    view.show_frame(frame)
    image = QImage(size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    view.paint(painter, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    return image


@pytest.mark.parametrize("count", [2, 3, 4])
def test_corners_of_transitions_are_states_and_those_of_weights_weights(
    application: QApplication, count: int
) -> None:
    named = range(count) if count > 2 else range(1)
    of_weights, of_states = words(SimplexView(), weights(count)), words(SimplexView(), chains(count))
    for place in named:
        assert f"\u03c0{'₁₂₃₄'[place]}" in of_weights
        assert f"to state {place + 1}" in of_states
    assert not any("state" in each or "from" in each for each in of_weights)
    assert not any("\u03c0" in each for each in of_states)
    assert {f"from {place + 1}" for place in range(count)} <= set(of_states)


@pytest.mark.parametrize("chart", [WeightLine, Triangle])
def test_a_kept_ground_is_not_shown_under_other_names(
    application: QApplication, chart: type[WeightLine] | type[Triangle]
) -> None:
    frame = weights(2 if chart is WeightLine else 3)
    area, chosen = QRectF(0, 0, SIZE.width(), SIZE.height()), style("light")

    def drawn(naming: Naming, kept: Layer) -> QImage:
        image = QImage(SIZE, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        made = chart(area, frame, chosen, PathExtents(), naming)
        made.draw(painter, frame, chosen, frame.scene.start.weights, kept, GrowingPaths())
        painter.end()
        return image

    kept = Layer()
    as_weights, as_states = drawn(weight_name, kept), drawn(entered, kept)
    assert as_states == drawn(entered, Layer())
    assert as_states != as_weights


@pytest.mark.parametrize("count", [2, 3, 4])
def test_rows_that_do_not_sum_to_one_are_told(application: QApplication, count: int) -> None:
    frame = chains(count)
    lane = frame.lanes[0]
    larger = lane.parameters.replaced({"transitions": 1.2 * lane.parameters["transitions"]})
    changed = dataclasses.replace(frame, lanes=(dataclasses.replace(lane, parameters=larger),))
    assert "drawn divided by them" in words(SimplexView(), changed)
    assert "drawn divided by them" not in words(SimplexView(), frame)


@pytest.mark.parametrize("states", [5, 6, 12])
def test_many_states_have_a_matrix_for_each_lane(application: QApplication, states: int) -> None:
    frame = chains(states, 2)
    view = SimplexView()
    assert view.draws(frame)
    told = words(view, frame, QSize(1200, 700))
    for lane in frame.lanes:
        assert lane.title in told
    both = np.concatenate([lane.parameters["transitions"].ravel() for lane in frame.lanes])
    numbers = [probability_text(float(each)) for each in both]
    heads = [str(state + 1) for state in range(states)] * 4
    ends_of_the_key = ["0", "1"]
    for text in set(numbers):
        assert told.count(text) == [*numbers, *heads, *ends_of_the_key].count(text)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lecture", [False, True])
def test_rows_leave_and_columns_enter(application: QApplication, theme: str, lecture: bool) -> None:
    """A chain that goes from every state to the next one has its strong cells right of the diagonal."""
    frame = chains(5, 1)
    ring = np.roll(np.eye(5), 1, axis=1)
    lane = dataclasses.replace(
        frame.lanes[0], parameters=frame.lanes[0].parameters.replaced({"transitions": ring})
    )
    chosen = style(theme, lecture)
    image = picture(SimplexView(), dataclasses.replace(frame, lanes=(lane,)), chosen)
    strong = chosen.component(5).name()
    key = 50
    found = [
        [x for x in range(image.width()) if image.pixelColor(x, y).name() == strong]
        for y in range(image.height() - key)
    ]
    middles = [round(float(np.mean(row))) for row in found if len(row) > 5]
    steps = [one for one, other in zip(middles, [*middles[1:], -1000], strict=True) if abs(one - other) > 5]
    assert len(steps) == 5
    assert steps[:4] == sorted(steps[:4])
    assert steps[4] < steps[0]


@pytest.mark.parametrize("states", [5, 8, 12])
@pytest.mark.parametrize("lanes", range(1, 9))
def test_nothing_stands_outside_nor_on_its_neighbour(
    application: QApplication, states: int, lanes: int
) -> None:
    """Lanes in the little room beside the curve: all cells are inside, and those of two lanes apart."""
    for size in (SIZE, QSize(420, 250)):
        room = QRectF(4, 2, size.width() - 8, size.height() - 26)
        found = arrangement(lanes, states, room, style("light"))
        assert found.across * found.width + (found.across - 1) * GAP == pytest.approx(room.width())
        assert -(-lanes // found.across) * (found.height + GAP) - GAP <= room.height() + 1e-9
        assert found.beside + states * found.cell_width <= found.width + 1e-9
        title = QFontMetricsF(style("light").font(small=True)).height()
        assert title + found.above + states * found.cell_height <= found.height + 1e-9
        assert min(found.cell_width, found.cell_height) > 1.5


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.004, "0"), (0.05, ".05"), (0.999, "1"), (1.0, "1"), (-0.03, "\u2212.03")],
)
def test_probabilities_are_written_short(value: float, text: str) -> None:
    assert probability_text(value) == text
    assert probability_text(float("nan")) == "\u2013"
    assert probability_text(12.3) == "12.30"
