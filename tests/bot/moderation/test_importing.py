"""An import is one decision: saved whole or not at all, and told to those who wait for a channel."""

from typing import Any

import pytest
from sqlalchemy import select

from bot.db.database import Database
from bot.db.guild_models import Action, ReportRow
from bot.errors import BadInputError
from bot.moderation.decisions import AuditEvent, Decisions, Moderator
from bot.moderation.importing import Imports
from bot.moderation.matching import Imported
from bot.moderation.portable import MAX_BYTES, ServerNames
from bot.moderation.rules import MAX_RULES
from bot.moderation.service import Moderation
from bot.policy.documents import LimitKind, Policy, Rule, Scope
from tests.bot.clocks import StoppedClock

GUILD = 1
MONA = Moderator(GUILD, 70)
LIMIT = Rule(scope=Scope.SERVER, kind=LimitKind.DAY, most=1)
NOWHERE = ServerNames("Nowhere", roles={}, channels={})


def importing(**changes: Any) -> Imported:
    """Return an import of some fields of a document."""
    return Imported(server="Studio", policy=Policy(**changes), fields=frozenset(changes))


@pytest.fixture
def decisions(database: Database, clock: StoppedClock) -> Decisions:
    return Decisions(database, clock)


async def test_what_is_imported_is_one_row_that_tells_what_differs(decisions: Decisions) -> None:
    moderation = Moderation(decisions)
    await moderation.add_word(MONA, "gun")
    await moderation.change_settings(MONA, {"ask_first": True})
    await Imports(decisions).save(MONA, importing(words=("gun", "knife"), ask_first=True, longest_duration=8))
    [row, *earlier] = await moderation.list_log(GUILD, size=10)
    assert len(earlier) == 2
    assert (row.action, row.subject, row.actor_id) == (Action.IMPORT, "server:Studio", MONA.user_id)
    assert row.old == {"settings:server": {"longest_duration": None}, "word_add:words": None}
    assert row.new == {"settings:server": {"longest_duration": 8}, "word_add:words": {"words": ["knife"]}}


@pytest.mark.both_engines
async def test_reports_that_nobody_saw_are_shown_in_an_imported_channel(
    decisions: Decisions, database: Database, clock: StoppedClock
) -> None:
    waiting = ReportRow(
        id="0" * 16, guild_id=GUILD, generation_id="1" * 16, reporter_id=4, reason="bad", created_at=clock()
    )
    await database.write(lambda session: session.add(waiting))
    await Imports(decisions).save(MONA, importing(words=()))
    assert await database.read(lambda session: session.scalar(select(ReportRow.post_at))) is None
    await Imports(decisions).save(MONA, importing(moderators_channel_id=8))
    assert await database.read(lambda session: session.scalar(select(ReportRow.post_at))) is not None


async def test_what_is_impossible_is_not_saved_in_part(decisions: Decisions) -> None:
    full = Policy(rules=tuple(of_member(number) for number in range(MAX_RULES)), words=("knife",))
    event = AuditEvent(Action.SETTINGS, "server")
    await decisions.change_policy(MONA, event, lambda _: full, lambda _: None)
    imports = Imports(decisions)
    with pytest.raises(BadInputError, match="No video would be possible with these settings"):
        await imports.save(MONA, importing(longest_duration=1, words=("gun",)))
    with pytest.raises(BadInputError, match="which is the maximum"):
        await imports.save(MONA, importing(rules=(LIMIT,), words=("gun",)))
    moderation = Moderation(decisions)
    assert await moderation.read(GUILD) == full
    assert len(await moderation.list_log(GUILD, size=10)) == 1


def of_member(number: int) -> Rule:
    return LIMIT.model_copy(update={"scope": Scope.MEMBER, "subject_id": number + 1})


async def test_a_file_that_is_too_large_is_not_even_fetched(decisions: Decisions) -> None:
    imports = Imports(decisions)
    with pytest.raises(BadInputError, match="This file is too large"):
        await imports.read("https://cdn.discordapp.com/rules.json", MAX_BYTES + 1, NOWHERE)
    with pytest.raises(BadInputError, match="I couldn't get the file"):
        await imports.read("https://cdn.discordapp.com/rules.json", MAX_BYTES, NOWHERE)
