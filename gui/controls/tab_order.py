"""Tab goes through controls as they are read, whichever of them was made first."""

import itertools
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QWidget


def in_reading_order(widget: QWidget) -> Iterator[QWidget]:
    """What can have the focus of a widget and all inside it, in the order of the layouts."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    layout = widget.layout()
    inside = list(_laid_out(layout)) if layout is not None else []
    # Some place their children by hand.
    inside += [
        each
        for each in widget.children()
        if isinstance(each, QWidget) and each not in inside and not each.isWindow()
    ]
    for each in inside:
        yield from in_reading_order(each)


def order_tabs(widget: QWidget, before: list[QWidget]) -> list[QWidget]:
    """Makes Tab go in reading order inside a widget; gives that order, and does nothing where it is `before`."""
    order = list(in_reading_order(widget))
    if order != before:
        for one, next_one in itertools.pairwise(order):
            QWidget.setTabOrder(one, next_one)
    return order


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        if item is None:
            continue
        widget, below = item.widget(), item.layout()
        if widget is not None:
            yield widget
        elif below is not None:
            yield from _laid_out(below)
