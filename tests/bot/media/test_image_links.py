"""Until when Discord's links can be fetched, whatever they say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.image_links import BELIEVED, LIFE, MARGIN, fetchable_until

ASKED = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE = "https://cdn.discordapp.com/ephemeral-attachments/1/2/cat.png"
UNSIGNED = ASKED + LIFE - MARGIN

seconds = st.integers(-int(BELIEVED.total_seconds()), int(BELIEVED.total_seconds()))


def signed(end: datetime) -> str:
    """Return a link as Discord signs it."""
    return f"{BASE}?ex={int(end.timestamp()):x}&is=69a3f2c0&hm=0123456789abcdef&"


def test_a_signed_link_says_when_it_dies() -> None:
    assert fetchable_until([signed(ASKED + timedelta(hours=3))], ASKED) == ASKED + timedelta(hours=3) - MARGIN


def test_a_link_that_does_not_say_lives_a_day() -> None:
    assert fetchable_until([BASE], ASKED) == UNSIGNED
    assert fetchable_until([], ASKED) == UNSIGNED


@given(lives=st.lists(seconds, min_size=1, max_size=3))
def test_all_of_them_are_needed(lives: list[int]) -> None:
    links = [signed(ASKED + timedelta(seconds=life)) for life in lives]
    assert fetchable_until(links, ASKED) == ASKED + timedelta(seconds=min(lives)) - MARGIN


@pytest.mark.parametrize("place", ["?{}", "?is=1&{}", "?is=1&{}&hm=2", "?{}#top"])
def test_it_may_say_so_anywhere(place: str) -> None:
    end = ASKED + timedelta(hours=1)
    link = BASE + place.format(f"ex={int(end.timestamp()):X}")
    assert fetchable_until([link], ASKED) == end - MARGIN


@pytest.mark.parametrize(
    "said",
    [
        *["ex=", "ex=0", "ex=cat", "ex=-69a45a00", "ex=0x69a45a", "ex=ffffffff", "ex=00000000"],
        *["ex=69a45a0000000000000000", "ex=٣٣٣٣٣٣٣٣", "hex=69a42d40", "ex", "ex=69a4_2d4", "EX=69a42d40"],
    ],
)
def test_what_is_damaged_or_absurd_does_not_matter(said: str) -> None:
    assert fetchable_until([f"{BASE}?{said}&hm=1"], ASKED) == UNSIGNED


@given(link=st.text() | st.from_regex(r"\?ex=[0-9a-fA-F]{6,10}&?", fullmatch=True))
def test_no_link_lives_much_longer_than_discords_do(link: str) -> None:
    assert abs(fetchable_until([link], ASKED) - ASKED) <= BELIEVED + MARGIN
