"""What Discord refuses although its schema allows it (sources: "Component Reference", "Embed Limits")."""

from collections.abc import Iterator
from typing import Any, cast

Json = dict[str, Any]

ROWS = 5
EMBEDS_LENGTH = 6000  # of all texts of all embeds together
WITH_NEW_COMPONENTS = 1 << 15  # a message's flag; then there may be more than rows


def beyond_the_schema(body: object) -> tuple[str, str] | None:
    """Return which field of a message, a callback or a form is wrong and why."""
    message = _object(_object(body).get("data", body))
    components: list[Json] = message.get("components") or []
    if len(components) > ROWS and not (message.get("flags") or 0) & WITH_NEW_COMPONENTS:
        return "components", f"{len(components)} rows, of which there may be {ROWS}"
    ids = [part["custom_id"] for part in _parts(components) if part.get("custom_id")]
    if len(set(ids)) < len(ids):
        return "components", f"two components have one custom_id: {ids}"
    for part in _parts(components):
        options: list[Json] = part.get("options") or []
        values: list[str] = [option["value"] for option in options]
        if len(set(values)) < len(values):
            return "components", f"two options of a menu have one value: {values}"
    length = sum(map(_length, message.get("embeds") or []))
    return ("embeds", f"{length} characters in all, of {EMBEDS_LENGTH}") if length > EMBEDS_LENGTH else None


def _object(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _parts(components: list[Json]) -> Iterator[Json]:
    for component in components:
        yield component
        inner = [component[key] for key in ("component", "accessory") if component.get(key)]
        yield from _parts([*(component.get("components") or []), *inner])


def _length(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [_object(embed.get("footer")).get("text"), _object(embed.get("author")).get("name")]
    fields: list[Json] = embed.get("fields") or []
    for field in fields:
        texts += [field["name"], field["value"]]
    return sum(len(text or "") for text in texts)
