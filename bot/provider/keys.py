"""The state of a key: whether it's switched off, its models, its sum. Pure.

Source: `GET /v1/key` in the provider's API reference. It is about the account's latest key, which the first
characters tell apart; a field of an odd form says nothing.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, WrapValidator, model_validator

from bot.provider.models import Wire, none_if_odd

VIDEO_SCOPE = "model:video"
SCOPE_OF_MODELS = "model:"
# In these periods the month's use is a part of what counts, so a sum above the limit proves something.
COUNTED_PERIODS = frozenset({"month", "no_reset"})

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class KeyTrouble(StrEnum):
    """Why a key makes no videos."""

    DISABLED = "disabled"
    NO_VIDEO = "no_video"
    LIMIT_REACHED = "limit_reached"


class SpendingLimit(Wire):
    """The spending limit of a key. `retention`: in which period; `threshold`: USD."""

    retention: Annotated[str | None, WrapValidator(none_if_odd)] = None
    threshold: Annotated[Amount | None, WrapValidator(none_if_odd)] = None


class KeyStatus(Wire):
    """A key's parameters.

    Attributes:
        prefix: its first characters.
        monthly_usage: USD.
        is_ours: whether it is the bot's key, and not another one of the account.
    """

    disabled: Annotated[bool | None, WrapValidator(none_if_odd)] = None
    prefix: Annotated[str | None, WrapValidator(none_if_odd)] = None
    scopes: Annotated[tuple[str, ...] | None, WrapValidator(none_if_odd)] = None
    limit: Annotated[SpendingLimit | None, WrapValidator(none_if_odd)] = None
    monthly_usage: Annotated[Amount | None, WrapValidator(none_if_odd)] = None

    is_ours: bool = True

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, answer: Any) -> Any:
        """Return what stands in `data`, or the answer where it comes without."""
        data = answer.get("data") if isinstance(answer, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]: JSON
        return data if isinstance(data, dict) else answer  # pyright: ignore[reportUnknownVariableType]: JSON

    @property
    def trouble(self) -> KeyTrouble | None:
        """Why it makes no videos, as far as it says so."""
        if self.disabled:
            return KeyTrouble.DISABLED
        if self._lacks_video:
            return KeyTrouble.NO_VIDEO
        return KeyTrouble.LIMIT_REACHED if self._is_spent else None

    def is_of(self, key: str) -> bool:
        """Whether it is about this key, and not about another one of the account."""
        return key.startswith((self.prefix or "").rstrip("*.…"))

    @property
    def _lacks_video(self) -> bool:
        """Whether it names kinds of models, and videos are not among them; no names: no bounds."""
        named = [scope.strip().casefold() for scope in self.scopes or ()]
        return (
            bool(named)
            and all(scope.startswith(SCOPE_OF_MODELS) for scope in named)
            and not {VIDEO_SCOPE, f"{SCOPE_OF_MODELS}*"}.intersection(named)
        )

    @property
    def _is_spent(self) -> bool:
        limit = self.limit
        if limit is None or limit.threshold is None or self.monthly_usage is None:
            return False
        return limit.retention in COUNTED_PERIODS and self.monthly_usage >= limit.threshold
