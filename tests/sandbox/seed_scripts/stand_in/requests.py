"""The little of `requests` that the provider's example scripts use, built on urllib.

The scripts must run unchanged, and the project does not depend on requests only for that; where
requests is installed, this file is not used.
"""

import json as codec
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen


class Response:
    """One answer, read to its end."""

    def __init__(self, status_code: int, content: bytes) -> None:
        self.status_code = status_code
        self.text = content.decode()

    def json(self) -> Any:
        """Return the decoded body."""
        return codec.loads(self.text)


def post(url: str, json: object, headers: Mapping[str, str]) -> Response:
    """Send `json`."""
    content = codec.dumps(json).encode()
    return _send(url, content, {"Content-Type": "application/json", **headers})


def get(url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Response:
    """Ask for `url`."""
    return _send(f"{url}?{urlencode(params)}", None, headers)


def _send(url: str, content: bytes | None, headers: Mapping[str, str]) -> Response:
    request = Request(url, content, dict(headers))  # noqa: S310  # the test's own address
    try:
        with urlopen(request) as answer:  # noqa: S310  # the same
            return Response(answer.status, answer.read())
    except HTTPError as error:
        with error:
            return Response(error.code, error.read())
