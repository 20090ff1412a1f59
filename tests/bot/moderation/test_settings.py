"""Forbidden words and settings: what is kept, what is refused, and what the audit trail says about it."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.admission.blocklist import MAX_WORDS
from bot.db.database import Database
from bot.db.guild_models import Action, AuditRow, ReportRow
from bot.db.models import Placement
from bot.errors import BadInputError
from bot.moderation.decisions import AuditEvent, Decisions, Moderator
from bot.moderation.service import Moderation
from bot.policy.documents import Policy
from tests.bot.clocks import StoppedClock

GUILD = 1
MONA, NILS = Moderator(GUILD, 70), Moderator(GUILD, 71)
SETUP = AuditEvent(Action.SETTINGS, "server")


@pytest.fixture
def moderation(database: Database, clock: StoppedClock) -> Moderation:
    """The service with a clock that stands still."""
    return Moderation(Decisions(database, clock))


async def trail(moderation: Moderation, guild_id: int = GUILD) -> list[AuditRow]:
    """Return the trail, oldest first."""
    return (await moderation.list_log(guild_id, size=1000))[::-1]


async def last(moderation: Moderation) -> tuple[Action, int | None, str | None, Any, Any, str | None]:
    """Return the last deed: what, who, whom, old, new, why."""
    row = (await trail(moderation))[-1]
    return row.action, row.actor_id, row.subject, row.old, row.new, row.reason


async def test_words_are_added_once_however_they_are_written(moderation: Moderation) -> None:
    assert await moderation.add_word(MONA, "Gore")
    assert await last(moderation) == (Action.WORD_ADD, 70, "words", None, {"word": "Gore"}, None)
    assert not await moderation.add_word(NILS, "  ＧＯＲＥ ")
    assert (await moderation.read(GUILD)).words == ("Gore",)
    assert len(await trail(moderation)) == 1, "nothing changed, and it's in the trail"


async def test_a_word_is_removed_however_it_is_written(moderation: Moderation) -> None:
    await moderation.add_word(MONA, "gore")
    assert await moderation.remove_word(NILS, "GORE")
    assert await last(moderation) == (Action.WORD_REMOVE, 71, "words", {"word": "gore"}, None, None)
    assert not await moderation.remove_word(NILS, "gore")
    assert (await moderation.read(GUILD)).words == ()


@pytest.mark.parametrize("word", ["", "  ", "\u200b", "!!!", "x" * 101])
async def test_senseless_words_change_nothing(moderation: Moderation, word: str) -> None:
    with pytest.raises(BadInputError):
        await moderation.add_word(MONA, word)
    assert await moderation.read(GUILD) == Policy()
    assert await trail(moderation) == []


async def test_there_are_only_so_many_words(moderation: Moderation, database: Database) -> None:
    full = Policy(words=tuple(f"word{number}" for number in range(MAX_WORDS)))
    await Decisions(database).change_policy(MONA, SETUP, lambda _: full, lambda _: None)
    with pytest.raises(BadInputError, match=f"already {MAX_WORDS} blocked words"):
        await moderation.add_word(MONA, "one more")
    assert not await moderation.add_word(MONA, "WORD7"), "a word that is there needs no place"
    assert await moderation.remove_word(MONA, "word7")
    assert await moderation.add_word(MONA, "one more")


async def test_settings_are_changed_together_in_one_row(moderation: Moderation) -> None:
    before = await moderation.change_settings(MONA, {"longest_duration": 8})
    assert before == Policy(longest_duration=8)
    changes: dict[str, Any] = {
        "channels": frozenset({5, 6}),
        "longest_duration": 4,
        "placement": Placement.CHANNEL,
    }
    policy = await moderation.change_settings(NILS, changes)
    assert policy == Policy(**changes)
    action, actor, subject, old, new, _ = await last(moderation)
    assert (action, actor, subject) == (Action.SETTINGS, 71, "server")
    assert old == {"channels": [], "longest_duration": 8, "placement": None}
    assert (sorted(new["channels"]), new["longest_duration"], new["placement"]) == ([5, 6], 4, "channel")


async def test_without_changes_nothing_is_recorded(moderation: Moderation) -> None:
    assert await moderation.change_settings(MONA, {}) == Policy()
    assert await trail(moderation) == []


async def test_a_setting_can_be_taken_back(moderation: Moderation) -> None:
    await moderation.change_settings(MONA, {"moderators_channel_id": 9, "models": frozenset({"google/veo3"})})
    policy = await moderation.change_settings(MONA, {"moderators_channel_id": None, "models": frozenset()})
    assert policy == Policy()


@pytest.mark.parametrize(
    "changes",
    [
        {"longest_duration": 3},
        {"highest_resolution": "480P"},
        {"models": frozenset({"google/veo1"})},
        {"channels": frozenset({5}), "longest_duration": 1},
    ],
    ids=str,
)
async def test_settings_that_leave_no_video_are_refused_whole(
    moderation: Moderation, changes: dict[str, Any]
) -> None:
    with pytest.raises(BadInputError, match="No video would be possible"):
        await moderation.change_settings(MONA, changes)
    assert await moderation.read(GUILD) == Policy()
    assert await trail(moderation) == []


async def test_a_setting_that_has_nothing_to_do_with_it_can_be_changed_when_no_video_is_possible(
    moderation: Moderation, database: Database
) -> None:
    outdated = Policy(models=frozenset({"google/veo1"}))
    await Decisions(database).change_policy(MONA, SETUP, lambda _: outdated, lambda _: None)
    policy = await moderation.change_settings(MONA, {"channels": frozenset({5})})
    assert policy.models == {"google/veo1"}


async def test_an_unknown_setting_is_a_mistake_of_ours(moderation: Moderation) -> None:
    with pytest.raises(ValueError, match="words"):
        await moderation.change_settings(MONA, {"words": ("gore",)})


@pytest.mark.both_engines
async def test_two_moderators_cannot_leave_no_video_between_them(
    moderation: Moderation, database: Database
) -> None:
    """One takes the models away that the other leaves; both look at once."""
    outdated = Policy(models=frozenset({"google/veo1", "google/veo3"}))
    await Decisions(database).change_policy(MONA, SETUP, lambda _: outdated, lambda _: None)
    outcomes = await asyncio.gather(
        moderation.change_settings(MONA, {"models": frozenset({"google/veo3"})}),
        moderation.change_settings(NILS, {"models": frozenset({"google/veo1"})}),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, BadInputError) for outcome in outcomes) == 1
    assert (await moderation.read(GUILD)).models == {"google/veo3"}


def report(number: int, now: datetime, **changes: Any) -> ReportRow:
    """Return a report that was shown nowhere."""
    values: dict[str, Any] = {
        "id": f"report{number}",
        "guild_id": GUILD,
        "generation_id": f"row{number}",
        "reporter_id": 8,
        "reason": "bad",
        "created_at": now,
    }
    return ReportRow(**{**values, **changes})


async def test_a_moderators_channel_gets_the_reports_that_nobody_saw(
    moderation: Moderation, database: Database, clock: StoppedClock
) -> None:
    def work(session: Session):
        session.add(report(1, clock()))
        session.add(report(2, clock(), message_id=5))
        session.add(report(3, clock(), dismissed_by=70))
        session.add(report(4, clock(), guild_id=2))

    await database.write(work)
    await moderation.change_settings(MONA, {"channels": frozenset({5})})
    assert await due_reports(database) == []
    await moderation.change_settings(MONA, {"moderators_channel_id": 9})
    assert await due_reports(database) == ["report1"]


@pytest.mark.sqlite_only
async def test_the_channel_is_set_together_with_what_is_shown_in_it_or_not_at_all(
    moderation: Moderation, database: Database, clock: StoppedClock
) -> None:
    def work(session: Session):
        session.add(report(1, clock()))
        session.execute(
            text("CREATE TRIGGER broken UPDATE ON reports BEGIN SELECT RAISE(ABORT, 'broken'); END")
        )

    await database.write(work)
    with pytest.raises(IntegrityError, match="broken"):
        await moderation.change_settings(MONA, {"moderators_channel_id": 9})
    assert (await moderation.read(GUILD)).moderators_channel_id is None, "the report waits for ever"


async def due_reports(database: Database) -> list[str]:
    return await database.read(
        lambda session: list(session.scalars(select(ReportRow.id).where(ReportRow.post_at.is_not(None))))
    )
