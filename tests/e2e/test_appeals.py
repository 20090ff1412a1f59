"""A member asks a moderator about a refusal, and what the moderators make of it."""

from datetime import timedelta

import discord
import pytest
import simcord

from bot.db.guild_models import AppealDecision
from bot.policy.documents import Step
from cogs.moderation.audit_log import entry_line
from sandbox.world import World
from tests.e2e.driver import ask, direct_messages, eventually, refuse, rows, shown
from tests.e2e.moderating import said, use
from tests.e2e.reporting import (
    add_bob,
    buttons,
    choose_moderators_channel,
    click,
    mona_of,
    open_moderators_channel,
)

WORD = "dragon"
ALLOW, LIFT, DECLINE = "Allow once", "Lift", "Decline"
LIFTED = AppealDecision.LIFT
BUTTON = "Ask a moderator"
WHY = "it is a school play"


def appeals_in(moderators_channel: simcord.ChannelHandle) -> list[discord.Message]:
    return [message for message in moderators_channel.history() if message.content.startswith("🙋")]


async def the_appeal(moderators_channel: simcord.ChannelHandle, number: int = 1) -> discord.Message:
    await eventually("an appeal", lambda: len(appeals_in(moderators_channel)) == number)
    return appeals_in(moderators_channel)[-1]


async def appeal(
    world: World, refusal: simcord.ResponseMessage, who: simcord.MemberActor | None = None
) -> str:
    """Let alice, or `who`, ask a moderator; return what they are told."""
    who = who or world.alice
    answer = await who.click(refusal.message, label=BUTTON)
    if answer.modal is None:
        return shown(answer).content
    return shown(await who.submit_modal(answer, {"why": WHY})).content


async def appeal_of_a_word(world: World) -> tuple[simcord.ChannelHandle, discord.Message]:
    moderators_channel = await open_moderators_channel(world)
    await world.app.services.moderation.add_word(mona_of(world), WORD)
    told = await appeal(world, shown(await ask(world)))
    assert told.startswith("✅ **I asked the moderators.**")
    return moderators_channel, await the_appeal(moderators_channel)


async def test_allow_once_lets_exactly_that_request_pass_once(world: World) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    assert buttons(message) == [ALLOW, LIFT, DECLINE]
    assert f"“{WHY}”" in message.content
    assert f"the blocked word “{WORD}”" in message.content
    assert await click(world.mona, message, ALLOW) == []
    [message] = appeals_in(moderators_channel)
    assert f"✅ **Allowed once** by <@{world.mona.id}>, for 24 hours." in message.content
    assert buttons(message) == []
    [told] = direct_messages(world)
    assert "allowed this request once" in told.content
    assert WORD in shown(await ask(world, prompt="another dragon")).content
    assert await rows(world) == [], "another request passed"
    await ask(world)
    await world.wait_for_delivery()
    assert len(await rows(world)) == 1
    assert WORD in shown(await ask(world)).content, "it passed twice"
    assert len(await rows(world)) == 1


async def test_a_prompt_with_two_forbidden_words_is_allowed_by_one_click_and_its_strike_is_gone(
    world: World,
) -> None:
    moderators_channel, services = await open_moderators_channel(world), world.app.services
    for word in (WORD, "red"):
        await services.moderation.add_word(mona_of(world), word)
    await services.strikes.change(mona_of(world), steps=(Step(strikes=1, pause=3600),))
    refusal = shown(await ask(world, prompt="a red dragon"))
    assert "doesn't allow: “dragon” and “red”." in refusal.content
    assert "You're blocked" in refusal.content
    await appeal(world, refusal)
    message = await the_appeal(moderators_channel)
    assert "the blocked words “dragon” and “red”:" in message.content
    assert "🚫" not in message.content, "the buttons end the block of its strike"
    assert await click(world.mona, message, ALLOW) == []
    assert "blocked" not in direct_messages(world)[0].content
    await ask(world, prompt="a red dragon")
    await world.wait_for_delivery()
    assert len(await rows(world)) == 1, "something else stopped it"
    entitlement = await services.entitlements.read(world.guild.id, world.alice.id, ())
    assert entitlement.strikes is not None
    assert entitlement.strikes.count == 0


