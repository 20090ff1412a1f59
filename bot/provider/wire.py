"""The common base of the provider's answers as typed objects."""

from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)


class Wire(BaseModel):
    """Base of all answers: unknown fields are allowed, since the provider adds some at times."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def none_if_odd(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """Take an odd detail for a missing one: it must not hide that a paid video is ready."""
    try:
        return validate(value)
    except ValidationError:
        return None


class Versioned(Wire):
    """An answer that the provider need not send again while it hasn't changed; `etag`: its version."""

    etag: Annotated[str | None, WrapValidator(none_if_odd)] = None
