"""SIGKILL while an image is fetched and sent: the video is still made from it, once."""

import signal
from pathlib import Path
from typing import Any

import pytest

from bot.media.images import data_uri_of
from tests.bot.drawn import draw
from tests.process.scene import REQUEST, open_scene
from tests.wire_discord import OptionFile

CAT = draw()
POINTS = {
    "the image is to be fetched": "bot.media.image_store:ImageStore.ensure:before",
    "the image is fetched, not recorded": "bot.media.image_store:ImageStore.ensure:after",
    "the image is sent, the answer not recorded": "bot.provider.client:VeoClient.create:after",
}


def list_images(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("pictures/*") if path.is_file()]


@pytest.mark.timeout(180)
@pytest.mark.nightly(daily=["the image is sent, the answer not recorded"])
@pytest.mark.parametrize("point", POINTS)
async def test_a_request_with_an_image_survives_a_kill_when(tmp_path: Path, files: Path, point: str) -> None:
    request = {**REQUEST, "image": OptionFile("cat.png", CAT)}
    async with open_scene(tmp_path, files, nonce_seconds=180.0) as scene:
        async with scene.start(kill_at=POINTS[point]) as program:
            await scene.wire.wait_for_sessions(seconds=60)
            await scene.ask(request)
            assert await program.ended(60) == -signal.SIGKILL, "it was not killed at the named point"
        async with scene.start() as again:
            await scene.wire.wait_for_sessions(seconds=60)
            (row,) = await scene.settle()
            assert await again.stop() == 0, again.output
        assert (row.status, scene.create_calls(row.id)) == ("succeeded", 1)
        (result,) = scene.results(row.id)
        assert result.attachments, "the result has no video"
        sent: list[Any] = [call.json for call in scene.provider.calls if call.kind == "create"]
        assert [body["image_url"] for body in sent] == [data_uri_of(CAT)]
        assert list_images(tmp_path) == [], "the image is kept longer than it is needed"
        for output in (program.output, again.output):
            assert "base64" not in output, "the log tells of the image"
