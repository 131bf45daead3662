"""Where the names of pinned runs stand: whole, within the area, none over another."""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF

from gui.items.pinned_runs import _free_place

AREA = QRectF(40.0, 20.0, 300.0, 160.0)
NAME = QSizeF(36.0, 13.0)


@pytest.mark.parametrize("at", [(40, 20), (340, 20), (40, 180), (340, 180), (100, 178), (339, 100)])
def test_a_name_is_never_cut_at_an_edge(at: tuple[float, float]) -> None:
    box = _free_place(QPointF(*at), NAME, AREA, [])
    assert box is not None
    assert AREA.contains(box)
    assert abs(box.center().y() - at[1]) <= NAME.height()


def test_names_at_one_place_cover_none_of_each_other_until_there_is_no_room() -> None:
    taken: list[QRectF] = []
    at = QPointF(100.0, 150.0)
    while (box := _free_place(at, NAME, AREA, taken)) is not None:
        taken.append(box)
    assert all(AREA.contains(box) for box in taken)
    assert not any(one.intersects(other) for one, other in itertools.combinations(taken, 2))
    assert len(taken) >= 10
    # Those below come first, the nearest of all.
    assert np.argmin([box.top() for box in taken]) == len(taken) - 1
    assert taken[0].top() == at.y() + 2
