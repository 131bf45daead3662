"""The page of cards: pictures of real runs, opened by keys, while what is loaded goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.shipped_experiments import FOLDER, shipped_experiments
from gui import miniatures
from gui.gallery import Card, Gallery, first_sentence
from gui.miniatures import SIZE, THEMES, Miniatures, Wanted
from gui.style import style
from gui.worker import Turns
from tests.gui.laboratory import LEFT, Laboratory

FEW = ("em-never-goes-down", "collapse", "leaving-the-simplex", "raw-weights")


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(miniatures, "MOST_STEPS", 6)


@pytest.fixture
def gallery(laboratory: Laboratory) -> Iterator[Gallery]:
    laboratory.shell.activateWindow()
    laboratory.settle()
    laboratory.press(Qt.Key.Key_X)
    opened = laboratory.window.companions.gallery
    yield opened
    opened.hide()
    laboratory.shell.activateWindow()
    if laboratory.session.playing:
        laboratory.session.toggle_play()
    laboratory.settle()


def press(laboratory: Laboratory, gallery: Gallery, key: Qt.Key) -> None:
    QTest.keyClick(gallery.windowHandle(), key)
    laboratory.settle()


def focused(gallery: Gallery) -> str:
    found = QApplication.focusWidget()
    assert isinstance(found, Card)
    assert (
        gallery.area.viewport().rect().contains(found.mapTo(gallery.area.viewport(), found.rect().center()))
    ), "the card with the focus is in view"
    return found.name


def wanted(*names: str) -> list[Wanted]:
    return [Wanted(name, FOLDER / f"{name}.toml", shipped_experiments()[name]) for name in names]


def test_there_is_a_card_for_each_experiment(laboratory: Laboratory, gallery: Gallery) -> None:
    assert gallery.isVisible()
    assert not gallery.isModal()
    assert [card.name for card in gallery.cards] == list(shipped_experiments())
    for card in gallery.cards:
        experiment = shipped_experiments()[card.name]
        assert card.accessibleName() == experiment.title
        assert card.accessibleDescription() == experiment.caption
        assert experiment.caption.startswith(card.sentence)
        assert card.geometry().width() >= SIZE[0]
    areas = [QRectF(card.geometry()) for card in gallery.cards]
    assert not any(one.intersects(other) for one in areas for other in areas if one is not other)


def test_space_runs_what_is_loaded_while_the_cards_are_looked_at(
    laboratory: Laboratory, gallery: Gallery
) -> None:
    before = laboratory.experiment
    press(laboratory, gallery, Qt.Key.Key_Space)
    assert laboratory.session.playing
    laboratory.wait_for_iteration(2)
    press(laboratory, gallery, Qt.Key.Key_Space)
    assert not laboratory.session.playing
    cursor = laboratory.session.cursor
    press(laboratory, gallery, Qt.Key.Key_Right)
    laboratory.wait_until(lambda: laboratory.session.cursor > cursor)
    assert gallery.isVisible()
    assert laboratory.experiment == before, "space opened no card"


def test_cards_are_reached_by_keys_and_enter_opens_one(laboratory: Laboratory, gallery: Gallery) -> None:
    names = [card.name for card in gallery.cards]
    gallery.cards[0].setFocus()
    press(laboratory, gallery, Qt.Key.Key_Tab)
    assert focused(gallery) == names[1]
    press(laboratory, gallery, Qt.Key.Key_Down)
    below = next(card for card in gallery.cards if card.name == focused(gallery))
    assert below.x() == gallery.cards[1].x()
    assert below.y() > gallery.cards[1].y()
    press(laboratory, gallery, Qt.Key.Key_End)
    assert focused(gallery) == names[-1]
    experiment = laboratory.experiment
    press(laboratory, gallery, Qt.Key.Key_PageUp)
    assert focused(gallery) != names[-1]
    assert laboratory.experiment == experiment, "here the page keys turn the cards"
    press(laboratory, gallery, Qt.Key.Key_Home)
    assert focused(gallery) == names[0]
    press(laboratory, gallery, Qt.Key.Key_Tab)
    press(laboratory, gallery, Qt.Key.Key_Return)
    laboratory.wait_until(lambda: laboratory.session.path == FOLDER / f"{names[1]}.toml")
    assert not gallery.isVisible()
    assert laboratory.experiment == shipped_experiments()[names[1]]
    # A desk's window manager would do so.
    laboratory.shell.activateWindow()
    laboratory.press(Qt.Key.Key_X)
    assert focused(gallery) == names[1], "the experiment that is loaded"
    press(laboratory, gallery, Qt.Key.Key_Escape)
    assert not gallery.isVisible()


def test_a_click_asks_about_work_that_is_not_saved(laboratory: Laboratory, gallery: Gallery) -> None:
    before = laboratory.experiment
    press(laboratory, gallery, Qt.Key.Key_D)
    laboratory.wait_until(lambda: laboratory.experiment != before)
    changed = laboratory.experiment
    with laboratory.answering("Cancel") as asked:
        QTest.mouseClick(gallery.cards[2], LEFT)
    assert "not saved" in asked[0]
    assert laboratory.experiment == changed
    assert gallery.isVisible()
    with laboratory.answering("Discard"):
        QTest.mouseClick(gallery.cards[2], LEFT)
    laboratory.wait_until(lambda: laboratory.session.path == FOLDER / f"{gallery.cards[2].name}.toml")
    assert not gallery.isVisible()


def test_cards_follow_the_theme(laboratory: Laboratory, gallery: Gallery) -> None:
    card = gallery.cards[0]
    for theme in ("dark", "light"):
        laboratory.window.use_style(theme)
        laboratory.settle()
        assert style(theme).panel in laboratory.colours(card)
        assert style(theme).window in laboratory.colours(gallery)


def test_pictures_arrive_while_what_is_loaded_goes_on(laboratory: Laboratory, gallery: Gallery) -> None:
    press(laboratory, gallery, Qt.Key.Key_Space)
    laboratory.wait_until(lambda: gallery.cards[0].image is not None, what="the first picture")
    image = gallery.cards[0].image
    assert image is not None
    ratio = gallery.devicePixelRatioF()
    assert (image.width(), image.height()) == (SIZE[0] * ratio, SIZE[1] * ratio)
    assert laboratory.session.playing or laboratory.race.ended
    laboratory.wait_for_iteration(2)
    gallery.hide()
    assert not gallery.miniatures.busy, "nothing is made for a page that nobody sees"
    assert laboratory.session.cursor > 0


# Pictures


def made(laboratory: Laboratory, names: tuple[str, ...], theme: str = "light") -> dict[str, QImage]:
    maker = Miniatures(Turns())
    maker.want(wanted(*names), theme)
    laboratory.wait_until(lambda: not maker.busy, what="all pictures")
    return maker.images


def test_each_experiment_has_a_picture_of_its_own_in_each_theme(laboratory: Laboratory) -> None:
    images = [image for theme in THEMES for image in made(laboratory, FEW, theme).values()]
    assert len(images) == len(THEMES) * len(FEW)
    assert len({bytes(image.constBits()) for image in images}) == len(images)
    for image in images:
        grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
        assert len(set(bytes(grey.constBits()))) > 20, "something is drawn"


def test_pictures_are_kept_under_the_hash_of_the_file(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JENSEN_FOLDER", str(tmp_path))
    file = tmp_path / "mine.toml"
    file.write_bytes((FOLDER / "collapse.toml").read_bytes())
    mine = Wanted("mine", file, shipped_experiments()["collapse"])
    first, again = Miniatures(Turns()), Miniatures(Turns())
    first.want([mine], "light")
    laboratory.wait_until(lambda: not first.busy)
    kept = sorted(miniatures.cache_folder().iterdir())
    assert len(kept) == len(THEMES)
    again.want([mine], "dark")
    assert not again.busy, "what was kept is shown without a run"
    assert set(again.images) == set(first.images)
    file.write_text(file.read_text() + "\n# changed\n")
    changed = Miniatures(Turns())
    changed.want([mine], "light")
    assert changed.busy, "a changed file is run anew"
    laboratory.wait_until(lambda: not changed.busy)
    now = sorted(miniatures.cache_folder().iterdir())
    assert len(now) == len(THEMES)
    assert not set(now) & set(kept), "the pictures of the file before are gone"


def test_without_a_folder_pictures_are_made_all_the_same(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("JENSEN_FOLDER", str(blocked))
    for theme in THEMES:
        assert set(made(laboratory, ("collapse",), theme)) == {"collapse"}


def test_what_cannot_be_run_stops_nothing(laboratory: Laboratory) -> None:
    broken, sound = wanted("em-never-goes-down", "collapse")
    # The first experiment's start has two columns; these data have one.
    experiment = broken.experiment.replace(data=sound.experiment.data)
    maker = Miniatures(Turns())
    maker.want([Wanted("broken", FOLDER / "missing.toml", experiment), sound], "light")
    laboratory.wait_until(lambda: not maker.busy)
    assert set(maker.images) == {"collapse"}


def test_giving_up_leaves_nothing_at_work(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JENSEN_FOLDER", str(tmp_path))
    maker = Miniatures(Turns())
    maker.want(wanted(*FEW), "light")
    laboratory.settle()
    maker.pause()
    assert not maker.busy
    assert len(maker.images) < len(FEW)
    maker.want(wanted("collapse"), "light")
    laboratory.wait_until(lambda: not maker.busy)
    assert "collapse" in maker.images


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("At a rate of 1.2 it stumbles. Watch it.", "At a rate of 1.2 it stumbles."),
        ("Only one", "Only one"),
        ("", ""),
    ],
)
def test_the_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first
