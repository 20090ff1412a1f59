"""What the bot asked of Discord, so that tests can count it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from tests.wire_discord.bodies import BODY
from tests.wire_discord.channel_routes import API


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived.

    Attributes:
        at: of `time.perf_counter`.
        route: method and path with the names of its parameters, as in Discord's documents.
        parameters: those of the path.
        json: the body, or None.
        files: names and bytes of the uploads.
    """

    at: float
    method: str
    path: str
    route: str
    parameters: Mapping[str, str]
    json: object
    files: Mapping[str, int]


def route_of(request: web.Request) -> str:
    """Return the route's name: `GET /users/@me`."""
    resource = request.match_info.route.resource
    return route_name(request.method, resource.canonical if resource else request.path)


def route_name(method: str, path: str) -> str:
    """Return how Discord's documents name a route."""
    return f"{method} {path.removeprefix(API)}"


def record(request: web.Request) -> Request:
    """Write down a request whose body was read."""
    body = request[BODY]
    return Request(
        at=time.perf_counter(),
        method=request.method,
        path=request.path,
        route=route_of(request),
        parameters=dict(request.match_info),
        json=body.json,
        files={upload.name: len(upload.content) for upload in body.uploads.values()},
    )
