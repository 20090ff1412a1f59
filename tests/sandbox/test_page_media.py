"""What the page plays is made ready by ffmpeg, whose result simcord only repacks."""

from pathlib import Path

import pytest
from simcord.preview._media import MediaError

from bot.media.files import probe
from sandbox.page_media import PageMedia
from tests.noise import make_noise


async def test_a_video_is_converted_before_simcord_takes_its_time(tmp_path: Path) -> None:
    video = make_noise(tmp_path / "video.mp4")
    made_ready = await PageMedia().validate("a video", video.read_bytes())
    assert made_ready.transformation == "metadata-stripped-remux", "simcord converts it once more"
    assert made_ready.display_codecs == {"video": "vp9", "audio": "opus"}
    assert made_ready.duration == pytest.approx((await probe(video)).seconds, abs=0.2)


async def test_what_is_no_video_is_refused_in_simcords_words() -> None:
    with pytest.raises(MediaError):
        await PageMedia().validate("no video", b"\0\0\0\x18ftypmp42, and nothing that follows")
