"""Checks request bodies against Discord's own schema; `reduce_schema.py` says where it comes from."""

import json
import re
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from itertools import chain
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from tests.wire.message_rules import beyond_the_schema
from tests.wire.reduce_schema import SCHEMA

PARAMETER = re.compile(r"\{\w+\}")
SNOWFLAKE = re.compile(r"0|[1-9][0-9]*")  # the only pattern in the schema
MAX_KEYS = ("maximum", "maxItems", "maxLength", "maxProperties")
MIN_KEYS = ("minimum", "minItems", "minLength")


class Bodies:
    """The operations that take a body.

    A body of a shape that was seen before is not checked once more. Two bodies have one shape where the
    schema cannot tell them apart: they have the same fields, types and known words, and their lengths are on
    the same side of every limit.

    Attributes:
        wrong: a sentence for each body that Discord would refuse; a test that sends some empties it.
    """

    def __init__(self) -> None:
        self.wrong: list[str] = []
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        self._operations: dict[str, tuple[re.Pattern[str], Draft202012Validator]] = {
            name: (_pattern(name), Draft202012Validator({"$defs": schema["$defs"], **operation}))
            for name, operation in schema["operations"].items()
        }
        nodes = list(_nodes(schema))
        highest = {node[key] for node in nodes for key in MAX_KEYS if isinstance(node.get(key), int)}
        below = {node[key] - 1 for node in nodes for key in MIN_KEYS if isinstance(node.get(key), int)}
        self._limits = sorted(highest | below)
        self._words = {word for node in nodes if isinstance(node.get("enum"), list) for word in node["enum"]}
        self._seen: dict[Hashable, tuple[str, str] | None] = {}

    def check(self, method: str, path: str, body: object) -> tuple[str, str] | None:
        """Return which field of a request's body is wrong and why; None: Discord takes it.

        Args:
            method: `POST`.
            path: `/channels/12/messages`, without `/api/v10`.
            body: decoded JSON; None where there was none.
        """
        request = f"{method} {path}"
        name = next((name for name, (path, _) in self._operations.items() if path.fullmatch(request)), None)
        if name is None and body is None:
            return None
        shape = name, self._shape(body)
        if name is None:
            found = "_", "No schema: name the operation in tests/wire/reduce_schema.py, and run it"
        elif shape in self._seen:
            found = self._seen[shape]
        else:
            found = self._seen[shape] = _first(self._operations[name][1], body)
        found = found or beyond_the_schema(body)
        if found:
            self.wrong.append(f"Discord would refuse {name or request}: {found[0]}: {found[1]}")
        return found

    def assert_right(self) -> None:
        """Forget the bodies so far.

        Raises:
            AssertionError: Discord would refuse some.
        """
        sentences = "\n".join(self.wrong)
        self.wrong.clear()
        assert not sentences, sentences

    def _shape(self, value: Any) -> Hashable:
        """Return what the schema can see of a value."""
        match value:
            case None | bool():
                return value
            case str():
                limit = bisect_left(self._limits, len(value))
                return str, value if value in self._words else (limit, SNOWFLAKE.fullmatch(value) is not None)
            case int() | float():
                return type(value), value if value in self._words else bisect_left(self._limits, value)
            case dict():
                return dict, tuple((key, self._shape(part)) for key, part in value.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]: JSON
            case _:
                is_unique = len({json.dumps(part) for part in value}) == len(value)
                return list, is_unique, tuple(self._shape(part) for part in value)


def _pattern(operation: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, PARAMETER.split(operation))))


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        schema = list(schema.values())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]: JSON
    if isinstance(schema, list):
        yield from chain.from_iterable(map(_nodes, schema))  # pyright: ignore[reportUnknownArgumentType]: JSON


def _first(validator: Draft202012Validator, body: Any) -> tuple[str, str] | None:
    error: ValidationError | None = next(validator.iter_errors(body), None)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]: its stub is incomplete
    if error is None:
        return None
    while error.context:
        error = _of_the_meant(error.context)
    return ".".join(map(str, error.absolute_path)) or "_", _sentence(error)


def _of_the_meant(errors: Iterable[ValidationError]) -> ValidationError:
    """Return an error in that one of several possible schemas which the body's `type` means."""
    by_schema: dict[object, list[ValidationError]] = {}
    for error in errors:
        by_schema.setdefault(error.schema_path[0], []).append(error)
    meant = [group for group in by_schema.values() if not any(map(_is_of_another_type, group))]
    return min(meant or by_schema.values(), key=len)[0]


def _is_of_another_type(error: ValidationError) -> bool:
    is_named = error.validator == "enum" and list(error.relative_path) == ["type"]
    return is_named or (error.validator == "type" and error.validator_value == "null")


def _sentence(error: ValidationError) -> str:
    rule = f"{error.validator} {json.dumps(error.validator_value)}"
    return f"{rule} in Discord's schema, got {json.dumps(error.instance)[:200]}"
