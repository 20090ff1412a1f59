"""What may still get through in one channel isn't sent to another one meanwhile."""

import pytest

from bot.jobs.ports import ARRIVAL, DeliveryPostponedError
from cogs.delivery.unanswered_posts import UnansweredPosts

THREAD, DIRECT = 7, None


@pytest.fixture
def watch() -> list[float]:
    """What the clock says, in seconds."""
    return [1000.0]


@pytest.fixture
def unanswered(watch: list[float]) -> UnansweredPosts:
    """What was sent to the thread, and not answered."""
    posts = UnansweredPosts(lambda: watch[0])
    posts.note("film", THREAD)
    return posts


def test_it_is_sent_to_the_same_channel_at_once(unanswered: UnansweredPosts) -> None:
    unanswered.ensure_none_elsewhere("film", THREAD)


def test_others_are_sent_anywhere(unanswered: UnansweredPosts) -> None:
    unanswered.ensure_none_elsewhere("another", DIRECT)


def test_elsewhere_it_is_sent_once_the_first_one_cannot_come_any_more(
    unanswered: UnansweredPosts, watch: list[float]
) -> None:
    watch[0] += 60
    with pytest.raises(DeliveryPostponedError) as raised:
        unanswered.ensure_none_elsewhere("film", DIRECT)
    assert raised.value.retry_after == ARRIVAL.total_seconds() - 60
    watch[0] += raised.value.retry_after
    unanswered.ensure_none_elsewhere("film", DIRECT)