@pytest.mark.nightly
async def test_what_a_moderator_said_can_be_sent_again_costs_no_strike_for_a_new_word(world: World) -> None:
    _, message = await appeal_of_a_word(world)
    await click(world.mona, message, ALLOW)
    services = world.app.services
    await services.strikes.change(mona_of(world), is_on=True)
    await services.moderation.add_word(mona_of(world), "red")
    again = shown(await ask(world))
    assert "“red”" in again.content
    assert "strike" not in again.content
    assert "strike" in shown(await ask(world, prompt="red")).content


async def test_lifting_a_word_that_is_off_the_list_by_then_is_logged_as_that(world: World) -> None:
    _, message = await appeal_of_a_word(world)
    await world.app.services.moderation.remove_word(mona_of(world), WORD)
    await click(world.mona, message, LIFT)
    [line] = [entry_line(row) for row in await world.app.services.moderation.list_log(world.guild.id, size=1)]
    assert f"lifted “{WORD}” after an appeal; it was no longer on the list" in line


@pytest.mark.nightly
async def test_lifting_ends_the_rule_and_can_be_undone(world: World) -> None:
    _, message = await appeal_of_a_word(world)
    assert await click(world.mona, message, LIFT) == []
    assert "lifted the rule" in direct_messages(world)[0].content
    await ask(world, prompt="another dragon")
    await world.wait_for_delivery()
    services = world.app.services
    [lifted] = await services.moderation.list_log(world.guild.id, size=1)
    await services.undo.undo(mona_of(world), lifted.id)
    assert WORD in shown(await ask(world)).content


@pytest.mark.nightly
async def test_a_block_can_be_passed_once_or_ended_and_a_new_one_holds(world: World) -> None:
    moderators_channel, moderation = await open_moderators_channel(world), world.app.services.moderation
    await moderation.block(mona_of(world), world.alice.id, None, "spam")
    await appeal(world, shown(await ask(world)))
    message = await the_appeal(moderators_channel)
    assert "Refused because they're blocked:" in message.content
    assert "That block was set to last until a moderator ends it. Reason: “spam”." in message.content
    await click(world.mona, message, ALLOW)
    await moderation.block(mona_of(world), world.alice.id, None, "spam again")
    refusal = shown(await ask(world))
    assert "You're blocked" in refusal.content, "another block was passed"
    await appeal(world, refusal)
    assert await click(world.mona, await the_appeal(moderators_channel, 2), LIFT) == []
    await ask(world)
    await world.wait_for_delivery()
    assert len(await rows(world)) == 1


@pytest.mark.nightly
async def test_a_decline_brings_the_moderators_words_and_a_pause(world: World) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    form = await world.mona.click(message, label=DECLINE)
    await world.mona.submit_modal(form, {"words": "not *here*"})
    [message] = appeals_in(moderators_channel)
    assert f"❌ **Declined** by <@{world.mona.id}>." in message.content
    [told] = direct_messages(world)
    assert "declined this request" in told.content
    assert "They say: “not \\*here\\*”" in told.content
    assert str(world.mona.id) not in told.content
    assert "declined your last request" in await appeal(world, shown(await ask(world)))
    assert len(appeals_in(moderators_channel)) == 1


async def test_a_member_has_one_open_appeal(world: World) -> None:
    moderators_channel, _ = await appeal_of_a_word(world)
    assert "already asked a moderator" in await appeal(world, shown(await ask(world, prompt="2 dragon")))
    assert len(appeals_in(moderators_channel)) == 1


async def test_outsiders_and_the_member_decide_nothing(world: World) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    for who in (add_bob(world), world.alice):
        for label in (ALLOW, LIFT, DECLINE):
            answer = await who.click(message, label=label)
            told = [*([answer.response] if answer.response else []), *answer.followups]
            [refused] = [text for text in told if text.content.startswith("Only members who can use")]
            assert refused.ephemeral
    assert buttons(appeals_in(moderators_channel)[0]) == [ALLOW, LIFT, DECLINE]
    assert direct_messages(world) == []


