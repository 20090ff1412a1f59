"""The bot's calls to the fake provider, so that tests can count them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

UNIVERSAL_PATH = "/v2/video/generations"
LEGACY_PATH = "/v2/generate/video/google/generation"
LOGS_PATH = "/v2/logs"
BILLING_PATH = "/v2/billing"
TRANSACTIONS_PATH = "/v2/billing/transactions"
KEY_PATH = "/v1/key"
MODELS_PATH = "/v1/models"
METRICS_PATH = "/models/metrics"
CDN_PATH = "/cdn/{file_name}"

Kind = Literal["create", "retrieve", "logs", "billing", "key", "models", "metrics", "cdn", "unknown"]

KINDS: dict[tuple[str, str], Kind] = {
    ("POST", UNIVERSAL_PATH): "create",
    ("POST", LEGACY_PATH): "create",
    ("GET", UNIVERSAL_PATH): "retrieve",
    ("GET", LEGACY_PATH): "retrieve",
    ("GET", LOGS_PATH): "logs",
    ("GET", BILLING_PATH): "billing",
    ("GET", TRANSACTIONS_PATH): "billing",
    ("GET", KEY_PATH): "key",
    ("GET", MODELS_PATH): "models",
    ("GET", METRICS_PATH): "metrics",
    ("GET", CDN_PATH): "cdn",
}

RECORDED_HEADERS = (
    "authorization",
    "content-type",
    "if-none-match",
    "range",
    "user-agent",
    "x-client-request-id",
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived.

    Attributes:
        path: without the query.
        query: a repeated parameter shows its last value only.
        headers: those of `RECORDED_HEADERS` that were sent; names in lower case.
        json: the body, or None where it was empty or no JSON.
    """

    kind: Kind
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    json: object


def kind_of(request: web.Request) -> Kind:
    """Return which part of the API `request` is for."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource else ""
    return KINDS.get((request.method, path), "unknown")


async def record(request: web.Request) -> Call:
    """Write down `request`; its body can still be read afterwards."""
    return Call(
        kind=kind_of(request),
        method=request.method,
        path=request.path,
        query=dict(request.query),
        headers={name: request.headers[name] for name in RECORDED_HEADERS if name in request.headers},
        json=await _json(request),
    )


async def _json(request: web.Request) -> object:
    try:
        return await request.json()
    except ValueError:
        return None
