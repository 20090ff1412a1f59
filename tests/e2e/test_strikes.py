"""Strikes: what gives one, how they block, who sees them, and how moderators take them back."""

from datetime import timedelta
from typing import Any

import pytest
from simcord.backend.errors import SetupError
from sqlalchemy import func, select

from bot.db.database import open_database
from bot.db.guild_models import StrikeRow
from sandbox.provider import Fault
from sandbox.world import World
from tests.e2e.driver import ask, direct_messages, eventually, the_result
from tests.e2e.filming import write
from tests.e2e.moderating import accepted, admin, refused, use
from tests.e2e.quoting import as_shown, ask_first, buttons_kept
from tests.e2e.quoting import offered as quoted
from tests.e2e.reporting import click, report_of_bob
from tests.e2e.test_admin_undo import log_of, newest, undo
from tests.e2e.videos import filled_in, private

WORD = "zebra"


async def turn_on(world: World, **options: Any) -> None:
    """Forbid a word, and let it give strikes."""
    await admin(world, "words add", word=WORD)
    await admin(world, "strikes", enabled=True, **options)


async def usage(world: World) -> str:
    """Return what alice reads in /usage."""
    return private(await world.alice.slash(world.channel, "usage"))


async def test_forbidden_words_climb_the_ladder_and_the_refusal_says_what_counted(world: World) -> None:
    await turn_on(world)
    first = await refused(world, prompt=WORD)
    assert (
        "⚠️ **This counts as a strike.** You have 1 strike. Counted: blocked words: 1. It counts until <t:"
        in first
    )
    assert "At 3 strikes, you're blocked for 1 hour." in first
    await refused(world, "You have 2 strikes.", negative_prompt=WORD)
    third = await refused(world, "You have 3 strikes.", prompt=WORD)
    assert "You're blocked from /veo on this server. The block lasts until <t:" in third
    blocked = await refused(world, "Reason: “Too many strikes.”")
    assert "counts as a strike" not in blocked
    assert "Counted: blocked words: 3." in await usage(world)
    shown = private(await world.mona.slash(world.channel, "quota rules", member=world.alice))
    assert (
        f"<@{world.alice.id}> has 3 strikes. Counted: blocked words: 3. The first one counts until <t:"
        in shown
    )
    [(user_id, block)] = await world.app.services.moderation.list_blocked(world.guild.id)
    assert user_id == world.alice.id
    assert block.until is not None
    assert (block.until - block.since).total_seconds() == 3600
    assert f"The bot blocked <@{user_id}> from /veo until" in await admin(world, "log")


async def test_strikes_are_off_until_a_moderator_turns_them_on(world: World) -> None:
    await admin(world, "words add", word=WORD)
    assert "Strikes are off" in await admin(world, "strikes")
    for _ in range(4):
        assert "strike" not in await refused(world, prompt=WORD)
    assert "strike" not in await usage(world)
    await accepted(world)


async def test_to_turn_strikes_off_and_to_set_their_ladder_are_not_one_command(world: World) -> None:
    await admin(world, "strikes", ladder="2: 1h", days=3)
    both: list[dict[str, Any]] = [{"ladder": "3: 1h"}, {"days": 5}]
    for options in both:
        text = await admin(world, "strikes", enabled=False, **options)
        assert "`enabled: False` turns strikes off, so use it without other options." in text
    assert "2 strikes block a member for 1 hour. A new strike fades after 3 days." in await admin(
        world, "strikes"
    )
    assert "**Strikes are off.**" in await admin(world, "strikes", enabled=False)


async def kinds(world: World) -> list[str]:
    """Return what alice's strikes that count were given for."""
    entitlement = await world.app.services.entitlements.read(world.guild.id, world.alice.id, ())
    assert entitlement.strikes is not None, "they are off"
    return [strike.kind for strike in entitlement.strikes.strikes]


async def test_the_providers_safety_gives_one_and_the_member_is_told_alone(world: World) -> None:
    await turn_on(world)
    await ask(world, prompt="a fox [fail]")
    await world.wait_for_delivery()
    await eventually("a message", lambda: bool(direct_messages(world)))
    [message] = direct_messages(world)
    assert message.content.startswith(
        f"⚠️ **You got a strike on {world.guild.name}.** The video service's safety filter rejected your "
        "prompt.\nYou have 1 strike. Counted: prompts that the video service's safety filter rejected: 1."
    )
    assert "strike" not in the_result(world).content


@pytest.mark.nightly
async def test_other_failures_give_none(world: World) -> None:
    await turn_on(world)
    for fault in (Fault.failed("Too bright"), Fault.without_video(), Fault.failed(None, name="")):
        world.provider.faults.add("retrieve", fault, times=3)
        await ask(world)
        await world.wait_for_delivery()
        world.provider.faults.clear()
    assert await kinds(world) == []


