"""The tools for drawing points: on or off, how wide the brush is, which class it draws."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.controls.inputs import Button, CheckBox, Slider
from gui.controls.words import tooltip
from gui.style import Style

CLASSES = 6
RADII = (4, 60)
FIRST_RADIUS = 18
HINT = "Click adds a point, dragging sprays, Shift erases."


class DrawingTools(QWidget):
    """The tools for drawing points: on or off, how wide the brush is, which class it draws.

    A class is the truth's colour: it is drawn, and never fitted. Both engines begin again from the same start
    with each stroke. `changed(radius, class)` tells how to draw, and (0, 0) when drawing is off.
    """

    changed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.on = CheckBox("Draw points on the canvas")
        self.on.setToolTip(tooltip("Draw your own points with the mouse.", HINT))
        self.on.toggled.connect(self._tell)
        self.tools = QWidget()
        self.radius = Slider()
        self.radius.setRange(*RADII)
        self.radius.setValue(FIRST_RADIUS)
        self.radius.setAccessibleName("Brush size")
        self.radius.valueChanged.connect(self._tell)
        self.classes = QButtonGroup(self)
        self._buttons: list[Button] = []
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(QLabel("Class"))
        for code in range(CLASSES):
            button = Button(str(code + 1))
            button.setCheckable(True)
            button.setAccessibleName(f"Draw class {code + 1}")
            button.setToolTip(
                f"Points of class {code + 1}; the class is the truth's colour and is never fitted."
            )
            self.classes.addButton(button, code)
            self._buttons.append(button)
            row.addWidget(button)
        row.addStretch(1)
        self._buttons[0].setChecked(True)
        self.classes.idClicked.connect(self._tell)
        brush = QHBoxLayout()
        brush.setContentsMargins(0, 0, 0, 0)
        brush.addWidget(QLabel("Brush"))
        brush.addWidget(self.radius, 1)
        hint = QLabel(HINT)
        hint.setProperty("role", "note")
        hint.setWordWrap(True)
        inner = QVBoxLayout(self.tools)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(3)
        inner.addLayout(brush)
        inner.addLayout(row)
        inner.addWidget(hint)
        self.tools.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.on)
        column.addWidget(self.tools)

    def toggle(self) -> None:
        """Switches drawing on or off."""
        self.on.setChecked(not self.on.isChecked())

    def use_style(self, chosen: Style) -> None:
        """Colours the classes as the canvases do."""
        for code, button in enumerate(self._buttons):
            colour = chosen.component(code).name()
            button.setStyleSheet(
                f"QToolButton {{ border: 2px solid {colour}; border-radius: 4px; padding: 1px 5px; }}"
                f"QToolButton:checked {{ background: {colour}; color: {chosen.canvas}; font-weight: bold; }}"
                f"QToolButton:focus {{ border: 3px solid {chosen.text}; padding: 0px 4px; }}"
            )

    def _tell(self) -> None:
        self.tools.setVisible(self.on.isChecked())
        if self.on.isChecked():
            self.changed.emit(self.radius.value(), self.classes.checkedId())
        else:
            self.changed.emit(0, 0)
