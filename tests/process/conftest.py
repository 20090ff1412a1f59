"""Fixtures: where rendered videos are kept, so that each is rendered once."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider's files of the whole session."""
    return tmp_path_factory.mktemp("rendered")
