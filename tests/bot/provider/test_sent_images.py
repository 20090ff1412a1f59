"""Images in the create call's body: sent whole, and in no message of an error."""

import asyncio
import os

import aiohttp
import pytest

from bot.media.images import MAX_SIZE, data_uri_of
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from bot.provider.errors import InvalidRequestError, UnavailableError
from sandbox.provider import Fault, Provider
from tests.bot.drawn import draw, illustrated
from tests.bot.engine import client_of
from tests.bot.rows import MODEL, PROMPT

IMAGE = data_uri_of(draw())


async def test_images_as_large_as_they_may_be_are_sent_as_they_are(
    veo: VeoClient, provider: Provider
) -> None:
    images = [data_uri_of(draw(kind) + os.urandom(MAX_SIZE - 10_000)) for kind in ("PNG", "WEBP")]
    request = build_request("google/veo-3.1-first-last-image-to-video", PROMPT, {})
    await veo.create(request.with_images(images), "ours")
    (call,) = provider.calls
    assert call.json == {
        "model": request.model.id,
        "prompt": PROMPT,
        "image_url": images[0],
        "last_image_url": images[1],
    }


async def test_as_many_references_as_there_may_be_are_sent_as_they_are(
    veo: VeoClient, provider: Provider
) -> None:
    kinds = ("PNG", "JPEG", "WEBP")
    images = [data_uri_of(draw(kind) + os.urandom(MAX_SIZE - len(draw(kind)))) for kind in kinds]
    request = build_request("google/veo-3.1-reference-to-video", PROMPT, {})
    await veo.create(request.with_images(images), "ours")
    (call,) = provider.calls
    assert call.json == {"model": request.model.id, "prompt": PROMPT, "image_urls": images}


async def test_a_large_body_is_given_more_time(
    session: aiohttp.ClientSession, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.provider.transport.SLOWEST_UPLOAD", 1000)
    request = build_request("google/veo-3.0-i2v", PROMPT, {})
    impatient = client_of(session, provider, timeout=0.1)
    provider.faults.add("create", Fault.hang())
    started = asyncio.get_running_loop().time()
    with pytest.raises(UnavailableError, match="did not answer in time"):
        await impatient.create(illustrated(request), "ours")
    assert asyncio.get_running_loop().time() - started > 0.5
    provider.faults.clear()


@pytest.mark.parametrize("repeated", [f"Received {IMAGE}", f'"{IMAGE}"', f"{IMAGE}, {IMAGE}"])
async def test_an_image_that_the_provider_repeats_is_not_told_on(
    veo: VeoClient, provider: Provider, repeated: str
) -> None:
    provider.faults.add("create", Fault.status(400, f"image_url: {repeated}. Expected uri"))
    with pytest.raises(InvalidRequestError) as failure:
        await veo.create(build_request(MODEL, PROMPT, {}), "ours")
    assert str(failure.value) == f"image_url: {repeated}. Expected uri".replace(IMAGE, "the image")
