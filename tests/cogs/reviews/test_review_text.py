"""What moderators read about a request or a film fits, and hides nothing that has room."""

from datetime import timedelta

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import utc_now
from bot.db.film_models import FilmRow
from bot.db.models import Generation, Status, Unreviewed
from bot.db.review_models import ReviewDecision, ReviewRow, ReviewStage
from bot.escape import escape
from bot.i18n import locale_used
from bot.i18n.catalogues import languages
from bot.markup import relative_time
from bot.moderation.review_decisions import Review
from bot.provider.catalogue import CATALOGUE
from cogs.moderation.shapes import Shape
from cogs.reviews.review_text import has_room_for, render_review, review_shapes

NOW = utc_now()
SOMEBODY = 2**63
SHOWN = st.sampled_from(["fox ", "*", "a\n", "x", "@everyone ", "1. ", "🦊"])


def prompts(most: int) -> st.SearchStrategy[str]:
    return st.builds(repeated, SHOWN, st.integers(1, most))


def repeated(piece: str, length: int) -> str:
    return (piece * length)[:length]


def shot(prompt: str, number: int | None = None, negative: str = "", pictures: int = 0) -> Generation:
    return Generation(
        id="b" * 16,
        guild_id=SOMEBODY,
        channel_id=SOMEBODY,
        user_id=SOMEBODY,
        prompt=prompt,
        model=CATALOGUE[0].id,
        options={"negative_prompt": negative} if negative else {},
        status=Status.QUEUED,
        shot=number,
        film_id=None if number is None else "f" * 16,
        continues_id="c" * 16,
        continues_post=[SOMEBODY, SOMEBODY],
        picture_urls=[f"https://cdn.discordapp.com/{number}/{place}" for place in range(pictures)],
        estimated_credits=1e6,
        created_at=NOW,
    )


def review_of(*requests: Generation, title: str = "Foxes", decision: ReviewDecision | None = None) -> Review:
    row = ReviewRow(
        id="a" * 16,
        guild_id=SOMEBODY,
        user_id=SOMEBODY,
        created_at=NOW,
        ends_at=NOW + timedelta(days=1),
        decision=decision,
        decided_by=SOMEBODY,
        words=None if decision is None else "*" * 1000,
    )
    is_film = requests[0].shot is not None
    return Review(row, requests, FilmRow(id="f" * 16, title=title) if is_film else None)


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    is_film, decision = draw(st.booleans()), draw(st.sampled_from([None, *ReviewDecision]))
    requests = [
        shot(
            draw(prompts(2000)),
            number if is_film else None,
            draw(st.just("") | prompts(1000)),
            draw(st.integers(0, 3)),
        )
        for number in range(1, draw(st.integers(1, 8)) + 1 if is_film else 2)
    ]
    review = review_of(*requests, title=draw(prompts(80)), decision=decision)
    if not is_film and draw(st.booleans()):
        review.row.stage = ReviewStage.POSTED
        requests[0].unreviewed = draw(st.sampled_from(Unreviewed))
    return review


def embeds_of(shape: Shape) -> list[discord.Embed]:
    return [*(shape.embeds or ())]


def shown_by(shape: Shape) -> str:
    return "\n".join([shape.text, *(embed.description or "" for embed in embeds_of(shape))])


def bare(text: str) -> str:
    return "".join(escape(text).replace("\\", "").split())


def words_in(review: Review) -> str:
    return shown_by(review_shapes(review)[0])


@given(reviews(), st.sampled_from(languages()))
def test_discord_takes_whatever_waits(review: Review, locale: str) -> None:
    with locale_used(locale):
        shapes = review_shapes(review, has_left=True)
    assert max(len(shape.text) for shape in shapes) <= 2000
    for embeds in map(embeds_of, shapes):
        assert len(embeds) <= 10
        assert sum(map(len, embeds)) <= 6000
        assert all(len(embed.description or "") <= 4096 for embed in embeds)


