"""All pages by their keys, and the page of contents."""

from collections.abc import Callable
from functools import cached_property

from gui.help.keys import KEYS
from gui.help.pages import GROUPS, Page, Row, engine_pages
from gui.help.parts import part_pages

CONTENTS = "contents"
LEAD = (
    "Two ways to climb one log-likelihood, from the same start: expectation-maximization and its gradient. Press F1 "
    "on anything to read what it is."
)
IN_CONTENTS = ("algorithms", "models", "coordinates", "starts", "datasets", "settings", "outcomes", "parts")


class Book:
    """Finds a page by its key. `keys_page` makes the page of all keys anew each time, as the menus are then."""

    def __init__(self, keys_page: Callable[[], Page]) -> None:
        self._keys_page = keys_page

    @cached_property
    def pages(self) -> dict[str, Page]:
        """Every page but the keys', by its key, in the order of the contents."""
        found = [*engine_pages(), *part_pages()]
        order = list(GROUPS)
        return {page.key: page for page in sorted(found, key=lambda page: order.index(page.group))}

    @property
    def listed(self) -> list[Page]:
        """The pages that stand in the contents, in their order."""
        return [page for page in self.pages.values() if not page.part_of]

    def page(self, key: str) -> Page | None:
        """The page with this key; None where there is none."""
        if key == KEYS:
            return self._keys_page()
        if key == CONTENTS:
            return self._contents()
        return self.pages.get(key)

    def title(self, key: str) -> str:
        """The title of a page; '' where there is none."""
        page = self.page(key)
        return "" if page is None else page.title

    def _contents(self) -> Page:
        rows = tuple(
            Row(page.title, page.lead, page.key, GROUPS[page.group])
            for page in self.listed
            if page.group in IN_CONTENTS
        )
        return Page(CONTENTS, "Jensen", LEAD, rows=rows, see_also=(KEYS,))