async def test_a_moderator_does_not_decide_about_their_own_request(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await world.app.services.moderation.add_word(mona_of(world), WORD)
    refusal = shown(await world.mona.slash(world.channel, "veo", prompt=WORD, duration=4))
    await appeal(world, refusal, world.mona)
    [text] = await click(world.mona, await the_appeal(moderators_channel), ALLOW)
    assert text.startswith("This is your own request")
    assert buttons(appeals_in(moderators_channel)[0]) == [ALLOW, LIFT, DECLINE]


async def test_of_two_moderators_the_first_wins_also_after_a_restart(world: World) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    nora = add_bob(world, *world.guild.roles.values(), name="nora")
    form = await nora.click(message, label=DECLINE)
    await world.app.services.appeals.decide(mona_of(world), message.content.split("request ")[-1], LIFTED)
    answer = await nora.submit_modal(form, {"words": "no"})
    assert [followup.content for followup in answer.followups] == [
        f"<@{world.mona.id}> has already lifted the rule. Nothing changed."
    ]
    [message] = appeals_in(moderators_channel)
    assert f"🔓 **Rule lifted** by <@{world.mona.id}>." in message.content, "the second sees something else"
    assert len(direct_messages(world)) == 1, "what the first had no time for was not done"


@pytest.mark.nightly
async def test_the_buttons_live_through_a_restart(world: World) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    await world.restart()
    assert await click(world.mona, message, ALLOW) == []
    assert buttons(appeals_in(moderators_channel)[0]) == []
    assert len(direct_messages(world)) == 1


@pytest.mark.nightly
async def test_a_decision_whose_process_ended_right_after_it_is_told_and_shown_without_a_click(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moderation.appeal_decisions.FOLLOW_UP", timedelta(0))
    moderators_channel, message = await appeal_of_a_word(world)
    appeal_id = message.content.split("request ")[-1]
    await world.app.services.appeals.decide(mona_of(world), appeal_id, AppealDecision.ALLOW)
    await eventually("the decision", lambda: "I told" in appeals_in(moderators_channel)[0].content)
    assert buttons(appeals_in(moderators_channel)[0]) == []
    [told] = direct_messages(world)
    assert "allowed this request once" in told.content


async def test_moderators_learn_that_the_member_could_not_be_told_or_has_left(world: World) -> None:
    moderators_channel, message = await appeal_of_a_word(world)
    refuse(world, "POST", "/channels/*/messages", 50007, status=403)
    refuse(world, "GET", "/guilds/*/members/*", 10007, status=404)
    await click(world.mona, message, ALLOW)
    [message] = appeals_in(moderators_channel)
    assert f"I couldn't send <@{world.alice.id}> a direct message" in message.content
    assert f"⚠️ <@{world.alice.id}> has left the server." in message.content


async def test_without_moderators_to_ask_there_is_nothing_to_click_or_it_is_said(world: World) -> None:
    await world.app.services.moderation.add_word(mona_of(world), WORD)
    assert buttons(shown(await ask(world)).message) == []
    await choose_moderators_channel(world, world.moderators_channel)
    refusal = shown(await ask(world))
    await choose_moderators_channel(world, None)
    assert "no channel for moderators right now" in await appeal(world, refusal)


async def test_an_appeal_waits_for_a_channel_that_vanished(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await world.app.services.moderation.add_word(mona_of(world), WORD)
    refusal = shown(await ask(world))
    world.env.backend.delete_channel(moderators_channel.id)
    await appeal(world, refusal)
    home = await use(world, "home")
    assert "\n🙋 1 open question from members\n" in f"{said(home)}\n"
    listed = said(await world.mona.click(shown(home).message, label="Questions"))
    assert f"- <@{world.alice.id}> asked about a blocked word <t:" in listed
    assert f" · no message\n⚠️ The moderators' channel <#{moderators_channel.id}> is gone" in listed
    other = world.guild.create_text_channel("mods")
    await choose_moderators_channel(world, other)
    assert buttons(await the_appeal(other)) == [ALLOW, LIFT, DECLINE]
