"""What is left of an appeal that is forgotten, and how one ends that nobody answers."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.admission.appeals import ANSWER_TIME, PAUSE, RELEASE_TIME, deletion_rule
from bot.db.database import Database
from bot.db.guild_models import AppealDecision, AppealRow
from bot.db.models import Generation
from bot.markup import relative_time
from bot.moderation.appeal_decisions import Appeal, is_news
from bot.moderation.appeals import Appeals
from bot.moderation.deletion_appeals import CannotAskError
from bot.privacy.appeals import drop_appeals, end_unanswered
from bot.privacy.erasure import erase_batch
from bot.privacy.service import Privacy
from cogs.appeals.answer_text import render_asked, render_decision
from cogs.appeals.appeal_text import render_appeal
from cogs.privacy.views import forgotten_text
from tests.bot.appealing import ALICE, MONA, asked, refused, rows
from tests.bot.clocks import StoppedClock
from tests.bot.erasable import insert_delivered
from tests.bot.moderator_channels import CHANNEL, GUILD, add_report, set_channel
from tests.bot.rows import insert

TICK = timedelta(seconds=1)


@pytest.fixture
def appeals(database: Database, clock: StoppedClock) -> Appeals:
    """The service with a clock that stands still."""
    return Appeals(database, clock)


async def ended(database: Database, clock: StoppedClock, keep: timedelta | None = None) -> int:
    return await database.write(lambda session: end_unanswered(session, clock(), keep))


async def test_what_nobody_decides_in_7_days_ends_and_the_member_can_ask_again(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    await asked(appeals, database, clock)
    clock.advance(ANSWER_TIME - TICK)
    assert await ended(database, clock) == 0
    clock.advance(TICK)
    assert await ended(database, clock) == 1
    [row] = await rows(database)
    assert (row.decision, row.decided_at, row.post_at) == (AppealDecision.LAPSE, clock(), clock())
    await appeals.ask(ALICE, await refused(database, clock, "b" * 16), "it is a play")


async def test_what_was_decided_does_not_end_by_itself(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    await appeals.decide(MONA, await asked(appeals, database, clock), AppealDecision.ALLOW)
    clock.advance(2 * ANSWER_TIME)
    assert await ended(database, clock) == 0


async def test_words_are_kept_no_longer_than_the_operator_says_and_the_member_is_told_first(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    keep = timedelta(days=2)
    await asked(appeals, database, clock)
    clock.advance(keep)
    assert await ended(database, clock, keep) == 1
    assert await database.write(lambda session: drop_appeals(session, clock(), keep)) == 0, "not told yet"
    [row] = await rows(database)
    await appeals.record_shown(row)
    assert await database.write(lambda session: drop_appeals(session, clock(), keep)) == 0
    [row] = await rows(database)
    assert (row.prompt, row.why, row.rule) == ("", None, "word:"), "it can be sent again for a day"
    clock.advance(RELEASE_TIME)
    assert await database.write(lambda session: drop_appeals(session, clock(), keep)) == 1


async def test_who_has_only_a_question_or_a_refused_request_is_told_that_it_was_deleted(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    privacy = Privacy(database, clock)
    await refused(database, clock, "b" * 16)
    assert forgotten_text(await privacy.forget(ALICE.user_id)).startswith("🗑️ Deleted what you asked")
    await asked(appeals, database, clock)
    assert forgotten_text(await privacy.forget(ALICE.user_id)).startswith("🗑️ Deleted what you asked")
    assert forgotten_text(await privacy.forget(ALICE.user_id)).startswith("There was nothing to delete")


async def test_an_open_one_of_forgotten_data_is_over_has_no_words_and_ends_no_wait(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    await asked(appeals, database, clock)
    await Privacy(database, clock).forget(ALICE.user_id)
    [row] = await rows(database)
    assert (row.decision, row.post_at) == (AppealDecision.WITHDRAW, clock())
    assert (row.prompt, row.why, row.rule, row.fingerprint) == ("", None, "word:", "")
    new = await refused(database, clock, "b" * 16)
    with pytest.raises(CannotAskError, match="last question was deleted"):
        await appeals.ask(ALICE, new, "it is a play")
    clock.advance(PAUSE)
    assert await database.write(lambda session: drop_appeals(session, clock(), None)) == 2
    await appeals.ask(ALICE, await refused(database, clock, "c" * 16), "it is a play")


async def test_a_decision_that_moderators_do_not_see_yet_is_kept_without_words(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(appeals, database, clock)
    await appeals.decide(MONA, appeal_id, AppealDecision.LIFT, "fine")
    privacy = Privacy(database, clock)
    await privacy.forget(ALICE.user_id)
    [row] = await rows(database)
    assert (row.decision, row.prompt, row.why, row.words) == (AppealDecision.LIFT, "", None, None)
    await appeals.record_shown((await rows(database))[0])
    await privacy.forget(ALICE.user_id)
    assert await rows(database) == []


@pytest.mark.both_engines
async def test_deleting_ones_data_does_not_let_one_ask_twice_about_a_deleted_video(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    await set_channel(database, GUILD, CHANNEL)
    video = await insert_delivered(
        database, guild_id=GUILD, user_id=ALICE.user_id, delivered_at=clock(), removed_at=clock()
    )
    await add_report(database, "r" * 16, clock(), video.id, deleted_by=MONA.user_id)
    offered = await appeals.offer_deletion(ALICE, video.id)
    await appeals.ask(ALICE, offered, "it is a play")
    await appeals.decide(MONA, offered, AppealDecision.ALLOW)
    await appeals.record_shown((await rows(database))[0])
    await Privacy(database, clock).forget(ALICE.user_id)
    left = select(AppealRow.id).where(AppealRow.rule == deletion_rule(video.id))
    assert await database.read(lambda session: session.scalars(left).all()) == []
    with pytest.raises(CannotAskError, match="no longer have this video's prompt"):
        await appeals.offer_deletion(ALICE, video.id)


async def test_who_cannot_ask_about_a_deleted_video_again_is_not_told_that_they_can(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    await set_channel(database, GUILD, CHANNEL)
    removed = {"delivered_at": clock(), "removed_at": clock()}
    video = await insert_delivered(database, guild_id=GUILD, user_id=ALICE.user_id, **removed)
    await add_report(database, "r" * 16, clock(), video.id, deleted_by=MONA.user_id)
    await appeals.ask(ALICE, await appeals.offer_deletion(ALICE, video.id), "it is a play")
    clock.advance(ANSWER_TIME)
    is_due = Generation.delivered_at <= clock()
    await database.write(lambda session: erase_batch(session, is_due, clock()))
    assert await ended(database, clock, ANSWER_TIME) == 1
    [row] = await rows(database)
    told = render_decision(Appeal(row, ()), "Ours")
    assert "Your video stays deleted." in told
    assert "ask again" not in told


@pytest.mark.both_engines
async def test_who_cannot_ask_about_a_film_of_which_one_shot_is_forgotten_is_not_told_that_they_can(
    database: Database, clock: StoppedClock
) -> None:
    shots = [
        await insert_delivered(database, guild_id=GUILD, user_id=ALICE.user_id, film_id="f" * 16, shot=number)
        for number in (1, 2)
    ]
    row = AppealRow(
        id="a" * 16,
        guild_id=GUILD,
        user_id=ALICE.user_id,
        rule=deletion_rule("f" * 16, 2),
        prompt="Dragons",
        fingerprint="f" * 16,
        created_at=clock(),
        asked_at=clock(),
    )
    await database.write(lambda session: session.add(row))
    forgotten = update(Generation).where(Generation.id == shots[0].id).values(erase_at=clock())
    await database.write(lambda session: session.execute(forgotten))
    clock.advance(ANSWER_TIME)
    assert await ended(database, clock) == 1
    assert [row.prompt for row in await rows(database)] == [""]


async def test_what_was_allowed_once_is_given_up_with_the_data(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(appeals, database, clock)
    await appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
    await Privacy(database, clock).forget(ALICE.user_id)
    [row] = await rows(database)
    assert row.fingerprint == ""
    assert not is_news(row), "the member is told to send it again"


async def test_when_a_member_can_ask_again_is_what_the_operator_says(
    database: Database, clock: StoppedClock
) -> None:
    keep = timedelta(days=2)
    appeals = Appeals(database, clock, keep=keep)
    await asked(appeals, database, clock)
    [row] = await rows(database)
    ends = relative_time(clock() + keep)
    assert ends in render_asked(row, appeals.end_of(row))
    with pytest.raises(CannotAskError, match=ends):
        await appeals.ask(ALICE, await refused(database, clock, "b" * 16), "it is a play")


async def test_moderators_read_no_words_of_requests_that_are_to_be_forgotten_once_they_are_over(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    theirs = {"guild_id": GUILD, "user_id": ALICE.user_id, "created_at": clock()}
    await insert(database, prompt="a secret", **theirs)
    appeal_id = await asked(appeals, database, clock)
    privacy = Privacy(database, clock)
    assert "a secret" in render_appeal(await get(appeals, appeal_id))
    await privacy.forget(ALICE.user_id)
    withdrawn = render_appeal(await get(appeals, appeal_id))
    assert "a secret" not in withdrawn
    assert "last requests" not in withdrawn
    clock.advance(PAUSE)
    lifted = await asked(appeals, database, clock, appeal_id="b" * 16)
    await appeals.decide(MONA, lifted, AppealDecision.LIFT)
    await insert(database, prompt="another secret", **theirs)
    await privacy.forget(ALICE.user_id)
    shown_late = render_appeal(await get(appeals, lifted))
    assert "secret" not in shown_late
    assert "last requests" in shown_late


async def get(appeals: Appeals, appeal_id: str) -> Appeal:
    appeal = await appeals.get(GUILD, appeal_id)
    assert appeal is not None
    return appeal
