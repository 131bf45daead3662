"""Whether a window can open here, asked before Qt is: Qt itself ends the process where it cannot."""

import ctypes
import importlib.util
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import InputError

WITHOUT = "without a window `main.py fit`, `render`, `list` and `check` work"
WITHOUT_QT = "without it `main.py fit`, `list` and `check` work"
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""Debian's and Ubuntu's packages of the system's libraries that Qt asks for."""


class NoWindow(InputError):
    """The window's library or a display is missing; what to do and what works without is said."""


@contextmanager
def qt_needed(without: str) -> Iterator[None]:
    """Turns a failed import of Qt into a sentence; any other failed import stays what it is: a defect."""
    try:
        yield
    except ImportError as error:
        sentence = _missing(error, without)
        if sentence is None:
            raise
        raise NoWindow(sentence) from None


def _missing(error: ImportError, without: str) -> str | None:
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        if package not in ("PySide6", "shiboken6", "pyqtgraph"):
            return None
        return f"The library {package} is not installed; start with `uv run main.py`, which installs it ({without})."
    return _library_sentence(str(error), without)


def _library_sentence(text: str, without: str) -> str | None:
    """What to install for a shared library that the loader did not find; None where it says something else."""
    found = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object", text)
    if found is None:
        return None
    library = found[1]
    package = PACKAGES.get(library) or re.sub(r"\.so\.?", "", library).replace("_", "-").lower()
    return (
        f"Qt needs {library}, which this system lacks; install it (on Debian or Ubuntu: "
        f"sudo apt install {package}), while {without}."
    )


def check_display() -> None:
    """Raises NoWindow where Qt would find no display, or would lack what it needs to use it."""
    if not sys.platform.startswith("linux"):
        return
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if chosen:
        platforms = [each.partition(":")[0].partition("-")[0] for each in chosen.split(";") if each]
    else:
        platforms = [
            name
            for name, variable in (("xcb", "DISPLAY"), ("wayland", "WAYLAND_DISPLAY"))
            if os.environ.get(variable)
        ]
    if not platforms:
        raise NoWindow(
            "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open; "
            f"start it on a desktop or through `ssh -X`, while {WITHOUT}."
        )
    problems = [_problem(each) for each in platforms]
    if all(problems):
        raise NoWindow(problems[0] or "")


def _problem(platform: str) -> str | None:
    """Why Qt's plug-in for a platform cannot work here, in a sentence; None where it can."""
    plugin = _plugin(platform)
    if plugin is None:
        return None
    if not plugin.exists():
        return (
            f"Qt knows no platform called {platform!r}; unset QT_QPA_PLATFORM or set it to xcb or wayland, "
            f"while {WITHOUT}."
        )
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        unknown = f"Qt's plug-in for {platform} cannot be loaded ({error}); install what is missing, while {WITHOUT}."
        return _library_sentence(str(error), WITHOUT) or unknown
    if platform == "xcb" and not _x_answers():
        return _no_answer("DISPLAY")
    if platform == "wayland" and not _wayland_answers():
        return _no_answer("WAYLAND_DISPLAY")
    return None


def _no_answer(variable: str) -> str:
    value = os.environ.get(variable, "")
    return (
        f"The display {value!r}, which {variable} names, does not answer, so no window can open; "
        f"start it on a desktop or through `ssh -X`, while {WITHOUT}."
    )


def _plugin(platform: str) -> Path | None:
    """The file of Qt's plug-in for a platform; None where Qt stands elsewhere (a distribution's own)."""
    package = importlib.util.find_spec("PySide6")
    if package is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0]) / "Qt" / "plugins" / "platforms"
    return folder / f"libq{platform}.so" if folder.is_dir() else None


def _x_answers() -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_int)]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    answered = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return bool(answered)


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    path = name if name.startswith("/") else os.path.join(os.environ.get("XDG_RUNTIME_DIR", ""), name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2.0)
        try:
            connection.connect(path)
        except OSError:
            return False
    return True
