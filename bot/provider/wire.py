"""The common base of the provider's answers as typed objects."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler


class Wire(BaseModel):
    """Base of all answers: unknown fields are allowed, since the provider adds some at times."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Versioned(Wire):
    """An answer that the provider need not send again while it hasn't changed; `etag`: its version."""

    etag: str | None = Field(default=None, exclude=True)


def none_if_odd(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """Take an odd detail for a missing one: it must not hide that a paid video is ready."""
    try:
        return validate(value)
    except ValidationError:
        return None
