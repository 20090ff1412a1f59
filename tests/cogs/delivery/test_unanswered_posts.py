"""What may still get through is known, and where it was sent to."""

import pytest

from bot.jobs.ports import ARRIVAL
from cogs.delivery.unanswered_posts import Unanswered, UnansweredPosts

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


def test_nothing_is_known_of_others(unanswered: UnansweredPosts) -> None:
    assert unanswered.find("another") is None


def test_it_may_come_until_it_is_too_late_for_that(unanswered: UnansweredPosts, watch: list[float]) -> None:
    watch[0] += 60
    assert unanswered.find("film") == Unanswered(THREAD, ARRIVAL.total_seconds() - 60)
    watch[0] += ARRIVAL.total_seconds() - 60
    assert unanswered.find("film") is None


def test_the_last_one_counts(unanswered: UnansweredPosts) -> None:
    unanswered.note("film", DIRECT)
    assert unanswered.find("film") == Unanswered(DIRECT, ARRIVAL.total_seconds())
