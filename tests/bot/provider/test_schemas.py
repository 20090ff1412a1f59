"""Every row of the catalogue says what the provider's schema of its model says."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.provider.catalogue import ALL_MODELS, CATALOGUE, Model, same_model
from bot.provider.input_kinds import BY_IMAGES, InputKind

FOLDER = Path("shared", "aiml-openapi")
JSON_TYPES: dict[str, type] = {"string": str, "integer": int, "boolean": bool}
# Not offered: by which way the provider has it made, and a filter whose default is the usual one.
NO_OPTIONS = {"model", "prompt", "provider", "person_generation"}
FILES = {"image_url", "last_image_url", "image_urls", "video_url"}


def schema_of(model_id: str) -> dict[str, Any]:
    """Return the schema of a model's create call; without schemas beside the repository, skip the test."""
    folders = (parent / FOLDER for parent in Path(__file__).resolve().parents)
    folder = next((path for path in folders if path.is_dir()), None)
    if folder is None:
        pytest.skip(f"the provider's schemas ({FOLDER}) are not beside the repository")
    for path in sorted(folder.glob("*.json")):
        for operation in json.loads(path.read_text(encoding="utf-8")).get("paths", {}).values():
            body = operation.get("post", {}).get("requestBody")
            schema = body and body["content"]["application/json"]["schema"]
            if schema and schema.get("title", "").removeprefix("google/") == model_id.removeprefix("google/"):
                return schema
    raise AssertionError(f"no schema of {model_id}")


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.id)
def test_a_row_says_what_its_schema_says(model: Model) -> None:
    schema = schema_of(model.provider_name)
    fields, files = schema["properties"], model.kind.fields
    assert fields["model"]["enum"] == [model.provider_name]
    takes_several = len(same_model(model.id)) > 1
    assert set(schema["required"]) == {"model", "prompt"} | (set() if takes_several else {*files})
    assert set(fields) & FILES == ({"image_url", "last_image_url"} if takes_several else {*files})
    assert {option.name for option in model.options} == set(fields) - NO_OPTIONS - FILES
    for option in model.options:
        field = fields[option.name]
        assert option.type is JSON_TYPES[field["type"]], option.name
        if model.kind is InputKind.FRAMES and "can only be 8s" in field.get("description", ""):
            field = {**field, "enum": [8]}
        assert list(option.choices) == field.get("enum", []), option.name
        if "default" in field:
            assert str(option.default) == str(field["default"]), option.name
    needed = [720 if "720p or higher" in fields[name]["description"] else 0 for name in files]
    assert list(model.sides(len(files))) == needed


def test_rows_of_one_name_are_told_apart_by_their_kind() -> None:
    rows = [model for model in CATALOGUE if len(same_model(model.id)) > 1]
    kinds = BY_IMAGES
    assert [(model.provider_name, model.kind) for model in rows] == [
        (name, kind) for name in dict.fromkeys(model.provider_name for model in rows) for kind in kinds
    ]
    assert all(len(model.id) <= 64 for model in rows), "the column is full"
