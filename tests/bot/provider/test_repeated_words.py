"""What the provider says never repeats what a member wrote: it's logged, and told to others."""

import aiohttp
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.failures import FailureKind
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from bot.provider.errors import ForbiddenError
from bot.provider.repeated_words import SHORTEST_PIECE, hide_words
from bot.provider.safety import is_refused_for_safety
from bot.provider.words import WordFilter
from tests.fuzz.server import serve

PROMPT = "My neighbour Jane Doe dances on the roof of her house"
NEGATIVE = "her dog Rex"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (f"The prompt “{PROMPT}” isn't allowed.", "The prompt “…” isn't allowed."),
        (f"{PROMPT.upper()}: no. {PROMPT}: no.", "…: no. …: no."),
        (f"Blocked: '{PROMPT[:30]}...'", "Blocked: '…...'"),
        (f"Neither {NEGATIVE.title()} nor her dog Rexona.", "Neither … nor her dog Rexona."),
        ("Try again later.", "Try again later."),
    ],
)
def test_a_members_words_are_left_out(said: str, left: str) -> None:
    assert hide_words(said, (PROMPT, NEGATIVE, "", "  ")) == left


def test_a_single_word_is_the_members_only_where_it_is_quoted() -> None:
    said = "This video can't be made: 'Video' isn't allowed."
    assert hide_words(said, ["video"]) == "This video can't be made: '…' isn't allowed."


SAFETY = "This prompt contains words that violate Vertex AI's usage guidelines. Try rephrasing the prompt."


@pytest.mark.parametrize(
    ("said", "private"),
    [
        (SAFETY, ("a fox", "usage guidelines")),
        (
            SAFETY,
            ("violate Vertex AI's usage guidelines. Try rephrasing the prompt. A fox without clothes", ""),
        ),
        ("Your prompt contains explicit content.", ("a fox", "explicit content")),
        (f"{SAFETY} ('usage guidelines')", ("a fox", "usage guidelines")),
    ],
)
def test_what_safety_says_stays_whatever_a_member_writes(said: str, private: tuple[str, str]) -> None:
    kept = WordFilter(private=private).clean(said)
    assert kept == said.replace("('usage guidelines')", "('…')")
    assert is_refused_for_safety(FailureKind.UNMADE, kept, private[0]), "a member goes without a strike"


@pytest.mark.parametrize(
    "said",
    [
        f"Blocked by our safety filter: {PROMPT[:40]}",
        f"{PROMPT} without {NEGATIVE} violates our content policy.",
        "Rejected: blocked by the safety filter of her heart",  # the prompt's own words
    ],
)
def test_a_refusal_for_safety_does_not_repeat_them_either(said: str) -> None:
    own = "blocked by the safety filter of her heart"
    kept = WordFilter(private=(own if own in said else PROMPT, NEGATIVE)).clean(said)
    assert not any(words in kept for words in ("neighbour", NEGATIVE, "heart")), kept


@given(st.text(min_size=SHORTEST_PIECE + 1).map(str.strip), st.text(), st.text())
def test_nothing_of_it_is_left(words: str, before: str, after: str) -> None:
    assume(len(words) > SHORTEST_PIECE)
    assert words not in hide_words(f"{before}{words}{after}", [words])


async def test_neither_a_refusal_nor_a_failure_repeats_them(session: aiohttp.ClientSession) -> None:
    body = b'{"message": "%b, without %b?"}' % (PROMPT.encode(), NEGATIVE.encode())
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    request = build_request("google/veo3", PROMPT, {"duration": 4, "negative_prompt": NEGATIVE})
    async with serve(lambda _: refusal) as url:
        veo = VeoClient(session, url, SecretStr("sk-hostile-0123456789"))
        with pytest.raises(ForbiddenError) as refused:
            await veo.create(request, "ours")
        with pytest.raises(ForbiddenError) as unknown:
            await veo.retrieve("some:veo3", request.private)
    assert {refused.value.words, unknown.value.words, str(refused.value)} == {"…, without …?"}