@pytest.mark.nightly
async def test_a_video_deleted_after_a_report_gives_one(world: World) -> None:
    await turn_on(world, ladder="1: moderator")
    _, _, report = await report_of_bob(world)
    for _ in range(2):
        with buttons_kept(world, report):
            await click(world.mona, report, "Delete video")
    assert await kinds(world) == ["report"]
    await eventually("a message", lambda: bool(direct_messages(world)))
    [message] = direct_messages(world)
    assert "A moderator deleted your video after a report." in message.content
    assert "You're blocked from /veo there. Ask a moderator when" in message.content


async def test_a_block_can_be_undone_and_strikes_forgiven_by_moderators_only(world: World) -> None:
    await turn_on(world, ladder="2: 1h, 3: 1 day")
    for _ in range(2):
        await refused(world, prompt=WORD)
    await refused(world, "Too many strikes.")
    assert "blocked until" in await undo(world, await log_of(world), await newest(world))
    await refused(world, "You have 3 strikes.", "The block lasts until", prompt=WORD)
    with pytest.raises(SetupError):
        await use(world, "forgive", by=world.alice, member=world.alice)
    answer = await admin(world, "forgive", member=world.alice)
    assert answer == (
        f"✅ **Forgiven.** 3 strikes of <@{world.alice.id}> no longer count. "
        "They can request videos again, within the limits."
    )
    log = await admin(world, "log")
    assert f"<@{world.mona.id}> forgave 3 strikes of <@{world.alice.id}>." in log
    assert f"<@{world.mona.id}> unblocked <@{world.alice.id}>" in log
    assert "You have no strikes." in await usage(world)
    assert "has no strikes that count" in await admin(world, "forgive", member=world.alice)
    await accepted(world)


async def test_a_moderators_own_block_is_not_shortened_and_outlives_forgiveness(world: World) -> None:
    await turn_on(world, ladder="1: 1h, 2: 2 days")
    await ask(world, prompt="a fox [fail]")
    await admin(world, "block", member=world.alice, span="1 day", reason="spam")
    await world.wait_for_delivery()
    [(_, block)] = await world.app.services.moderation.list_blocked(world.guild.id)
    assert block.reason == "spam"
    assert "A moderator's block is still in effect until" in await admin(world, "forgive", member=world.alice)
    await refused(world, "spam")


async def test_a_click_on_an_offer_from_before_the_word_was_forbidden_gives_none(world: World) -> None:
    await ask_first(world)
    message = await quoted(world, prompt=f"a {WORD}")
    await turn_on(world)
    with buttons_kept(world, message):
        said = private(await world.alice.click(as_shown(world, message), label="Generate"))
    assert WORD in said
    assert "strike" not in said
    assert await kinds(world) == []


async def test_a_refusal_that_was_shown_is_not_told_by_a_message_wherever_it_is_shown(
    world: World, database_url: str
) -> None:
    await ask(world)
    await world.wait_for_delivery()
    await turn_on(world, ladder="9: 1h")
    await refused(world, prompt=WORD)
    await write(world, f"a {WORD}", "a fox")
    for label in ("Continue", "Extend", "Remix"):
        form = await world.alice.click(the_result(world), label=label)
        fields = {name: value if "prompt" in name else [value] for name, value in filled_in(form).items()}
        await world.alice.submit_modal(form, {**fields, "prompt": WORD})
    assert await kinds(world) == ["word"] * 5
    assert await untold(database_url) == 0


async def untold(database_url: str) -> int:
    """Return how many strikes a message is still to tell of."""
    due = select(func.count()).where(StrikeRow.tell_at.is_not(None))
    async with open_database(database_url) as database:
        return await database.read(lambda session: session.scalar(due) or 0)


async def test_a_refusal_that_discord_lost_is_told_by_a_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.policy.strike_rows.ANSWER_TIME", timedelta(0))
    await turn_on(world)
    world.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=10062, times=1)
    await ask(world, prompt=WORD)
    await eventually("a message", lambda: bool(direct_messages(world)))
    [message] = direct_messages(world)
    assert message.content.startswith(
        f"⚠️ **You got a strike on {world.guild.name}.** Your request contained something the server doesn't "
        "allow.\nYou have 1 strike."
    )


async def test_who_stays_blocked_is_said_when_strikes_are_turned_off(world: World) -> None:
    await turn_on(world, ladder="1: moderator")
    await refused(world, prompt=WORD)
    off = await admin(world, "strikes", enabled=False)
    assert "**Strikes are off.**" in off
    assert "1 member is still blocked because of strikes." in off
    assert "They can request videos again" in await admin(world, "forgive", member=world.alice)
    assert "still blocked" not in await admin(world, "strikes")
    await accepted(world)


async def test_a_film_with_a_forbidden_word_gives_one_strike(world: World) -> None:
    await turn_on(world)
    for shots in ((f"a {WORD}", "a fox"), ("a fox", f"a {WORD}")):
        text = private(await write(world, *shots))
        assert "⚠️ **This counts as a strike.**" in text
    assert await kinds(world) == ["word", "word"]


async def test_an_undo_that_turns_strikes_off_says_who_stays_blocked(world: World) -> None:
    await turn_on(world, ladder="1: 1h")
    switched_on = await newest(world)
    await refused(world, prompt=WORD)
    said = await undo(world, await log_of(world), switched_on)
    assert "1 member is still blocked because of strikes." in said
