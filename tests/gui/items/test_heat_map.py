"""The colours of heat maps: none at 0, warm above, cold below, full at the scale, in every theme."""

import pytest

from gui.items.heat_map import shade
from gui.style import style


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_shades_tell_sign_and_size(theme: str) -> None:
    chosen = style(theme)
    canvas = chosen.colour("canvas").name()
    assert shade(0.0, 1.0, chosen).name() == canvas
    assert shade(0.3, 0.0, chosen).name() == canvas, (
        "nothing was left at the start, and what is now is rounding"
    )
    assert shade(1.0, 1.0, chosen).name() == shade(5.0, 1.0, chosen).name() == chosen.component(5).name()
    assert shade(-1.0, 1.0, chosen).name() == chosen.component(0).name()
    warm = [shade(value, 1.0, chosen) for value in (0.1, 0.5, 0.9)]
    assert all(each.redF() >= each.blueF() - 0.05 for each in warm)
    assert len({each.name() for each in warm}) == 3
