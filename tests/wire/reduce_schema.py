"""Writes `discord_schema.json` from Discord's OpenAPI document: what a request body of ours may look like.

Run: `python tests/wire/reduce_schema.py openapi.json`; the document is in `discord/discord-api-spec`.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("discord_schema.json")
# Every operation to which the bot, or a test in its place, sends a body.
OPERATIONS = (
    "PATCH /channels/{channel_id}",
    "PATCH /channels/{channel_id}/messages/{message_id}",
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
    "POST /channels/{channel_id}/messages",
    "POST /channels/{channel_id}/messages/{message_id}/threads",
    "POST /interactions/{interaction_id}/{interaction_token}/callback",
    "POST /users/@me/channels",
    "POST /webhooks/{webhook_id}/{webhook_token}",
    "PUT /applications/{application_id}/commands",
    "PUT /applications/{application_id}/guilds/{guild_id}/commands",
)
# Words for people, and formats, which are not checked: the patterns say what matters.
LEFT_OUT = frozenset({"contentEncoding", "description", "format", "title", "x-discord-union"})
REFERENCE = "#/components/schemas/"
# Where the two differ, Discord says, follow the documentation: a message of an app has 2000 characters.
CONTENT_LENGTH = 2000
# Ids may come as numbers, as discord.py sends them; the schema knows strings only.
SNOWFLAKE = "SnowflakeType"
AS_NUMBER = {"minimum": 0, "type": "integer"}


def reduce(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the operations' schemas, and those that they refer to, by name."""
    components = document["components"]["schemas"]
    operations = {name: _shorten(_body_of(document, name)) for name in OPERATIONS}
    definitions: dict[str, Any] = {}
    missing = set(_references(operations))
    while missing:
        definitions |= {name: _shorten(components[name]) for name in missing}
        missing = set(_references(definitions)) - set(definitions)
    definitions[SNOWFLAKE] = {"anyOf": [AS_NUMBER, definitions[SNOWFLAKE]]}
    return {"operations": operations, "$defs": definitions}


def _body_of(document: dict[str, Any], operation: str) -> Any:
    method, path = operation.split()
    return document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]


def _shorten(schema: Any) -> Any:
    """Return a schema that allows the same, without what is for people."""
    if not isinstance(schema, dict):
        return schema
    node: dict[str, Any] = {key: value for key, value in schema.items() if key not in LEFT_OUT}  # pyright: ignore[reportUnknownVariableType]: JSON
    choices = node.pop("oneOf", []) + node.pop("anyOf", [])
    if choices and all("const" in choice for choice in choices):
        return {"enum": [choice["const"] for choice in choices]}
    if "enum" in node:
        return {"enum": node["enum"]}  # beside it stands the list of all values, of which these are some
    if choices:
        node["anyOf"] = [_shorten(choice) for choice in choices]  # they exclude each other
    if "$ref" in node:
        node["$ref"] = "#/$defs/" + node["$ref"].removeprefix(REFERENCE)
    for key in node.keys() & {"additionalProperties", "items"}:
        node[key] = _shorten(node[key])
    if "properties" in node:
        node["properties"] = {name: _shorten(value) for name, value in node["properties"].items()}
        _correct(node["properties"])
    return node


def _correct(fields: dict[str, Any]) -> None:
    content = fields.get("content", {})
    if "maxLength" in content:
        content["maxLength"] = min(content["maxLength"], CONTENT_LENGTH)
    fields.get("attachments", {}).pop("maxItems", None)  # too many are refused with a code of their own


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        target: Any = schema.get("$ref")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]: JSON
        if isinstance(target, str):
            yield target.rpartition("/")[2]
        schema = list(schema.values())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]: JSON
    if isinstance(schema, list):
        for part in schema:  # pyright: ignore[reportUnknownVariableType]: JSON
            yield from _references(part)


def _lines(schemas: dict[str, Any]) -> str:
    """Return JSON with one schema a line, so that a change is seen."""
    return ",\n".join(
        f"{json.dumps(name)}:{json.dumps(schemas[name], sort_keys=True, separators=(',', ':'))}"
        for name in sorted(schemas)
    )


def main() -> None:
    """Write the file."""
    reduced = reduce(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    parts = [f"{json.dumps(name)}:{{\n{_lines(schemas)}\n}}" for name, schemas in sorted(reduced.items())]
    SCHEMA.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