@given(reviews())
def test_while_it_is_open_what_is_not_shown_is_in_a_file_or_said_to_be_missing(review: Review) -> None:
    review.row.decision = None
    first, *others = review_shapes(review)
    assert "missing" not in first.text
    for shape in (first, *others):
        is_shown = all(bare(one.prompt) in bare(shown_by(shape)) for one in review.requests)
        in_file = shape.file is not None and all(one.prompt in shape.file for one in review.requests)
        assert (
            is_shown or in_file or "of the text is missing" in shape.text or "filter is hiding" in shape.text
        )
        assert in_file == ("All of it is in the attached file." in shape.text)
        links = {link for one in review.requests for link in one.picture_urls or ()}
        hidden = len(links) - sum(embed.image.url in links for embed in embeds_of(shape))
        assert (f"Made from {hidden} image" in shape.text) == (hidden > 0)


@pytest.mark.parametrize("decision", [None, ReviewDecision.APPROVE])
def test_while_it_is_open_it_is_about_what_still_waits(decision: ReviewDecision | None) -> None:
    shots = [shot(words, number) for number, words in enumerate(("a fox", "a hen", "a cat"), start=1)]
    for one in shots:
        one.review_until = NOW
    shots[0].status = Status.CANCELLED
    review = review_of(*shots, decision=decision)
    is_open = decision is None
    assert f"A film of {2 if is_open else 3} shots" in render_review(review)
    assert ("a fox" in words_in(review)) is not is_open
    assert review.price == (2e6 if is_open else 3e6)


def test_one_long_prompt_among_short_ones_is_shown_whole() -> None:
    shots = [shot("a fox", number) for number in range(1, 8)]
    assert "HIDDEN" in words_in(review_of(*shots, shot("a fox " * 300 + "HIDDEN", 8)))


@pytest.mark.parametrize("number", [None, 1])
def test_what_the_video_is_to_be_without_is_shown_whole(number: int | None) -> None:
    assert "HIDDEN" in words_in(review_of(shot("a fox", number, "rain " * 150 + "HIDDEN")))


def test_what_has_no_room_is_marked_as_cut() -> None:
    shots = [shot("a fox " * 330, number) for number in range(1, 9)]
    shape = review_shapes(review_of(*shots))[0]
    described = "".join(embed.description or "" for embed in embeds_of(shape))
    assert described.count("…") == len(shots)
    assert shape.file is not None
    assert shape.file.startswith("Foxes\n\nShot 1\na fox a fox")


def test_every_image_of_a_film_is_shown_beside_long_prompts() -> None:
    shots = [shot("a red fox runs " * 20, number, "", 0) for number in range(1, 9)]
    shots[0].picture_urls = [f"https://cdn.discordapp.com/{place}" for place in range(3)]
    found = embeds_of(review_shapes(review_of(*shots))[0])
    assert sum(embed.image.url is not None for embed in found) == 3


@pytest.mark.parametrize("is_finished", [True, False])
def test_what_a_finished_video_cost_is_said_once_it_is_known(*, is_finished: bool) -> None:
    review = review_of(shot("a fox"))
    review.row.stage = ReviewStage.POSTED if is_finished else ReviewStage.MADE
    assert "💰 Price: about **$0.50" in render_review(review)
    review.requests[0].credits_used = 2e6
    assert ("💰 Cost: **$1" in render_review(review)) is is_finished


@given(reviews(), st.integers(1, 2000), st.sampled_from(languages()))
def test_a_line_that_has_room_leaves_some_for_the_words(review: Review, length: int, locale: str) -> None:
    review.row.decision, line = None, "x" * length
    with locale_used(locale):
        if not has_room_for(review, line):
            assert length > 500
            return
        shapes = review_shapes(review, has_left=True, line=line)
    assert max(len(shape.text) for shape in shapes) <= 2000
    assert all(line in shape.text for shape in shapes)


def test_a_finished_video_was_requested_before_its_review_began() -> None:
    request = shot("a fox")
    request.created_at = NOW - timedelta(hours=3)
    review = review_of(request)
    review.row.stage = ReviewStage.POSTED
    assert f"requested it in <#{SOMEBODY}> {relative_time(request.created_at)}." in render_review(review)
