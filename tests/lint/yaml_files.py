"""YAML as these tests need it: duplicate keys are errors, anchors and merges are resolved."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


def read_yaml(path: Path) -> Any:
    """Return a file's content as plain dictionaries, lists and values."""
    return YAML(typ="safe", pure=True).load(path)  # pyright: ignore[reportUnknownMemberType]: an untyped package
