"""Short names for outcomes, as labels of the figures: closed sets, without anybody's words. Pure."""

from collections.abc import Mapping

from bot.admission.denials import (
    BlockedError,
    BudgetReachedError,
    ChannelNotAllowedError,
    ModelGoneError,
    ModelNotAllowedError,
    PausedError,
    PriceUnknownError,
    QuotaReachedError,
    TooHighError,
    TooLongError,
    WaitingFullError,
    WordNotAllowedError,
)
from bot.admission.film_denials import (
    FilmTooLongError,
    RedoTooLongError,
    ShotRefusedError,
    TitleNotAllowedError,
)
from bot.errors import BadRequestError, DatabaseBusyError, RepeatedError, RestartingError, UserError
from bot.provider.errors import (
    CreditsGoneError,
    ForbiddenError,
    InvalidRequestError,
    KeyRefusedError,
    RateLimitError,
    UnavailableError,
    UnknownTaskError,
    UnreachableError,
    VeoError,
)

OTHER = "other"

RULES: Mapping[type[UserError], str] = {
    PausedError: "paused",
    BlockedError: "blocked",
    ChannelNotAllowedError: "channel",
    ModelNotAllowedError: "model",
    ModelGoneError: "gone",
    TooLongError: "duration",
    TooHighError: "resolution",
    WordNotAllowedError: "word",
    TitleNotAllowedError: "word",
    QuotaReachedError: "quota",
    WaitingFullError: "queue",
    BudgetReachedError: "budget",
    PriceUnknownError: "price",
    ShotRefusedError: "shot",
    FilmTooLongError: "film",
    RedoTooLongError: "redo",
    BadRequestError: "input",
    RepeatedError: "repeated",
    RestartingError: "restarting",
    DatabaseBusyError: "database",
}

ERRORS: Mapping[type[VeoError], str] = {
    InvalidRequestError: "invalid_request",
    ForbiddenError: "forbidden",
    UnknownTaskError: "unknown_task",
    KeyRefusedError: "key_refused",
    CreditsGoneError: "credits",
    RateLimitError: "rate_limit",
    UnavailableError: "unavailable",
    UnreachableError: "unreachable",
}


def rule_of(refusal: UserError) -> str:
    """Return the name of the rule that refused a request."""
    return next((name for kind, name in RULES.items() if isinstance(refusal, kind)), OTHER)


def error_name(error: VeoError) -> str:
    """Return the name of a failed call's kind."""
    return next((name for kind, name in ERRORS.items() if isinstance(error, kind)), OTHER)
