"""The data canvas by real frames, real mouse events and a few meant pixels."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine import catalogue
from engine.parameters import Array
from gui.frame import Frame
from gui.items.axes import Axes
from gui.items.start_ghost import ghost_handles, ghost_means
from gui.items.viewport import Viewport
from gui.requests import MoveStartMean, ReshapeStart
from gui.style import style
from gui.views.data_canvas import DataCanvas
from tests.gui.frames import FIRST_EXPERIMENT, Recorded, first_experiment, recorded

LANES = [{"algorithm": "em"}, {"algorithm": "gradient-ascent", "learning_rate": 0.5}]
SIZE = QSize(550, 330)


def short(story: str, model: str, components: int, iterations: int = 6, **data: Any) -> Recorded:
    return recorded(
        {
            "data": {"name": story, **data},
            "model": {"name": model, "components": components},
            "start": {"name": "random-points", "seed": 1},
            "lanes": LANES,
            "stop": {"tolerance": 0.0, "max_iterations": iterations},
        }
    )


def whole(story: str) -> Recorded:
    """A story of one or two numbers, from the start that it sets up."""
    setup = catalogue.get("datasets", story)().setup()
    stop = {"tolerance": 0.0, "max_iterations": 6}
    return recorded({"data": {"name": story}, "lanes": LANES, "stop": stop, **setup})


def unequal_sets(**settings: Any) -> Recorded:
    """Two coins tossed in sets of unequal length."""
    stop = {"tolerance": 0.0, "max_iterations": 6}
    model = {"name": "coins", "trials_column": "tosses", **settings}
    data = {"name": "coin-tosses", "lengths": "unequal"}
    start = {"name": "parameters", "weights": [0.5, 0.5], "heads": [0.6, 0.5]}
    return recorded({"data": data, "model": model, "start": start, "lanes": LANES, "stop": stop})


def canvas(frame: Frame, lane: int = 0, viewport: Viewport | None = None) -> DataCanvas:
    """A shown canvas with a frame, and its requests in `asked`."""
    shown = DataCanvas(lane, viewport or Viewport())
    shown.resize(SIZE)
    shown.show_frame(frame)
    shown.show()
    QTest.qWaitForWindowExposed(shown)
    return shown


def asked(view: DataCanvas) -> list[Any]:
    requests: list[Any] = []
    view.requested.connect(requests.append)
    return requests


def axes_of(view: DataCanvas) -> Axes:
    assert view.frame is not None
    return view.axes(view.frame, QRectF(view.rect()))


def grabbed(view: DataCanvas) -> QImage:
    return view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def drag(view: DataCanvas, start: Array, end: Array) -> None:
    first, last = (QPoint(*np.rint(place).astype(int).tolist()) for place in (start, end))
    middle = (first + last) / 2
    QTest.mouseMove(view, first)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=first)
    for place in (middle, last):
        QTest.mouseMove(view, place)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=last)


def wheel(view: DataCanvas, at: QPointF, notches: float) -> None:
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def colours_near(image: QImage, at: QPointF, reach: int) -> set[str]:
    x, y = round(at.x()), round(at.y())
    return {
        QColor(image.pixel(x + dx, y + dy)).name()
        for dx in range(-reach, reach + 1)
        for dy in range(-reach, reach + 1)
    }


STORIES: dict[str, Any] = {
    "two columns": lambda: first_experiment(20),
    "one column": lambda: short("two-bumps", "gaussian-mixture", 2),
    "ten columns": lambda: short("ten-dimensions", "gaussian-mixture", 5),
    "counts in one column": lambda: short("poisson-counts", "poisson-mixture", 2, dimension=1),
    "counts in two columns": lambda: short("poisson-counts", "poisson-mixture", 2),
    "counts in three columns": lambda: short("poisson-counts", "poisson-mixture", 2, dimension=3),
    "row weights": lambda: short("deaths", "poisson-mixture", 2),
    "wildly different scales": lambda: short("different-scales", "gaussian-mixture", 2),
    "very many": lambda: short("three-clusters", "gaussian-mixture", 3, 3, size=200_001),
    "answers": lambda: short("latent-classes", "bernoulli-mixture", 2),
    "words": lambda: short("word-counts", "multinomial-mixture", 3),
    "successes in one column": lambda: short("binomial-counts", "binomial-mixture", 2),
    "coins of free weights": lambda: short("coin-tosses", "coins", 2),
    "coins of unequal sets": lambda: unequal_sets(),
    "the whole likelihood of unequal sets": lambda: unequal_sets(hold=["weights"]),
    "waiting times": lambda: short("waiting-times", "gamma-mixture", 2),
    "waiting times in two columns": lambda: short("waiting-times", "gamma-mixture", 2, dimension=2),
    "heavy tails": lambda: short("heavy-tails", "student-t-mixture", 3),
    "lines": lambda: short("two-lines", "mixture-of-regressions", 2),
    "the whole likelihood of two coins": lambda: whole("two-coins"),
    "the whole likelihood of linkage": lambda: whole("linkage"),
}


@pytest.mark.parametrize("story", STORIES)
def test_every_kind_of_data_is_drawn_in_every_theme_and_size(
    application: QApplication, story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = STORIES[story]()
    end = float(made.sources[0].trace.count - 1)
    view = canvas(made.frame(0.0))
    seen: list[QImage] = []
    for theme, lecture in (("light", False), ("dark", False), ("light", True), ("dark", True)):
        view.use_style(style(theme, lecture))
        for cursor, truth in ((0.0, False), (end, True), (1.5, True)):
            view.show_frame(made.frame(cursor, truth=truth))
            seen.append(grabbed(view))
    assert len({bytes(image.constBits()) for image in seen}) == len(seen)
    for size in (QSize(1100, 660), QSize(240, 140), QSize(60, 40)):
        view.resize(size)
        image = grabbed(view)
        assert image.size() == size * view.devicePixelRatio()
    assert capsys.readouterr().err == ""


def test_a_point_of_one_component_has_its_colour_and_the_canvas_stays_clean(
    application: QApplication,
) -> None:
    frame = first_experiment(300).frame(300.0)
    view = canvas(frame)
    image, axes = grabbed(view), axes_of(view)
    shares = frame.scene.responsibilities(frame.lanes[0].colour_parameters, slice(None))
    chosen = int(np.argmax(np.where(frame.scene.points[:, 0] < -4.8, shares[0], 0)))
    owner = QColor(style("light").component(0))
    at = axes.point(*frame.scene.points[chosen].tolist())
    found = QColor(image.pixel(round(at.x()), round(at.y())))
    difference = max(
        abs(one - other)
        for one, other in zip(
            (found.red(), found.green(), found.blue()),
            (owner.red(), owner.green(), owner.blue()),
            strict=True,
        )
    )
    assert shares[0, chosen] > 0.999
    assert difference <= 30
    clean = style("light").colour("canvas").name()
    assert QColor(image.pixel(round(axes.area.right()) - 12, round(axes.area.top()) + 10)).name() == clean


def test_the_mean_of_the_start_is_dragged_where_the_mouse_goes(application: QApplication) -> None:
    frame = first_experiment(20).frame(12.0)
    view = canvas(frame)
    requests, axes = asked(view), axes_of(view)
    start = ghost_means(axes, frame.scene.start)[1]
    end = start + np.array([80.0, -40.0])
    drag(view, start, end)
    assert [type(each) for each in requests] == [MoveStartMean] * len(requests)
    assert [each.final for each in requests] == [False] * (len(requests) - 1) + [True]
    assert len(requests) >= 2
    assert {each.component for each in requests} == {1}
    wanted = (axes.value_x(end[0]), axes.value_y(end[1]))
    np.testing.assert_allclose(requests[-1].at, wanted, atol=1.0 / min(axes.x_scale, axes.y_scale))


def test_the_drag_is_drawn_before_the_session_answers_and_given_up_when_it_has(
    application: QApplication,
) -> None:
    made = first_experiment(20)
    frame = made.frame(12.0)
    view = canvas(frame)
    axes = axes_of(view)
    start = ghost_means(axes, frame.scene.start)[0]
    end = start + np.array([-60.0, 90.0])
    before = grabbed(view)
    drag(view, start, end)
    np.testing.assert_allclose(ghost_means(axes, view.start_shown(frame))[0], end, atol=1.0)
    assert grabbed(view) != before
    answered = recorded(FIRST_EXPERIMENT | {"stop": {"tolerance": 0.0, "max_iterations": 2}}).frame(0.0)
    view.show_frame(answered)
    assert view.start_shown(answered) is answered.scene.start


@pytest.mark.parametrize("handle", range(4))
def test_a_handle_of_the_start_reshapes_its_ellipse(application: QApplication, handle: int) -> None:
    frame = first_experiment(20).frame(12.0)
    view = canvas(frame)
    requests, axes = asked(view), axes_of(view)
    start = ghost_handles(axes, frame.scene.start, 1)[handle]
    end = start + np.array([25.0, 20.0])
    drag(view, start, end)
    assert [type(each) for each in requests] == [ReshapeStart] * len(requests)
    assert requests[-1].final
    assert requests[-1].component == 1
    covariance = np.array(requests[-1].covariance)
    assert np.all(np.linalg.eigvalsh(covariance) > 0)
    reached = np.array([axes.value_x(end[0]), axes.value_y(end[1])]) - frame.scene.start.means[1]
    distance = reached @ np.linalg.solve(covariance, reached)
    assert distance == pytest.approx(1.0, abs=0.05)


def test_at_the_start_the_ghost_can_be_gripped_upon_its_component(application: QApplication) -> None:
    frame = first_experiment(20).frame(0.0)
    view = canvas(frame)
    requests = asked(view)
    place = ghost_means(axes_of(view), frame.scene.start)[0]
    # Nine pixels beside it are near enough, and the mean does not jump to the mouse.
    drag(view, place + np.array([6.0, 6.0]), place + np.array([46.0, 6.0]))
    assert requests[-1].component == 0
    moved = requests[-1].at[0] - frame.scene.start.means[0, 0]
    assert moved == pytest.approx(40 / axes_of(view).x_scale, abs=1.5 / axes_of(view).x_scale)
    assert requests[-1].at[1] == pytest.approx(frame.scene.start.means[0, 1], abs=1.5 / axes_of(view).y_scale)


def test_a_click_changes_nothing_anywhere(application: QApplication) -> None:
    frame = first_experiment(20).frame(12.0)
    view = canvas(frame)
    requests, limits = asked(view), view.viewport.limits
    axes = axes_of(view)
    for place in (*ghost_means(axes, frame.scene.start), *ghost_handles(axes, frame.scene.start, 0)):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(*np.rint(place).astype(int).tolist()))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=axes.area.bottomRight().toPoint() - QPoint(9, 9))
    assert requests == []
    np.testing.assert_array_equal(view.viewport.limits, limits)
    assert view.start_shown(frame) is frame.scene.start


def test_wheel_drag_and_double_click_move_both_canvases(application: QApplication) -> None:
    frame, viewport = first_experiment(20).frame(12.0), Viewport()
    left, right = canvas(frame, 0, viewport), canvas(frame, 1, viewport)
    requests = asked(left)
    axes = axes_of(left)
    about = QPointF(axes.area.left() + 60, axes.area.bottom() - 30)
    value = axes.value_x(about.x()), axes.value_y(about.y())
    before = grabbed(right)
    wheel(left, about, 3)
    zoomed = axes_of(right)
    assert zoomed.x_high - zoomed.x_low < axes.x_high - axes.x_low
    assert axes_of(left).value_x(about.x()) == pytest.approx(value[0], abs=3 / axes.x_scale)
    assert axes_of(left).value_y(about.y()) == pytest.approx(value[1], abs=3 / axes.y_scale)
    assert grabbed(right) != before
    limits = viewport.limits
    corner = np.array([axes.area.right() - 20, axes.area.top() + 20])
    drag(left, corner, corner + np.array([-50.0, 30.0]))
    shift = (viewport.limits - limits)[:, 0]
    assert shift[0] == pytest.approx(50 / zoomed.x_scale, rel=0.05)
    assert shift[1] == pytest.approx(30 / zoomed.y_scale, rel=0.05)
    QTest.mouseDClick(left, Qt.MouseButton.LeftButton, pos=QPoint(*corner.astype(int).tolist()))
    assert viewport.is_whole
    assert requests == []


def test_in_one_dimension_the_ghosts_means_and_widths_are_dragged(application: QApplication) -> None:
    frame = short("two-bumps", "gaussian-mixture", 2).frame(4.0)
    view = canvas(frame)
    requests, axes = asked(view), axes_of(view)
    mean = ghost_means(axes, frame.scene.start)[1]
    drag(view, mean, mean + np.array([-50.0, 30.0]))
    assert len(requests[-1].at) == 1
    assert requests[-1].at[0] == pytest.approx(axes.value_x(mean[0] - 50), abs=1 / axes.x_scale)
    view.show_frame(short("two-bumps", "gaussian-mixture", 2).frame(4.0))
    end = ghost_handles(axes_of(view), frame.scene.start, 0)[0]
    drag(view, end, end + np.array([30.0, 0.0]))
    wanted = (np.sqrt(frame.scene.start.covariances[0, 0, 0]) + 30 / axes.x_scale) ** 2
    assert isinstance(requests[-1], ReshapeStart)
    assert requests[-1].covariance[0][0] == pytest.approx(wanted, rel=0.05)


def test_a_poisson_start_has_means_to_drag_and_no_handles(application: QApplication) -> None:
    frame = short("poisson-counts", "poisson-mixture", 2).frame(4.0)
    view = canvas(frame)
    requests, axes = asked(view), axes_of(view)
    end = ghost_handles(axes, frame.scene.start, 1)[0]
    drag(view, end, end + np.array([15.0, 5.0]))
    assert requests == []
    view.viewport.reset()
    mean = ghost_means(axes, frame.scene.start)[1]
    drag(view, mean, np.array([axes.area.left() + 1, axes.area.bottom() - 1]))
    assert min(requests[-1].at) >= 0


def test_an_axis_parallel_model_keeps_its_axes_while_dragged(application: QApplication) -> None:
    document = FIRST_EXPERIMENT | {
        "model": {"name": "gaussian-mixture", "components": 3, "covariance": "diagonal"},
        "stop": {"tolerance": 0.0, "max_iterations": 3},
    }
    frame = recorded(document).frame(3.0)
    view = canvas(frame)
    requests = asked(view)
    end = ghost_handles(axes_of(view), frame.scene.start, 1)[0]
    drag(view, end, end + np.array([30.0, 25.0]))
    covariance = np.array(requests[-1].covariance)
    assert covariance[0, 1] == pytest.approx(0.0, abs=1e-9)


def test_a_lane_outside_the_constraints_is_hatched_and_its_neighbour_is_not(
    application: QApplication,
) -> None:
    lanes = [
        {"algorithm": "em"},
        {
            "algorithm": "gradient-ascent",
            "learning_rate": 1.2,
            "weight_coordinates": "raw",
            "after_leaving": "continue",
        },
    ]
    made = recorded(FIRST_EXPERIMENT | {"lanes": lanes, "stop": {"tolerance": 0.0, "max_iterations": 8}})
    frame, viewport = made.frame(8.0), Viewport()
    assert [lane.is_likelihood for lane in frame.lanes] == [True, False]
    reddish = []
    for lane in (0, 1):
        view = canvas(frame, lane, viewport)
        image, area = grabbed(view), axes_of(view).area
        edge = [
            QColor(image.pixel(round(area.left()) + 4, y))
            for y in range(round(area.top()) + 20, round(area.bottom()) - 20)
        ]
        reddish.append(sum(colour.red() > colour.green() + 60 for colour in edge))
    assert reddish[0] == 0
    assert reddish[1] > 10


def test_what_is_not_finite_is_left_out_and_the_rest_is_drawn(
    application: QApplication, capsys: pytest.CaptureFixture[str]
) -> None:
    document = FIRST_EXPERIMENT | {
        "lanes": [
            {"algorithm": "gradient-ascent", "learning_rate": 60.0, "covariance_coordinates": "raw"},
            {"algorithm": "gradient-ascent", "learning_rate": 1000.0},
        ],
        "stop": {"tolerance": 0.0, "max_iterations": 30},
    }
    made = recorded(document)
    ends = [source.trace.count - 1 for source in made.sources]
    frame, viewport = made.frame(float(max(ends))), Viewport()
    broken = 0
    for lane in (0, 1):
        view = canvas(frame, lane, viewport)
        shown = frame.lanes[lane].components
        finite = np.all(np.isfinite(shown.covariances))
        broken += not finite or np.min(np.linalg.eigvalsh(shown.covariances)) <= 0
        assert len(colours_near(grabbed(view), axes_of(view).area.center(), 60)) > 20
    assert broken > 0
    assert capsys.readouterr().err == ""


def test_a_canvas_says_whose_it_is(application: QApplication) -> None:
    view = canvas(first_experiment(20).frame(1.0), 1)
    assert view.accessibleName() == "Data, gradient-ascent"


def test_it_paints_into_any_rectangle_as_on_the_screen(application: QApplication) -> None:
    view = canvas(first_experiment(20).frame(12.0))
    screen = grabbed(view)
    image = QImage(700, 400, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    view.paint(painter, QRectF(120, 50, SIZE.width(), SIZE.height()))
    painter.end()
    assert image.copy(120, 50, SIZE.width(), SIZE.height()) == screen
