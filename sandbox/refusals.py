"""Refusals in the provider's error form.

Source: "General Info" and "Errors with status code 4xx" in the provider's documentation.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import web

INVALID_KEY = (
    "This request requires a valid API key. You can create a new API key on the Billing page: "
    "https://aimlapi.com/app/keys"
)
OUT_OF_CREDITS = (
    "You've run out of credits. Please top up your balance or update your payment method to continue: "
    "https://aimlapi.com/app/billing/"
)


class RefusalError(Exception):
    """Ends a request with `status` and the provider's error form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def error_response(
    request: web.Request, status: int, message: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return the form of every error; the provider writes `statusCode` as a string."""
    form = {
        "message": message,
        "path": request.path,
        "requestId": str(uuid4()),
        "statusCode": str(status),
        "timestamp": iso(datetime.now(UTC)),
    }
    return web.json_response(form, status=status, headers=headers)


def iso(at: datetime) -> str:
    """Return `at` as the provider writes times: UTC, milliseconds, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
