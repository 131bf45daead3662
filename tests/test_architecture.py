"""Two concrete siblings (two algorithms, two models, two views) never import each other."""

import ast
from pathlib import Path

import pytest

from engine import catalogue

ROOT = Path(__file__).resolve().parent.parent


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("kind", sorted(catalogue.KINDS))
def test_concrete_siblings_do_not_import_each_other(kind: str) -> None:
    modules = {cls.__module__ for cls in catalogue.find(kind).values()}
    for module in modules:
        path = ROOT / (module.replace(".", "/") + ".py")
        assert not _imports(path) & (modules - {module}), module


def test_views_do_not_import_each_other() -> None:
    views = {f"gui.views.{path.stem}" for path in (ROOT / "gui/views").glob("*.py")} - {
        "gui.views.base",
        "gui.views.__init__",
    }
    for module in views:
        path = ROOT / (module.replace(".", "/") + ".py")
        assert not _imports(path) & (views - {module}), module
