"""The message with a result, in the forms that a server may force on it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.models import Status
from bot.failures import FailureKind
from bot.media.files import Clip
from bot.media.fitting import Loss
from bot.media.upload_sizes import MIB
from cogs.cards.card import render_cancellation
from cogs.cards.result_message import ResultMessage
from tests.cogs.generation import generation

ADDRESS = "https://cdn.example/video.mp4"
WORDS = st.one_of(st.text(max_size=1500), st.sampled_from("*<[x🐉").map(lambda char: char * 1500))


def clip(path: Path) -> Clip:
    path.write_bytes(b"a video")
    return Clip(path, size=3 * 2**20, seconds=8, width=1280, height=720, codec="h264", has_sound=True)


def test_every_form_has_a_nonce_of_its_own(tmp_path: Path) -> None:
    video = ResultMessage(generation(), clip(tmp_path / "veo.mp4"))
    failure = ResultMessage(generation(status=Status.FAILED, failure_kind=FailureKind.LATE), clip=None)
    link, silent, failed_silent = video.without_file(), video.without_words(), failure.without_words()
    assert link is not None
    assert silent is not None
    assert failed_silent is not None
    forms = [video, link, silent, link.without_words(), failure, failed_silent]
    nonces = [form.nonce for form in forms if form]
    assert len(set(nonces)) == len(forms), "two forms share a nonce: Discord would take one for the other"
    assert all(len(nonce) <= 25 for nonce in nonces), "Discord allows 25 characters"


def test_there_is_nothing_less_than_a_link_without_words(tmp_path: Path) -> None:
    link = ResultMessage(
        generation(video_url=ADDRESS), clip(tmp_path / "veo.mp4"), with_file=False, with_words=False
    )
    assert link.without_file() is None
    assert link.without_words() is None
    assert link.content == (
        f"🎬 <@4> Your video is ready.\n"
        f"I couldn't attach the file (3.0 MiB) here. [Download it](<{ADDRESS}>) before the link "
        f"expires.\n-# ID 0123456789abcdef"
    )
    assert link.files() == []


def test_a_failure_has_no_file_to_leave_out() -> None:
    failure = ResultMessage(generation(status=Status.FAILED, failure_kind=FailureKind.LATE), clip=None)
    assert failure.without_file() is None
    assert failure.files() == []


def test_a_cancelled_request_is_told_without_a_file() -> None:
    row = generation(status=Status.CANCELLED, cancelled_by=9)
    result_message = ResultMessage(row, clip=None)
    assert result_message.content == render_cancellation(row)
    assert result_message.without_file() is None
    assert result_message.files() == []


def test_the_file_is_opened_anew_for_every_attempt(tmp_path: Path) -> None:
    result_message = ResultMessage(generation(), clip(tmp_path / "veo.mp4"))
    [first], [second] = result_message.files(), result_message.files()
    first.close()
    assert second.fp.read() == b"a video"
    assert second.filename == "veo-0123456789abcdef.mp4"
    second.close()


@given(
    prompt=WORDS,
    reason=WORDS,
    rest=st.integers(0, 1490).map("a".__mul__),
    kind=st.sampled_from([None, *FailureKind]),
    with_file=st.booleans(),
    with_words=st.booleans(),
)
def test_every_form_fits_into_a_message(
    prompt: str, reason: str, rest: str, kind: FailureKind | None, *, with_file: bool, with_words: bool
) -> None:
    row = generation(
        prompt=prompt,
        video_url=f"https://x/{rest}",
        status=Status.FAILED if kind else Status.SUCCEEDED,
        failure_kind=kind,
        failure_reason=reason if kind else None,
        user_id=2**63 - 1,
    )
    video = None if kind else Clip(Path("veo.mp4"), 500 * 2**20)
    result_message = ResultMessage(row, video, with_file=with_file, with_words=with_words)
    assert 1 <= len(result_message.content) <= 2000, "Discord would refuse the message"
    if video and not with_file:
        assert f"<{row.video_url}>" in result_message.content, "the link was cut off"


@pytest.mark.parametrize(
    ("lines", "heights"), [((1080, 720), ", 1080p → 720p"), ((720, 720), "")], ids=["smaller", "as large"]
)
def test_what_a_smaller_file_lost_is_said_in_one_line(lines: tuple[int, int], heights: str) -> None:
    loss = Loss(int(31.2 * MIB), int(19.4 * MIB), *lines)
    row = generation(video_url=ADDRESS)
    result_message = ResultMessage(row, Clip(Path("veo.mp4"), loss.to_size), loss)
    before, line = result_message.content.rsplit("\n", 1)
    assert before == ResultMessage(row, result_message.clip).content
    assert line == (
        f"Made smaller for this server: 31.2 → 19.4 MiB{heights}. "
        f"[Download the original](<{ADDRESS}>) before the link expires."
    )
    silent = result_message.without_words()
    assert silent is not None
    assert "Made smaller" in silent.content
    assert ADDRESS not in silent.content, "a filter for links would stop the file too"
    assert result_message.nonce == ResultMessage(row, result_message.clip).nonce, "both could be posted"


def test_a_converted_file_is_not_said_to_be_smaller() -> None:
    loss = Loss(int(1.2 * MIB), int(3.4 * MIB), 720, 720, "hevc")
    line = ResultMessage(generation(video_url=ADDRESS), Clip(Path("veo.mp4"), loss.to_size), loss).content
    assert line.rsplit("\n", 1)[1] == (
        f"Discord can't play the original's format, so I converted it: 1.2 → 3.4 MiB. "
        f"[Download the original](<{ADDRESS}>) before the link expires."
    )


@given(
    prompt=WORDS,
    rest=st.one_of(st.integers(0, 1800), st.integers(1900, 3000)).map("a".__mul__),
    with_words=st.booleans(),
)
def test_a_smaller_file_is_announced_in_a_message_that_fits(
    prompt: str, rest: str, *, with_words: bool
) -> None:
    row = generation(prompt=prompt, video_url=f"https://x/{rest}", user_id=2**63 - 1)
    content = ResultMessage(
        row, Clip(Path("veo.mp4"), 1), Loss(2, 1, 1080, 480), with_words=with_words
    ).content
    assert 1 <= len(content) <= 2000, "Discord would refuse the message"
    assert "Made smaller" in content
    assert (str(row.video_url) in content) == (with_words and len(rest) <= 1800), "a link was cut off or kept"


@pytest.mark.parametrize(("rest", "is_quoted"), [(600, True), (900, False)])
def test_the_words_make_room_for_a_long_link(rest: int, *, is_quoted: bool) -> None:
    row = generation(prompt="*" * 2000, video_url="https://x/" + "a" * rest)
    content = ResultMessage(row, Clip(Path("veo.mp4"), 1), with_file=False).content
    assert ("\\*" in content) == is_quoted
    assert len(content) <= 2000
