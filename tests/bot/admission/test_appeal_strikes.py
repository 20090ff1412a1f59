"""What a refused request costs that its member asks moderators about, and what they can still ask about."""

from datetime import timedelta

import pytest

from bot.admission.appeals import ANSWER_TIME, KEPT_OFFERS, RELEASE_TIME
from bot.db.guild_models import AppealDecision
from bot.moderation.deletion_appeals import CannotAskError
from bot.moderation.service import Moderation
from bot.privacy.appeals import drop_appeals, end_unanswered
from cogs.appeals.answer_text import render_decision
from tests.bot.appealing import rows
from tests.bot.striking import ALICE, MONA, Room


async def lapse(room: Room, keep: timedelta | None = None) -> None:
    """Let the member ask, nobody answer, and the bot tell them so two hours late."""
    appeal_id = await room.ask(await room.refused())
    room.clock.advance(keep or ANSWER_TIME)
    await room.database.write(lambda session: end_unanswered(session, room.clock(), keep))
    appeal = await room.appeals.get(1, appeal_id)
    assert appeal is not None
    assert "send the request once more" in render_decision(appeal, "Ours")
    room.clock.advance(timedelta(hours=2))
    await room.appeals.record_notified(appeal_id)
    await room.appeals.record_shown(appeal.row)


async def clean(room: Room, keep: timedelta) -> None:
    await room.database.write(lambda session: drop_appeals(session, room.clock(), keep))


async def test_who_sends_a_request_again_that_nobody_answered_gets_no_strike_once(room: Room) -> None:
    await lapse(room)
    room.clock.advance(RELEASE_TIME - timedelta(minutes=5))
    assert "strike" not in str(await room.refused())
    room.sent -= 1
    assert "strike" not in str(await room.refused()), "the same interaction, which is retried"
    assert "counts as a strike" in str(await room.refused())


async def test_a_day_after_the_member_was_told_that_nobody_answered_their_request_costs_a_strike(
    room: Room,
) -> None:
    await lapse(room)
    room.clock.advance(RELEASE_TIME)
    assert "counts as a strike" in str(await room.refused())


async def test_where_words_are_kept_for_less_they_go_at_once_and_the_request_can_be_sent_again(
    room: Room,
) -> None:
    keep = timedelta(hours=1)
    await lapse(room, keep)
    await clean(room, keep)
    [row] = await rows(room.database)
    assert (row.prompt, row.why, row.rule) == ("", None, "word:")
    assert "strike" not in str(await room.refused())
    room.clock.advance(RELEASE_TIME)
    await clean(room, keep)
    assert await rows(room.database) == []


async def test_no_answer_tells_a_member_to_send_a_forbidden_request_again(room: Room) -> None:
    refusal = await room.refused()
    await room.answer(refusal, AppealDecision.DECLINE)
    assert refusal.appeal_id is not None
    for appeal_id in (refusal.appeal_id, "0" * 16):
        with pytest.raises(CannotAskError) as error:
            await room.appeals.ask(ALICE, appeal_id, "please")
        assert "send" not in str(error.value).lower()
        assert "write to a moderator yourself" in str(error.value).lower()


async def test_who_is_blocked_can_send_it_again_to_ask_once_more(room: Room) -> None:
    await Moderation(room.decisions).block(MONA, ALICE.user_id, None)
    refusal = await room.refused()
    await room.answer(refusal, AppealDecision.DECLINE)
    with pytest.raises(CannotAskError, match="send the request again"):
        await room.ask(refusal)


async def test_a_deleted_video_that_can_be_asked_about_no_more_is_not_to_be_sent_again(room: Room) -> None:
    with pytest.raises(CannotAskError, match="under the card"):
        await room.appeals.ask(ALICE, "0" * 16, "please", is_about_video=True)


@pytest.mark.both_engines
async def test_a_request_that_is_sent_again_while_it_is_asked_about_is_the_same_question(room: Room) -> None:
    await room.climb(timedelta(days=1), None)
    first = await room.refused()
    await Moderation(room.decisions).unblock(MONA, ALICE.user_id)
    appeal_id = await room.ask(first)
    again = await room.refused()
    assert again.appeal_id == appeal_id
    with pytest.raises(CannotAskError, match="Wait for their answer"):
        await room.ask(again)
    await room.appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
    assert (await room.count_strikes(), await room.block()) == (0, None)


async def test_a_question_whose_time_is_over_is_no_longer_the_same(room: Room) -> None:
    appeal_id = await room.ask(await room.refused())
    room.clock.advance(ANSWER_TIME)
    assert await room.ask(await room.refused()) != appeal_id


async def test_it_is_the_same_question_though_another_of_its_words_was_forbidden_since(room: Room) -> None:
    appeal_id = await room.ask(await room.refused("a red zebra"))
    await Moderation(room.decisions).add_word(MONA, "red")
    assert (await room.refused("a red zebra")).appeal_id == appeal_id
    await room.appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
    assert await room.count_strikes() == 0
    other = await room.refused("a red zebra")
    assert "strike" not in str(other)
    assert other.appeal_id not in {appeal_id, None}, "the other word can be asked about"


@pytest.mark.both_engines
async def test_all_strikes_of_a_request_are_forgiven_though_another_was_refused_in_between(
    room: Room,
) -> None:
    await room.refused()
    await room.refused("two zebra")
    await room.answer(await room.refused(), AppealDecision.ALLOW)
    assert await room.count_strikes() == 1


@pytest.mark.both_engines
async def test_some_refused_requests_can_be_asked_about_and_the_others_are_forgotten(room: Room) -> None:
    refusals = [await room.refused(f"{number} zebra") for number in range(KEPT_OFFERS + 1)]
    assert {row.id for row in await rows(room.database)} == {one.appeal_id for one in refusals[1:]}


async def test_an_attempt_while_blocked_leaves_the_way_to_ask_about_the_strike(room: Room) -> None:
    await room.climb(timedelta(days=1))
    first = await room.refused()
    for number in range(KEPT_OFFERS + 1):
        assert "You're blocked" in str(await room.refused(f"{number} foxes"))
    await room.answer(first, AppealDecision.ALLOW)
    assert (await room.count_strikes(), await room.block()) == (0, None)
