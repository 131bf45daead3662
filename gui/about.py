"""What the About box says."""

import platform
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PySide6.QtCore import qVersion

PARTS = ("numpy", "scipy", "PySide6-Essentials", "pyarrow", "msgspec")


def about_text() -> str:
    """The program, its question, and versions, as rich text."""
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    own = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    lines = [f"{part} {_version(part)}" for part in PARTS]
    return (
        f"<h3>Jensen {own}</h3>"
        "<p>The log-likelihood of a latent-variable model can be climbed by expectation-maximization or by "
        "its gradient: what does each buy, and when?</p>"
        f"<p>Python {platform.python_version()}, Qt {qVersion()}<br>{', '.join(lines)}<br>"
        f"{platform.platform(terse=True)}</p>"
    )


def _version(part: str) -> str:
    try:
        return version(part)
    except PackageNotFoundError:
        return "not installed"
