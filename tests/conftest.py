"""What the window remembers and keeps goes into a folder of the tests, never into the user's own."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Processes that the tests start take it over with the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JENSEN_FOLDER", str(tmp_path_factory.mktemp("remembered")))
        yield
