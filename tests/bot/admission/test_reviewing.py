"""Whose requests wait for moderators."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.admission.reviewing import count_videos, needs_review
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Status
from bot.policy.documents import Reviewed, ReviewRule
from tests.bot.rows import insert, new_requester

NOW = utc_now()
NEW = ReviewRule(who=Reviewed.NEWCOMERS, days=7, videos=3)
LONG_AGO, LATELY = NOW - timedelta(days=7), NOW - timedelta(days=7) + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("rule", "joined_at", "videos", "expected"),
    [
        (None, None, 0, False),
        (ReviewRule(who=Reviewed.EVERYBODY), LONG_AGO, 99, True),
        (NEW, LONG_AGO, 3, False),
        (NEW, LATELY, 3, True),
        (NEW, LONG_AGO, 2, True),
        (NEW, None, 3, True),
        (NEW.model_copy(update={"days": 0}), None, 3, False),
        (NEW.model_copy(update={"videos": 0}), LONG_AGO, 0, False),
    ],
)
def test_newcomers_are_those_who_came_lately_or_have_few_videos(
    rule: ReviewRule | None, joined_at: datetime | None, videos: int, expected: bool
) -> None:
    requester = replace(new_requester(), joined_at=joined_at)
    assert needs_review(rule, requester, lambda _: videos, NOW) is expected


def test_a_role_names_its_members() -> None:
    rule = ReviewRule(who=Reviewed.ROLE, role_id=5)
    assert needs_review(rule, replace(new_requester(), role_ids=frozenset({4, 5})), lambda _: 99, NOW)
    assert not needs_review(rule, new_requester(), lambda _: 0, NOW)


@pytest.mark.both_engines
async def test_a_members_videos_are_those_that_they_got_here_and_nobody_took_down(database: Database) -> None:
    await insert(database, status=Status.SUCCEEDED)
    for other in (
        {"status": Status.FAILED},
        {"status": Status.QUEUED},
        {"status": Status.SUCCEEDED, "removed_at": NOW},
        {"status": Status.SUCCEEDED, "guild_id": 9},
        {"status": Status.SUCCEEDED, "user_id": 9},
    ):
        await insert(database, **other)
    assert await database.read(lambda session: count_videos(session, new_requester(), 9)) == 1
    await insert(database, status=Status.SUCCEEDED)
    assert await database.read(lambda session: count_videos(session, new_requester(), 1)) == 1, "more is read"
