"""A window that cannot open says why, what to install, and what works without it."""

import sys

import pytest

from commands.display import NoWindow, check_display, qt_needed


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_no_display_is_said_with_what_works_without(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoWindow, match=r"no display.*fit"):
        check_display()
    monkeypatch.setenv("DISPLAY", ":987")
    with pytest.raises(NoWindow, match="fit"):
        check_display()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    check_display()


def test_a_missing_library_is_named_with_its_package() -> None:
    with pytest.raises(NoWindow, match=r"libEGL\.so\.1.*apt install libegl1.*fit"), qt_needed("fit works"):
        raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    with pytest.raises(NoWindow, match=r"PySide6 is not installed"), qt_needed("fit works"):
        raise ModuleNotFoundError("No module named 'PySide6'", name="PySide6")
    with pytest.raises(ImportError, match="own defect"), qt_needed("fit works"):
        raise ImportError("own defect")
