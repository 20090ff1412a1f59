"""The key stays with the host it was meant for."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import utc_now
from bot.provider.catalogue import build_request
from bot.provider.errors import UnavailableError
from sandbox.provider import Provider
from tests.bot.engine import client_of
from tests.bot.rows import MODEL, PROMPT


@pytest.fixture
async def gateway(provider: Provider) -> AsyncIterator[str]:
    """The address of a host that sends everyone on to the provider."""

    async def send_on(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": provider.url + str(request.rel_url)})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", send_on)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def test_a_redirect_is_not_followed(
    session: aiohttp.ClientSession, provider: Provider, gateway: str
) -> None:
    redirected = client_of(session, provider, url=gateway)
    with pytest.raises(UnavailableError, match="answered 307"):
        await redirected.create(build_request(MODEL, PROMPT, {}), "ours")
    with pytest.raises(UnavailableError, match="answered 307"):
        await redirected.retrieve("some:veo3")
    with pytest.raises(UnavailableError, match="answered 307"):
        await redirected.find("ours", utc_now())
    assert provider.calls == [], "the key followed the redirect"
