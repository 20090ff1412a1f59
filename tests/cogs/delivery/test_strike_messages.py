"""What a member reads of a strike in a direct message. Pure text."""

import re
from datetime import datetime, timedelta

import pytest

from bot.db.guild_models import StrikeKind, StrikeRow
from bot.moderation.strike_notices import Notice
from bot.policy.documents import Block, StrikeRules
from bot.policy.strike_rows import Struck
from bot.policy.strikes import ActiveStrikes, Strike
from cogs.delivery.strike_messages import strike_message
from tests.cogs.generation import NOON


def message(kind: StrikeKind, until: datetime | None = None, *, is_film: bool = False) -> str:
    row = StrikeRow(id=1, guild_id=1, user_id=2, kind=kind, source="a", created_at=NOON)
    standing = ActiveStrikes(StrikeRules(), (Strike(kind, NOON + timedelta(days=7)),))
    struck = Struck(1, counts=True, active=standing, block=Block(since=NOON, until=until))
    return strike_message(Notice(row, struck, is_film=is_film), "Ours")


def test_a_film_is_called_a_film() -> None:
    assert "A moderator deleted your film after a report." in message(StrikeKind.REPORT, is_film=True)
    assert "A moderator deleted your video after a report." in message(StrikeKind.REPORT)


@pytest.mark.parametrize("kind", list(StrikeKind))
def test_it_names_the_server_and_calls_no_place_this_server(kind: StrikeKind) -> None:
    assert "Ours" in message(kind)
    assert "this server" not in message(kind)
    assert "You're blocked from /veo there." in message(kind)
    assert message(kind).endswith("If you think that's a mistake, tell a moderator there.")


def test_its_times_still_read_well_once_they_are_past() -> None:
    told = message(StrikeKind.WORD, NOON + timedelta(hours=1))
    assert told.count(":f>") == 2
    assert re.search(r"(?<!\()<t:\d+:R>", told) is None, (
        "a relative time that stands alone becomes “3 hours ago”"
    )


def test_a_blocked_word_may_have_been_in_more_than_the_prompt() -> None:
    assert "prompt" not in message(StrikeKind.WORD)
