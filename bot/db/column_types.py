"""Column types for times, texts and choices, alike on every database."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, Text, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC on every database, SQLite included; naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 the interface names it
        """Convert to UTC on the way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 as above
        """Convert to UTC on the way out."""
        if value is None:
            return None
        return value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Read SQLite's text as UTC at once: to attach a time zone afterwards takes seven times as long."""
        if dialect.name == "sqlite":
            return _from_text
        return super().result_processor(dialect, coltype)


def _from_text(value: str | None) -> datetime | None:
    if value is None:
        return None
    return datetime.fromisoformat(value if "+" in value else f"{value}+00:00")


class Words(TypeDecorator[str]):
    """Text of any length that every database takes: PostgreSQL refuses NUL, and both halves of characters."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 as above
        """Leave out on the way in what cannot be kept; a provider's answer may hold it."""
        return None if value is None else value.encode(errors="replace").decode().replace("\0", "")


def named(kind: type[StrEnum]) -> Enum:
    """Store the members by their values, as text that stays readable in a database shell."""
    return Enum(kind, native_enum=False, length=16, values_callable=_values)


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]
