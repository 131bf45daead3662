"""The bar on top: run, step, reset, new seeds, speed, and how the pictures are drawn."""

import math

from PySide6.QtCore import QEvent, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QMenu, QSizePolicy, QWidget

from gui.controls.icons import icon, icon_size
from gui.controls.inputs import Button, CheckBox, ChoiceBox, Slider
from gui.controls.tab_order import order_tabs
from gui.controls.words import tooltip
from gui.frame import Frame
from gui.style import Style, style

SLOWEST, FASTEST = 0.5, 1000.0
SPEED_POSITIONS = 120
"""Positions of the speed slider; the one behind the last stands for flat out."""

CLOCKS = (("iteration", "iteration"), ("passes", "passes"), ("CPU time", "cpu"))
VERTICALS = (("value", "value"), ("gap to best", "gap"))
PRINCIPAL = "principal directions"
SHORTEST_SPEED = 70
LEAVING_OUT = ("captions", "seed words", "gaps", "run word", "experiments word", "speed number")
"""What a bar that is too narrow leaves out, in this order."""


class SteadyLabel(QLabel):
    """A label as wide as its widest text, so that nothing moves when the text changes."""

    def __init__(self, widest: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widest = widest
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._widest) + 4, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Transport(QWidget):
    """The bar on top: run, step, go back, new seeds, speed, and how the pictures are drawn.

    Engines compute ahead, and what is shown belongs to the cursor, which these buttons move: a whole step, half
    a step, one back, or back to the same start. The keys in their hints work wherever the focus is, but not
    in a text field. Another seed draws other data, or another start, of the same kind.

    The clock says what the horizontal axis and the cursor count: iterations, passes over the data, or CPU time.
    """

    run_toggled = Signal()
    stepped = Signal()
    half_stepped = Signal()
    stepped_back = Signal()
    reset = Signal()
    data_reseeded = Signal()
    start_reseeded = Signal()
    speed_changed = Signal(float)
    clock_chosen = Signal(str)
    vertical_chosen = Signal(str)
    truth_toggled = Signal(bool)
    columns_chosen = Signal(object)
    """Two indices of columns, or None for the principal directions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = style("light")
        self._playing = False
        self._fitting = False
        self._columns: tuple[str, ...] = ()
        self.experiments = Button("Experiments ▾")
        self.experiments.setPopupMode(Button.ToolButtonPopupMode.InstantPopup)
        self.experiments.setToolTip("Open one of the prepared experiments")
        self.run = self._button("Run", "run", "Run (space)", self.run_toggled, "main")
        self.restart = self._button("", "reset", "Reset to the same start (R)", self.reset)
        self.back = self._button("", "back", "One step back (←)", self.stepped_back)
        self.half = self._button("", "half-step", "Half a step (.)", self.half_stepped)
        self.step = self._button("", "step", "One step (→)", self.stepped)
        self.data_seed = self._button("Data", "data-seed", "New data: the next seed (D)", self.data_reseeded)
        self.start_seed = self._button(
            "Start", "start-seed", "New start: the next seed (S)", self.start_reseeded
        )
        self.speed = Slider()
        self.speed.setRange(0, SPEED_POSITIONS + 1)
        self.speed.setPageStep(10)
        self.speed.setAccessibleName("Speed")
        self.speed.valueChanged.connect(self._speed_moved)
        self.speed_label = SteadyLabel("flat out")
        self.speed_caption = self._caption("Speed")
        self.clock = self._choice("Clock", "What the horizontal axis and the cursor count", CLOCKS)
        self.clock.picked.connect(lambda value: self.clock_chosen.emit(str(value)))
        self.clock_caption = self._caption("Clock")
        self.vertical = self._choice(
            "Vertical axis", "The log-likelihood, or its gap to the best known maximum", VERTICALS
        )
        self.vertical.picked.connect(lambda value: self.vertical_chosen.emit(str(value)))
        self.vertical_caption = self._caption("Vertical")
        self.truth = CheckBox("Truth")
        self.truth.clicked.connect(lambda checked: self.truth_toggled.emit(bool(checked)))
        self.first_column = self._choice("Horizontal column", "What the canvases show horizontally", ())
        self.second_column = self._choice("Vertical column", "What the canvases show vertically", ())
        self.columns_caption = self._caption("Columns")
        self.first_column.picked.connect(lambda value: self._columns_picked(self.first_column))
        self.second_column.picked.connect(lambda value: self._columns_picked(self.second_column))
        self._lay_out()
        order_tabs(self, [])
        self.use_style(self._style)
        self.show_columns(())

    def _button(self, text: str, drawing: str, hint: str, signal: SignalInstance, role: str = "") -> Button:
        button = Button(text)
        button.setProperty("role", role or ("" if text else "icon"))
        button.setProperty("drawing", drawing)
        button.setToolTip(hint)
        button.setAccessibleName(hint)
        if text:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.clicked.connect(lambda checked=False: signal.emit())
        return button

    def _choice(self, name: str, hint: str, choices: tuple[tuple[str, str], ...]) -> ChoiceBox:
        box = ChoiceBox()
        box.setAccessibleName(name)
        box.setToolTip(hint)
        box.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToContents)
        box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        for text, value in choices:
            box.add_choice(text, value)
        return box

    def _caption(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "label")
        return label

    def _lay_out(self) -> None:
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 2, 0, 2)
        self._row.setSpacing(4)
        # The bar decides itself what it leaves out where room is scarce; it must not widen the window.
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        groups: tuple[tuple[QWidget, ...], ...] = (
            (self.experiments,),
            (self.restart, self.back, self.run, self.half, self.step),
            (self.speed_caption, self.speed, self.speed_label),
            (self.data_seed, self.start_seed),
            (self.clock_caption, self.clock),
            (self.vertical_caption, self.vertical),
            (self.truth,),
            (self.columns_caption, self.first_column, self.second_column),
        )
        self._separators = []
        for number, group in enumerate(groups):
            if number:
                separator = QFrame()
                separator.setFixedWidth(9)
                self._separators.append(separator)
                self._row.addWidget(separator)
            for widget in group:
                self._row.addWidget(widget, 1 if widget is self.speed else 0)
        self.speed.setMaximumWidth(200)
        self._row.addStretch(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_experiments_menu(self, menu: QMenu) -> None:
        """The menu that the first button opens."""
        self.experiments.setMenu(menu)

    def show_columns(self, columns: tuple[str, ...]) -> None:
        """The columns of the data; there is a choice from three on."""
        if columns != self._columns:
            self._columns = columns
            self.first_column.clear()
            self.second_column.clear()
            self.first_column.add_choice(PRINCIPAL, -1)
            for index, name in enumerate(columns):
                self.first_column.add_choice(name, index)
                self.second_column.add_choice(name, index)
        for widget in (self.columns_caption, self.first_column, self.second_column):
            widget.setVisible(len(columns) > 2)
        self._fit()

    def show_state(self, frame: Frame) -> None:
        """Every button's state and text, from a frame alone; tells nobody."""
        lanes = frame.lanes
        at_start = frame.cursor <= 0
        done = all(lane.ended for lane in lanes)
        refused = all(lane.status == "refused" for lane in lanes)
        self._show_run(frame.playing)
        self._enable(self.run, not refused, "No lane can run here")
        self._enable(self.restart, not at_start or frame.playing, "The cursor is at the start")
        self._enable(self.back, not at_start, "The cursor is at the start")
        self._enable(self.step, not done, "Every lane has ended here")
        by_iteration = frame.clock == "iteration"
        why = "Every lane has ended here" if done else "Half steps need the clock to count iterations"
        self._enable(self.half, not done and by_iteration, why)
        experiment = frame.experiment
        self._enable(self.data_seed, hasattr(experiment.data, "seed"), "These data are not random")
        self._enable(self.start_seed, hasattr(experiment.start, "seed"), "This start is not random")
        self._show_speed(experiment.show.speed)
        self.clock.show_choice(frame.clock)
        self.vertical.show_choice(frame.vertical)
        known = frame.scene.truth is not None
        self.truth.setEnabled(known)
        self.truth.setChecked(known and frame.show_truth)
        _say(
            self.truth,
            "Draw the components from which the data were drawn"
            if known
            else "The truth behind these data is not known as this model",
        )
        if len(self._columns) > 2:
            self._show_projection(frame.scene.projection.labels)

    def _show_run(self, playing: bool) -> None:
        if playing == self._playing:
            return
        self._playing = playing
        self.run.setText("Pause" if playing else "Run")
        self._draw_icon(self.run, "pause" if playing else "run")
        self.run.setAccessibleName("Pause (space)" if playing else "Run (space)")

    def _enable(self, button: Button, enabled: bool, why_not: str) -> None:
        hint = button.accessibleName()
        button.setEnabled(enabled)
        _say(button, hint if enabled else tooltip(f"{hint}: {why_not[:1].lower()}{why_not[1:]}."))

    def _show_speed(self, speed: float) -> None:
        if not self.speed.isSliderDown():
            self.speed.blockSignals(True)
            self.speed.setValue(position_of(speed))
            self.speed.blockSignals(False)
        self._label_speed(speed)

    def _label_speed(self, speed: float) -> None:
        if self.speed_label.text() == speed_text(speed):
            return
        self.speed_label.setText(speed_text(speed))
        words = "flat out" if speed == 0 else f"{speed:g} iterations a second"
        self.speed.setToolTip(f"Speed: {words}")
        self.speed.setAccessibleDescription(words)

    def _speed_moved(self, position: int) -> None:
        speed = speed_at(position)
        self._label_speed(speed)
        self.speed_changed.emit(speed)

    def _show_projection(self, labels: tuple[str, ...]) -> None:
        """`labels` are two columns, or none of them where the canvases show principal directions."""
        places = [self._columns.index(label) for label in labels if label in self._columns]
        pair = len(places) == 2
        self.first_column.show_choice(places[0] if pair else -1)
        if pair:
            self.second_column.show_choice(places[1])
        self.second_column.setEnabled(pair)

    def _columns_picked(self, touched: ChoiceBox) -> None:
        first, second = self.first_column.currentData(), self.second_column.currentData()
        self.second_column.setEnabled(first != -1)
        if first == -1:
            self.columns_chosen.emit(None)
            return
        if first == second:
            # The box that was touched keeps its column; the other one takes the next.
            other = (int(first) + 1) % len(self._columns)
            first, second = (first, other) if touched is self.first_column else (other, second)
            self.first_column.show_choice(first)
            self.second_column.show_choice(second)
        self.columns_chosen.emit((int(first), int(second)))

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        for button in (
            self.run,
            self.restart,
            self.back,
            self.half,
            self.step,
            self.data_seed,
            self.start_seed,
        ):
            self._draw_icon(button, str(button.property("drawing")))
        self._draw_icon(self.run, "pause" if self._playing else "run")
        self._fit()

    def _draw_icon(self, button: Button, name: str) -> None:
        role = "accent_text" if button is self.run else "text"
        button.setIcon(icon(name, self._style, role))
        button.setIconSize(icon_size(self._style))

    def sizeHint(self) -> QSize:
        return QSize(900, self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(320, self._height())

    def _height(self) -> int:
        tallest = max(widget.sizeHint().height() for widget in (self.experiments, self.run, self.clock))
        return tallest + 4

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._fit()

    def _fit(self) -> None:
        """Leaves out, one after the other, what the bar can be read without, until the row fits."""
        if self._fitting:
            return
        self._fitting = True
        for level in range(len(LEAVING_OUT) + 1):
            self._leave_out(LEAVING_OUT[:level])
            if self._needed_width() <= self.width():
                break
        self._fitting = False

    def _leave_out(self, parts: tuple[str, ...]) -> None:
        beside, alone = (
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon,
            Qt.ToolButtonStyle.ToolButtonIconOnly,
        )
        captions = "captions" not in parts
        for caption in (self.speed_caption, self.clock_caption, self.vertical_caption):
            caption.setVisible(captions)
        self.columns_caption.setVisible(captions and len(self._columns) > 2)
        for button in (self.data_seed, self.start_seed):
            button.setToolButtonStyle(alone if "seed words" in parts else beside)
        self.run.setToolButtonStyle(alone if "run word" in parts else beside)
        # As wide as its longer word, so that nothing moves when it changes.
        self.run.setMinimumWidth(0)
        self.run.setText("Pause")
        self.run.setMinimumWidth(self.run.sizeHint().width())
        self.run.setText("Pause" if self._playing else "Run")
        for separator in self._separators:
            separator.setFixedWidth(3 if "gaps" in parts else 9)
        self.experiments.setText("▾" if "experiments word" in parts else "Experiments ▾")
        self.speed_label.setVisible("speed number" not in parts)

    def _needed_width(self) -> int:
        widgets = []
        for index in range(self._row.count()):
            item = self._row.itemAt(index)
            widget = item.widget() if item is not None else None
            if widget is not None and not widget.isHidden():
                widgets.append(widget)
        widths = [
            SHORTEST_SPEED if widget is self.speed else max(widget.sizeHint().width(), widget.minimumWidth())
            for widget in widgets
        ]
        return sum(widths) + self._row.spacing() * len(widgets)


def _say(widget: QWidget, hint: str) -> None:
    """Sets a tooltip, but only where it changes: this runs for every frame."""
    if widget.toolTip() != hint:
        widget.setToolTip(hint)


def speed_at(position: int) -> float:
    """Iterations a second at a slider position, 0 for flat out."""
    if position > SPEED_POSITIONS:
        return 0.0
    return float(f"{SLOWEST * (FASTEST / SLOWEST) ** (position / SPEED_POSITIONS):.2g}")


def position_of(speed: float) -> int:
    """The slider position of a speed."""
    if speed <= 0:
        return SPEED_POSITIONS + 1
    share = math.log(speed / SLOWEST) / math.log(FASTEST / SLOWEST)
    return round(min(max(share, 0.0), 1.0) * SPEED_POSITIONS)


def speed_text(speed: float) -> str:
    """The speed as the bar shows it."""
    return "flat out" if speed == 0 else f"{speed:g}/s"
