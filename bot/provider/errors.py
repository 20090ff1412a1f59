"""The provider's errors, as the rest of the program sees them.

    VeoError
    ├── InvalidRequestError   400: our mistake or an unsupported option; never worth repeating
    ├── ForbiddenError        403 that says nothing of money: this request, its model, or the key
    ├── UnknownTaskError      404: the provider does not know this id, or when creating this model
    ├── AccountError          every request would fail:
    │   ├── KeyRefusedError   401
    │   └── CreditsGoneError  402, and 403 that speaks of money
    ├── RateLimitError        429: ask again later
    ├── UnavailableError      5xx, time-outs, broken answers: a create call may have been accepted
    └── UnreachableError      no connection was made: nothing can have been accepted

Source: `Errors` in the provider's API documentation; the meaning of each status is decided in
`error_from_status` and nowhere else. Whose refusal one is, is decided in `bot.jobs.refusal_scope`.
"""

import re

# "You've run out of credits. Please top up your balance or update your payment method" is documented.
MONEY = re.compile(
    r"\b(?:credits?|balance|funds?|top[ -]?up|payments?|billing|spend(?:ing)?)\b", re.IGNORECASE
)
# A refusal that names one of these is about the request (such as an image of a credit card) or about what
# the key may do (such as read the balance).
NOT_OF_MONEY = re.compile(
    r"\b(?:prompts?|content|polic(?:y|ies)|safety|moderation|images?|pictures?|scopes?|permissions?)\b",
    re.IGNORECASE,
)


class VeoError(Exception):
    """Base of all; `str()` is the provider's reason where it gave one. It never holds a secret.

    Attributes:
        words: the provider's own; None: `str()` is ours.
        request_id: the provider's name for the call, which its support asks for; None: it gave none.
    """

    words: str | None = None
    request_id: str | None = None


class InvalidRequestError(VeoError):
    """The provider refused the request as malformed or not allowed (400)."""


class ForbiddenError(VeoError):
    """The provider does not allow it, for another reason than money (403)."""


class UnknownTaskError(VeoError):
    """The provider knows nothing by that id, model or address (404)."""


class AccountError(VeoError):
    """Nothing is taken from this account."""


class KeyRefusedError(AccountError):
    """The key is missing, expired or wrong (401)."""


class CreditsGoneError(AccountError):
    """The account is out of credits, or the key may spend no more (402, 403)."""


class RateLimitError(VeoError):
    """Too many requests (429)."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        """`retry_after`: seconds the provider asked for, or None."""
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(VeoError):
    """The provider did not answer usefully; whether it acted on the request is not known.

    Attributes:
        inference_id: the generation, by the headers of an answer whose body can't be read; None: unknown.
    """

    inference_id: str | None = None


class UnreachableError(VeoError):
    """No connection could be made, so the request was certainly not received."""


def error_from_status(status: int, message: str, retry_after: float | None) -> VeoError:
    """Return the error that an HTTP `status` of 300 or above means."""
    match status:
        case 401:
            return KeyRefusedError(message)
        case 402:
            return CreditsGoneError(message)
        case 403:
            is_money = MONEY.search(message) and not NOT_OF_MONEY.search(message)
            return CreditsGoneError(message) if is_money else ForbiddenError(message)
        case 404:
            return UnknownTaskError(message)
        case 408 | 425:
            return UnavailableError(message)
        case 429:
            return RateLimitError(message, retry_after)
        case _ if 400 <= status < 500:
            return InvalidRequestError(message)
        case _:
            return UnavailableError(message)
