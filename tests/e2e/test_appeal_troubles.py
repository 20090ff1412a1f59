"""Appeals in trouble: a deleted message, a member Discord doesn't reach, a rule that changed, lost data."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
import simcord
from discord.http import Route
from sqlalchemy import update

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.guild_models import AppealRow
from bot.markup import absolute_time
from sandbox.world import World, wait_until
from tests.e2e.driver import SECONDS, ask, bodies, direct_messages, eventually, refuse, shown
from tests.e2e.moderating import labels, said, use
from tests.e2e.reporting import buttons, choose_moderators_channel, click, mona_of, open_moderators_channel
from tests.e2e.test_appeals import (
    ALLOW,
    BUTTON,
    DECLINE,
    LIFT,
    WHY,
    WORD,
    appeal,
    appeal_of_a_word,
    appeals_in,
    the_appeal,
)
from tests.e2e.test_deletion_appeals import deleted

AGAIN = "Post questions again"


async def is_recorded(world: World, message: discord.Message) -> None:
    """Wait until the database knows where moderators see the appeal."""
    appeal_id = message.content.split("request ")[-1]

    async def look() -> bool | None:
        found = await world.app.services.appeals.get(world.guild.id, appeal_id)
        is_so = found is not None and found.row.message_id == message.id and found.row.post_at is None
        return True if is_so else None

    await wait_until(look, seconds=SECONDS)


@pytest.mark.nightly
async def test_a_question_whose_message_was_deleted_is_shown_again_and_one_that_is_there_is_not(
    world: World,
) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    await is_recorded(world, message)
    home = await use(world, "home")
    assert f"🙋 1 open question from members: [1]({message.jump_url})" in said(home)
    told = await world.mona.click(shown(home).message, label=AGAIN)
    assert said(told).startswith("🙋 1 question is waiting.")
    await is_recorded(world, message)
    assert [one.id for one in appeals_in(moderators_channel)] == [message.id]
    await message.delete()
    await world.mona.click(shown(home).message, label=AGAIN)
    again = await the_appeal(moderators_channel)
    await is_recorded(world, again)
    await again.delete()
    await choose_moderators_channel(world, moderators_channel)
    last = await the_appeal(moderators_channel)
    assert await click(world.mona, last, ALLOW) == []
    await world.mona.click(shown(home).message, label="Refresh")
    assert "question" not in said(home)
    assert AGAIN not in labels(home)


async def let_the_outbox_follow_up(database_url: str) -> None:
    """Let what follows a decision be due, as after `FOLLOW_UP`."""
    due = update(AppealRow).where(AppealRow.post_at.is_not(None)).values(post_at=utc_now())
    async with open_database(database_url) as database:
        await database.write(lambda session: session.execute(due))


async def test_a_message_that_fails_for_now_is_no_final_word(world: World, database_url: str) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    await is_recorded(world, message)
    refuse(world, "POST", "/users/@me/channels", 0, status=500, times=1)
    await click(world.mona, message, ALLOW)
    assert (
        f"⏳ I couldn't send <@{world.alice.id}> a direct message yet."
        in appeals_in(moderators_channel)[0].content
    )
    await let_the_outbox_follow_up(database_url)
    await eventually("the decision", lambda: "I told" in appeals_in(moderators_channel)[0].content)
    assert len(direct_messages(world)) == 1


async def test_a_decision_that_cannot_be_shown_at_once_is_shown_later(
    world: World, database_url: str
) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    await is_recorded(world, message)
    refuse(world, "PATCH", "/webhooks/*/*/messages/*", 50001, status=403, times=1)
    await click(world.mona, message, ALLOW)
    assert buttons(appeals_in(moderators_channel)[0]) == [ALLOW, LIFT, DECLINE]
    await let_the_outbox_follow_up(database_url)
    await eventually("the decision", lambda: "Allowed once" in appeals_in(moderators_channel)[0].content)
    assert buttons(appeals_in(moderators_channel)[0]) == []
    await is_recorded(world, message)
    assert len(direct_messages(world)) == 1


async def test_a_block_that_was_replaced_is_not_said_to_be_lifted(world: World) -> None:
    moderators_channel, moderation = await open_moderators_channel(world), world.app.services.moderation
    await moderation.block(mona_of(world), world.alice.id, None, "spam")
    await appeal(world, shown(await ask(world)))
    message = await the_appeal(moderators_channel)
    await moderation.block(mona_of(world), world.alice.id, None, "spam again")
    for label in (LIFT, ALLOW):
        [text] = await click(world.mona, message, label)
        assert text.startswith("They're under a different block now")
    assert buttons(appeals_in(moderators_channel)[0]) == [ALLOW, LIFT, DECLINE]
    await moderation.unblock(mona_of(world), world.alice.id)
    assert await click(world.mona, message, LIFT) == []
    [entry] = await moderation.list_log(world.guild.id, size=1)
    assert (entry.action, entry.old) == ("unblock", None)


@pytest.mark.parametrize("label", [ALLOW, LIFT])
async def test_moderators_see_that_the_member_is_blocked_too_and_the_member_reads_that_it_has_to_wait(
    world: World, label: str
) -> None:
    moderators_channel, moderation = await open_moderators_channel(world), world.app.services.moderation
    await moderation.add_word(mona_of(world), WORD)
    refusal = shown(await ask(world))
    until = datetime(2100, 1, 1, tzinfo=UTC)
    await moderation.block(mona_of(world), world.alice.id, until, "spam")
    await appeal(world, refusal)
    message = await the_appeal(moderators_channel)
    assert f"the blocked word “{WORD}”" in message.content
    assert "🚫 They're blocked now, too" in message.content
    assert await click(world.mona, message, label) == []
    [told] = direct_messages(world)
    ends = f"The block lasts until {absolute_time(until)}."
    assert f"🚫 **Not yet, though:** you're still blocked from /veo there. {ends}" in told.content


@pytest.mark.nightly
async def test_deleting_ones_data_ends_the_question_and_takes_the_buttons_away(world: World) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    await is_recorded(world, message)
    question = await world.alice.slash(world.channel, "privacy delete")
    await world.alice.click(shown(question).message, label="Delete my prompts")
    await eventually("no buttons", lambda: buttons(appeals_in(moderators_channel)[0]) == [])
    left = appeals_in(moderators_channel)[0].content
    assert "The member deleted their data" in left
    assert WHY not in left
    assert WORD not in left
    assert direct_messages(world) == []
    assert "Your last question was deleted" in await appeal(world, shown(await ask(world)))


@pytest.mark.nightly
async def test_words_are_gone_from_a_message_that_nobody_wrote_down(world: World, database_url: str) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    await is_recorded(world, message)
    lost = update(AppealRow).values(message_id=None)
    async with open_database(database_url) as database:
        await database.write(lambda session: session.execute(lost))
    question = await world.alice.slash(world.channel, "privacy delete")
    await world.alice.click(shown(question).message, label="Delete my prompts")
    again = await the_appeal(moderators_channel, 2)  # the simulated Discord knows no nonces
    await eventually("the edit", lambda: len(bodies(world, "PATCH", f"/messages/{again.id}")) == 1)
    assert WHY not in again.content
    sent = [body["nonce"] for body in bodies(world, "POST", f"/channels/{moderators_channel.id}/messages")]
    first, second = [nonce for nonce in sent if not nonce.startswith("audit-")]
    assert first == second, "Discord could not tell that it is the same message"


async def test_a_decision_finds_its_message_where_nobody_wrote_it_down(
    world: World, database_url: str
) -> None:
    _, message = await appeal_of_a_word(world)
    await is_recorded(world, message)
    lost = update(AppealRow).values(channel_id=None, message_id=None)
    async with open_database(database_url) as database:
        await database.write(lambda session: session.execute(lost))
    assert await click(world.mona, message, ALLOW) == []
    await is_recorded(world, message)


async def test_two_forms_about_a_deleted_video_are_one_question(world: World) -> None:
    _, moderators_channel, card = await deleted(world)
    forms = [await world.alice.click(card, label=BUTTON) for _ in range(2)]
    await world.app.services.moderation.add_word(mona_of(world), WORD)
    await ask(world)  # what is refused meanwhile takes nothing away
    answers = [shown(await world.alice.submit_modal(form, {"why": WHY})).content for form in forms]
    assert answers[0].endswith("The video stays deleted.")
    assert answers[1].startswith("You've already asked a moderator.")
    form: simcord.InteractionResult = await world.mona.click(
        await the_appeal(moderators_channel), label=DECLINE
    )
    await world.mona.submit_modal(form, {"words": "no"})
    assert (
        "already asked a moderator about this video"
        in shown(await world.alice.click(card, label=BUTTON)).content
    )


async def test_who_may_decline_is_asked_only_as_long_as_a_form_can_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, message = await appeal_of_a_word(world)
    http = world.app.bot.http
    request = http.request

    async def stand_still_over_permissions(route: Route, **values: Any) -> Any:
        if "permissions" in route.path:
            await asyncio.sleep(SECONDS)
        return await request(route, **values)

    monkeypatch.setattr(http, "request", stand_still_over_permissions)
    monkeypatch.setattr("cogs.moderation.owners.DISCORD_TIMEOUT_SECONDS", 0.05)
    answer = await world.mona.click(message, label=DECLINE)
    assert answer.modal is None
    assert shown(answer).content.startswith("Discord is slow right now.")
