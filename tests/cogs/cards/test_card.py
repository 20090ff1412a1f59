"""The card and the messages that follow it, as pure text from a row."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.models import Generation, Placement, Status, Unreviewed
from bot.eta.eta import Eta
from bot.failures import FailureKind
from bot.markup import in_words
from cogs.cards.card import (
    alt_text,
    render_cancellation,
    render_card,
    render_ending,
    render_failure,
    render_result,
    state_line,
    thread_name,
)
from tests.cogs.generation import NOON, generation

LATER = NOON + timedelta(minutes=3)
PIECES = [
    "*",
    "_",
    "`",
    "|",
    "\\",
    "<@1>",
    "<@&2>",
    "@everyone ",
    "# ",
    "\n",
    "[a](b)",
    "x",
    "🐉",
    " ",
    ">",
    "://",
    "1. ",
]
TEXTS = st.one_of(
    st.text(min_size=1, max_size=2000),
    st.tuples(st.sampled_from(PIECES), st.integers(1, 2000)).map(lambda pair: pair[0] * pair[1]),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=500).map("".join),
).map(lambda text: in_words(text)[:1000] or "x")


@st.composite
def rows(draw: st.DrawFn) -> Generation:
    """Draw a row in any state, with texts as they pass the catalogue."""
    status = draw(st.sampled_from(Status))
    return generation(
        prompt=draw(TEXTS),
        options={"negative_prompt": draw(TEXTS)[:1000], "seed": 2**32 - 1, "enhance_prompt": False},
        status=status,
        placement=draw(st.sampled_from(Placement)),
        unreviewed=draw(st.sampled_from([None, *Unreviewed])),
        user_id=2**63 - 1,
        submitted_at=draw(st.sampled_from([None, NOON])),
        cancelled_by=draw(st.sampled_from([2**63 - 2, 2**63 - 1])) if status is Status.CANCELLED else None,
        delivered_at=draw(st.sampled_from([None, LATER])),
        result_id=draw(st.sampled_from([None, 2**63 - 1])),
        result_channel_id=draw(st.sampled_from([None, 2**63 - 1])),
        guild_id=2**63 - 1,
        failure_kind=draw(st.sampled_from(FailureKind)) if status is Status.FAILED else None,
        failure_reason=draw(TEXTS)[:500] if status is Status.FAILED else None,
    )


etas = st.builds(
    Eta,
    st.none() | st.integers(1, 51),
    st.none() | st.just(LATER),
    st.booleans(),
    st.none() | st.just(LATER),
)


@given(rows())
def test_everything_fits_into_a_message(row: Generation) -> None:
    card = render_card(row)
    assert len(card["content"]) <= 2000
    for embed in card["embeds"]:
        assert embed.description is not None
        assert len(embed.description) <= 4096
        assert len(embed) <= 6000
    assert len(render_result(row)) <= 2000
    assert len(render_ending(row)) <= 2000
    assert len(alt_text(row)) <= 1024
    assert 1 <= len(thread_name(row)) <= 100


@given(rows())
def test_a_prompt_cannot_add_lines(row: Generation) -> None:
    expected = 6 if "negative_prompt" in row.options else 5
    assert len(render_card(row)["content"].split("\n")) == expected
    assert len(render_result(row).split("\n")) == 2
    assert len(render_ending(row).split("\n")) == 3


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"status": Status.QUEUED}, "⏳ **In the queue.**"),
        ({"status": Status.SUBMITTING}, "📨 **Sending** your request to the video service."),
        (
            {"status": Status.RUNNING, "submitted_at": LATER},
            f"⚙️ **Making your video.** Sent <t:{int(LATER.timestamp())}:R>.",
        ),
        ({"status": Status.SUCCEEDED}, "📥 **Done.** Downloading the video."),
        (
            {"status": Status.SUCCEEDED, "result_id": 9, "result_channel_id": 7, "thread_id": 5},
            "✅ **Ready.**",
        ),
        (
            {
                "status": Status.SUCCEEDED,
                "delivered_at": LATER,
                "result_id": 9,
                "result_channel_id": 3,
                "placement": Placement.CHANNEL,
            },
            "✅ **Ready.**",
        ),
        (
            {"status": Status.SUCCEEDED, "delivered_at": LATER, "result_id": 9, "result_channel_id": None},
            "✅ **Ready:** I sent it in a direct message because I can't post here.",
        ),
        (
            {"status": Status.SUCCEEDED, "delivered_at": LATER},
            "❌ **Done,** but I couldn't post it anywhere. Give a moderator the ID below.",
        ),
        (
            {"status": Status.FAILED, "failure_kind": FailureKind.LATE},
            "❌ **No video.** The video service didn't finish in time. This didn't count toward your limit.",
        ),
        (
            {"status": Status.FAILED},
            "❌ **No video.** Something went wrong on our side. This didn't count toward your limit.",
        ),
        (
            {"status": Status.CANCELLED, "cancelled_by": 9},
            "🚫 A moderator **cancelled** it before it was sent. This didn't count toward your limit.",
        ),
        (
            {"status": Status.CANCELLED, "cancelled_by": 9, "submitted_at": LATER, "provider_id": "a:veo3"},
            "🚫 A moderator **cancelled** it while it was being made. The video service can't "
            "take back a request, so this counts toward your limit.",
        ),
        (
            {"status": Status.CANCELLED, "cancelled_by": 4},
            "🚫 You **cancelled** it before it was sent. This didn't count toward your limit.",
        ),
        (
            {"status": Status.CANCELLED, "cancelled_by": 4, "submitted_at": LATER, "provider_id": "a:veo3"},
            "🚫 You **cancelled** it while it was being made. The video service can't take back "
            "a request, so this counts toward your limit.",
        ),
    ],
)
def test_each_state_has_its_line(values: dict[str, object], line: str) -> None:
    row = generation(**values)
    assert state_line(row) == line
    assert line in render_card(row)["content"].split("\n")


SOON = f"<t:{int(LATER.timestamp())}:R>"


@pytest.mark.parametrize(
    ("status", "eta", "line"),
    [
        (Status.QUEUED, Eta(1), "⏳ **In the queue** at position 1."),
        (
            Status.QUEUED,
            Eta(50, LATER),
            f"⏳ **In the queue** at position 50. Should be ready {SOON}.",
        ),
        (Status.QUEUED, Eta(51), "⏳ **In the queue**, after at least 50 other requests."),
        (
            Status.QUEUED,
            Eta(3, is_late=True),
            "⏳ **In the queue** at position 3. Taking longer than usual.",
        ),
        (
            Status.RUNNING,
            Eta(expected_at=LATER, ends_at=NOON),
            f"⚙️ **Making your video.** Should be ready {SOON}.",
        ),
        (
            Status.RUNNING,
            Eta(is_late=True, ends_at=LATER),
            f"⚙️ **Making your video.** Taking longer than usual. I'll give up {SOON}.",
        ),
    ],
)
def test_who_waits_reads_where_they_stand_and_when_it_is_expected(
    status: Status, eta: Eta, line: str
) -> None:
    row = generation(status=status, submitted_at=NOON)
    assert state_line(row, eta) == line
    assert line in render_card(row, eta)["content"].split("\n")


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SUBMITTING, Status.RUNNING])
def test_who_waits_for_a_video_that_moderators_look_at_first_is_told_so(status: Status) -> None:
    told = "A moderator reviews it before it's posted."
    assert told not in state_line(generation(status=status, submitted_at=NOON), Eta(1, LATER))
    held = generation(status=status, submitted_at=NOON, unreviewed=Unreviewed.END)
    assert state_line(held, Eta(1, LATER)).endswith(told), "the video seems to arrive as soon as it's ready"


@given(rows(), etas)
def test_the_longest_outlook_fits_too_and_is_never_a_percentage(row: Generation, eta: Eta) -> None:
    assert len(render_card(row, eta)["content"]) <= 2000
    assert "%" not in state_line(row, eta)


@pytest.mark.parametrize("kind", FailureKind)
def test_each_failure_says_what_happened_that_it_is_free_and_what_to_do(kind: FailureKind) -> None:
    row = generation(status=Status.FAILED, failure_kind=kind)
    assert render_failure(row) == (
        f"❌ <@4> I couldn't get you this video. {kind.sentence}\n"
        f"This didn't count toward your limit. {kind.advice}\n-# ID 0123456789abcdef"
    )


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failed_shot_is_told_by_its_number_and_advised_nothing_that_its_button_cannot_do(
    kind: FailureKind,
) -> None:
    shot = generation(status=Status.FAILED, failure_kind=kind, film_id="a" * 16, shot=2, source_id="b" * 16)
    said = render_failure(shot)
    assert said.startswith("❌ <@4> I couldn't get you shot 2 of your film.")
    beyond = ("attach", "another image", "or the options", "another channel")
    assert [words for words in beyond if words in said and "`/film`" not in said] == []


@pytest.mark.parametrize("has_others", [True, False])
def test_a_shot_whose_beginning_is_gone_is_told_which_shot_to_redo(*, has_others: bool) -> None:
    shot = generation(status=Status.FAILED, failure_kind=FailureKind.VIDEO_GONE, film_id="a" * 16, shot=2)
    said = "Redo this shot. If the shot before it was removed, redo that one first."
    assert said in render_failure(shot, has_others=has_others)


@pytest.mark.parametrize(
    ("sent", "when", "whether_it_counts"),
    [
        ({}, "before it was sent", "This didn't count toward your limit."),
        (
            {"submitted_at": LATER},
            "while it was being sent",
            "This counts toward your limit unless the video service didn't accept it.",
        ),
        (
            {"submitted_at": LATER, "provider_id": "a:veo3"},
            "while it was being made",
            "The video service can't take back a request, so this counts toward your limit.",
        ),
    ],
)
def test_who_is_cancelled_by_a_moderator_hears_whether_it_counts(
    sent: dict[str, object], when: str, whether_it_counts: str
) -> None:
    row = generation(status=Status.CANCELLED, cancelled_by=9, **sent)
    assert render_ending(row) == (
        f"🚫 <@4> A moderator cancelled your video {when}.\n"
        f"{whether_it_counts} Ask a moderator if you want to know why.\n-# ID 0123456789abcdef"
    )


def test_the_message_in_a_videos_place_is_that_of_its_state() -> None:
    failed = generation(status=Status.FAILED, failure_kind=FailureKind.UNMADE, failure_reason="paint")
    cancelled = generation(status=Status.CANCELLED, cancelled_by=9)
    assert render_ending(failed) == render_failure(failed)
    assert render_ending(failed, quote=False) == render_failure(failed, quote=False)
    assert render_ending(cancelled) == render_ending(cancelled, quote=False) == render_cancellation(cancelled)


def test_the_providers_words_can_be_left_out() -> None:
    row = generation(status=Status.FAILED, failure_kind=FailureKind.UNMADE, failure_reason="no *paint*")
    assert "Its reason: “no \\*paint\\*”" in render_failure(row)
    assert "paint" not in render_failure(row, quote=False)


OURS = [
    (FailureKind.UNMADE, "It gave no reason.", " It gave no reason."),
    (
        FailureKind.UNMADE,
        "It finished without a video. Its safety filter can cause this.",
        " Its safety filter can cause this.",
    ),
    (FailureKind.FILE_LOST, "The file's address answered 404.", ""),
    (FailureKind.REFUSED, None, ""),
]


@pytest.mark.parametrize(("kind", "reason", "shown"), OURS)
def test_our_own_words_are_not_quoted_as_the_providers(
    kind: FailureKind, reason: str | None, shown: str
) -> None:
    text = render_failure(generation(status=Status.FAILED, failure_kind=kind, failure_reason=reason))
    assert "“" not in text, "the provider never said that"
    assert text.splitlines()[0].endswith(shown or kind.sentence)


def test_the_members_words_can_be_left_out() -> None:
    assert render_result(generation()) == "🎬 <@4> Your video is ready.\n> a red dragon"
    assert render_result(generation(), quote=False) == "🎬 <@4> Your video is ready."


def test_a_model_that_is_not_offered_any_more_can_still_be_shown() -> None:
    content = render_card(generation(model="google/veo1"))["content"]
    assert "Model: google/veo1 (no longer available)" in content


@pytest.mark.parametrize(("length", "embeds"), [(500, 0), (501, 1)])
def test_only_a_long_prompt_gets_an_embed(length: int, embeds: int) -> None:
    assert len(render_card(generation(prompt="x" * length))["embeds"]) == embeds
