"""Try it first: /quota shows what a change would have done, and saves it once the moderator says so."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
import simcord

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.models import Generation, Status
from bot.moderation.rules import SERVER
from bot.policy.documents import LimitKind
from bot.preview.proposal import PreviewGoneError, Proposal
from bot.preview.service import ServerNow
from sandbox.world import World
from tests.bot.rows import new_row
from tests.e2e.driver import shown
from tests.e2e.limiting import add_role, nothing_is_set, quota, use
from tests.e2e.moderating import admin, labels
from tests.e2e.quoting import as_shown, buttons_kept, buttons_now, now_shown
from tests.e2e.reporting import mona_of
from tests.e2e.videos import filled_in, private

USD = 2_000_000.0
GONE = "This preview is no longer available: it was saved, changed or cancelled"


History = Callable[..., Awaitable[None]]


@pytest.fixture
def history(database_url: str) -> History:
    """Let the members have had a video each, one minute after the other, for a dollar each."""

    async def write(world: World, *user_ids: int) -> None:
        async with open_database(database_url) as database:
            rows = videos_of(world, user_ids)
            await database.write(lambda session: session.add_all(rows))

    return write


def videos_of(world: World, user_ids: Sequence[int]) -> list[Generation]:
    """Return the rows of videos of the last hour."""
    start = utc_now() - timedelta(hours=1)
    return [
        new_row(
            guild_id=world.guild.id,
            user_id=user_id,
            status=Status.SUCCEEDED,
            created_at=(at := start + timedelta(minutes=number)),
            submitted_at=at,
            finished_at=at,
            delivered_at=at,
            credits_used=USD,
        )
        for number, user_id in enumerate(user_ids)
    ]


async def previewed(world: World, name: str, **options: Any) -> discord.Message:
    """Let mona use a command of /quota with a preview, and return it."""
    answer = await use(world, name, preview=True, **options)
    assert shown(answer).ephemeral, "everybody sees it"
    assert labels(answer)[0] == "Save", shown(answer).content
    return shown(answer).message


async def no_roles(_: Collection[int]) -> dict[int, frozenset[int]]:
    """Know nobody's roles."""
    return {}


async def rules_of(world: World) -> Sequence[tuple[LimitKind, int | None]]:
    """Return the server's rules as they are stored."""
    book = await world.app.services.rules.read(world.guild.id)
    return [(rule.kind, rule.most) for rule in book.rules]


def refused_in_words(number: int, *, of: int, by: int, saved: int) -> str:
    requests = f"{of} request" if of == 1 else f"{of} requests"
    members = f"{by} member" if by == 1 else f"{by} members"
    return (
        f"In the last 30 days it would have refused **{number} of {requests}** by **{members}** "
        f"and saved about **${saved}.00**."
    )


def lines(text: str) -> list[str]:
    """Return the text without its last line, which says when it expires."""
    *rest, end = text.split("\n")
    assert end.startswith("-# Nothing is saved until you click **Save**. This preview expires <t:"), end
    return rest


@pytest.mark.nightly
async def test_a_limit_is_shown_with_what_it_would_have_done_and_saved_by_a_click(
    world: World, history: History
) -> None:
    alice, bob = world.alice.id, add_role(world, "Fans", "bob")[1][0].id
    await history(world, *[alice] * 4, *[bob] * 3, 999)
    message = await previewed(world, "set", videos="2", reason="a contest")
    assert lines(message.content) == [
        "🔎 **Limit for every member: 2 videos in 24 hours** (now: 50 videos in 24 hours)",
        refused_in_words(3, of=8, by=2, saved=3),
        f"Most affected: <@{alice}> (2), <@{bob}> (1).",
    ]
    assert await nothing_is_set(world), "it was saved before the click"
    await world.mona.click(message, label="Save")
    assert now_shown(world, message) == (
        "✅ **Set.** Every member can have 2 videos in 24 hours.\nNo other limits apply."
    )
    assert buttons_now(world, message) == []
    assert await rules_of(world) == [(LimitKind.DAY, 2)]
    assert "a contest" in await admin(world, "log")


async def test_what_would_have_kept_the_month_within_a_sum_is_suggested_and_can_be_tried(
    world: World, history: History
) -> None:
    alice, bob = world.alice.id, add_role(world, "Fans", "bob")[1][0].id
    await history(world, *[alice] * 4, *[bob] * 3)
    answer = await use(world, "suggest", budget="$5")
    assert shown(answer).ephemeral
    told = shown(answer).content.split("\n")
    assert told[:3] == [
        "🔎 **Within $5.00:** the last 30 days cost $7.00. Each of these is enough:",
        f"**1. 2 videos in 24 hours for every member.** {refused_in_words(3, of=7, by=2, saved=3)}",
        f"Most affected: <@{alice}> (2), <@{bob}> (1).",
    ]
    await world.restart()
    assert labels(answer)[:2] == ["Try 1", "Try 2"], "the third is a month's budget, unless a month has begun"
    tried = {
        label: shown(await world.mona.click(shown(answer).message, label=label)) for label in labels(answer)
    }
    for label, preview in tried.items():
        assert preview.ephemeral
        [suggested] = [line for line in told if line.startswith(f"**{label.removeprefix('Try ')}. ")]
        _, change, effect = suggested.split("**", 2)
        assert effect.strip() in preview.content
        assert change[3:].split(" for ")[0].rstrip(".") in preview.content.split("\n")[0]
    assert await nothing_is_set(world), "it was saved before the click"
    await world.mona.click(tried["Try 1"].message, label="Save")
    assert await rules_of(world) == [(LimitKind.DAY, 2)]
    assert shown(await use(world, "suggest", budget="$5")).content == (
        "✅ The last 30 days cost $7.00, but the current rules would have kept them within $5.00. "
        "You don't have to change anything."
    )


async def test_a_sum_that_was_kept_needs_no_suggestion_and_one_that_is_none_is_said(
    world: World, history: History
) -> None:
    await history(world, world.alice.id)
    assert shown(await use(world, "suggest", budget="60 USD")).content == (
        "✅ The last 30 days cost $1.00, which is within $60.00. You don't have to change anything."
    )
    assert shown(await use(world, "suggest", budget="0 USD")).content == (
        "The last 30 days cost $1.00. I found no limit for every member and no budget that would have kept "
        "them within $0.00."
    )
    assert shown(await use(world, "suggest", budget="unlimited")).content == (
        "Enter the most 30 days can cost, such as 60 USD. Nothing changed."
    )


@pytest.mark.nightly
async def test_cancel_changes_nothing(world: World, history: History) -> None:
    await history(world, world.alice.id)
    message = await previewed(world, "budget", day="0.5 USD")
    assert lines(message.content)[:2] == [
        "🔎 **Daily budget: $0.50** (now: no budget)",
        refused_in_words(1, of=1, by=1, saved=1),
    ]
    with buttons_kept(world, message):
        await world.mona.click(message, label="Cancel")
        assert now_shown(world, message) == "🚫 **Cancelled.** Nothing changed."
    late = await world.mona.click(message, label="Save")
    assert private(late).startswith(GONE)
    assert await nothing_is_set(world)


async def test_change_shows_other_numbers_before_they_are_saved(world: World, history: History) -> None:
    await history(world, *[world.alice.id] * 4)
    message = await previewed(world, "set", videos="1", at_once="unlimited")
    form = await world.mona.click(message, label="Change")
    assert filled_in(form) == {"day": "1", "at_once": "unlimited"}
    await world.mona.submit_modal(form, {"day": "3", "at_once": "2"})
    text = now_shown(world, message)
    assert "**Limit for every member: 3 videos in 24 hours and 2 videos at once**" in text
    assert "**1 of 4 requests**" in text
    assert await nothing_is_set(world)
    again = await world.mona.click(as_shown(world, message), label="Change")
    wrong = await world.mona.submit_modal(again, {"day": "many", "at_once": "2"})
    assert "a whole number from 0 to 10,000, or unlimited" in private(wrong)
    await world.mona.click(as_shown(world, message), label="Save")
    assert await rules_of(world) == [(LimitKind.DAY, 3), (LimitKind.AT_ONCE, 2)]


async def test_of_two_changes_of_one_preview_the_first_is_what_is_shown_and_saved(
    world: World, history: History
) -> None:
    await history(world, world.alice.id)
    message = await previewed(world, "set", videos="1")
    forms = [await world.mona.click(message, label="Change") for _ in range(2)]
    await world.mona.submit_modal(forms[0], {"day": "3"})
    late = await world.mona.submit_modal(forms[1], {"day": "9"})
    assert private(late).startswith(GONE), "the second took the place of what is shown"
    await world.mona.click(as_shown(world, message), label="Save")
    assert await rules_of(world) == [(LimitKind.DAY, 3)]


@pytest.mark.nightly
async def test_a_budget_of_odd_credits_can_be_changed(world: World, history: History) -> None:
    await history(world, world.alice.id)
    message = await previewed(world, "budget", day="1,234,567 credits", month="60.50 USD")
    form = await world.mona.click(message, label="Change")
    assert filled_in(form) == {"day": "1234567 credits", "month": "60.50 USD"}
    await world.mona.submit_modal(form, filled_in(form))
    assert "Save" in buttons_now(world, message)


async def test_nobody_else_saves_a_preview(world: World, history: History) -> None:
    await history(world, world.alice.id)
    preview = await world.app.services.previews.show(
        mona_of(world), Proposal(limits={LimitKind.DAY: 1}), ServerNow(no_roles)
    )
    other = replace(mona_of(world), user_id=world.alice.id)
    with pytest.raises(PreviewGoneError):
        await world.app.services.previews.save(other, preview.kept.key, 1)
    assert await nothing_is_set(world)


async def test_what_holds_already_is_said_to_change_nothing(world: World, history: History) -> None:
    await history(world, world.alice.id)
    await world.app.services.rules.set_limits(mona_of(world), SERVER, {LimitKind.DAY: 3})
    message = await previewed(world, "set", videos="3")
    assert "Nothing would change, because that's already set." in lines(message.content)


async def test_what_somebody_changed_meanwhile_is_shown_before_it_is_saved(
    world: World, history: History
) -> None:
    await history(world, *[world.alice.id] * 4)
    message = await previewed(world, "set", videos="2")
    await world.app.services.rules.set_limits(mona_of(world), SERVER, {LimitKind.DAY: 3})
    await world.mona.click(message, label="Save")
    assert lines(now_shown(world, message)) == [
        "⚠️ **The rules have changed.** Here's the new result. Please decide again.",
        "🔎 **Limit for every member: 2 videos in 24 hours** (now: 3 videos in 24 hours)",
        refused_in_words(2, of=4, by=1, saved=1),
        "The current rules would have refused 1.",
        f"Most affected: <@{world.alice.id}> (2).",
    ]
    assert await rules_of(world) == [(LimitKind.DAY, 3)], "it was saved unseen"
    await world.mona.click(as_shown(world, message), label="Save")
    assert await rules_of(world) == [(LimitKind.DAY, 2)]


@pytest.mark.nightly
async def test_a_roles_limit_is_checked_with_the_roles_that_members_have_now(
    world: World, history: History
) -> None:
    fans, [bob] = add_role(world, "Fans", "bob")
    await history(world, *[bob.id] * 3, world.alice.id, 999)
    message = await previewed(world, "set", videos="1", role=fans)
    assert lines(message.content) == [
        f"🔎 **Limit for {fans.mention}: 1 video in 24 hours** (now: 50 videos in 24 hours)",
        refused_in_words(2, of=5, by=1, saved=2),
        f"Most affected: <@{bob.id}> (2).",
        "-# Everyone is checked with the roles they have now; I don't know who had which role before.",
        "-# I couldn't look up the roles of 1 member, so role limits are left out for them.",
    ]
    await world.mona.click(message, label="Save")
    message = await previewed(world, "unset", role=fans)
    assert lines(message.content)[:3] == [
        f"🔎 **Without this limit for {fans.mention}: 50 videos in 24 hours** (now: 1 video in 24 hours)",
        "In the last 30 days it would have refused **none of 5 requests**.",
        "The current rules would have refused 2.",
    ]
    assert "1 member who made videos would get a higher limit than they have now." in message.content
    assert buttons_now(world, message) == ["Save", "Cancel"]
    await world.mona.click(message, label="Save")
    assert now_shown(world, message).startswith("✅ **Removed:** the limit")
    assert await rules_of(world) == []


async def test_the_buttons_outlive_a_restart_and_the_moderators_rights_do_not(
    own_world: World, history: History
) -> None:
    world = own_world
    await history(world, world.alice.id)
    message = await previewed(world, "set", videos="2", member=world.alice)
    await world.restart()
    world.env.backend.remove_member_role(world.guild.id, world.mona.id, world.guild.roles["Moderators"].id)
    answer = await world.mona.click(message, label="Save")
    assert private(answer) == "Only members who can use `/quota` can do that. Nothing changed."
    assert await nothing_is_set(world)
    world.env.backend.add_member_role(world.guild.id, world.mona.id, world.guild.roles["Moderators"].id)
    await world.mona.click(message, label="Save")
    assert now_shown(world, message).startswith(f"✅ **Set.** <@{world.alice.id}> can have 2 videos")


async def test_without_a_wish_the_servers_setting_decides(world: World, history: History) -> None:
    async def asked() -> simcord.InteractionResult:
        return await world.mona.slash(world.channel, "quota set", videos="9")

    assert shown(await asked()).content.startswith("✅ **Set.**"), "there is nothing to compare with"
    await history(world, world.alice.id)
    assert "Save" in labels(await asked())
    assert "Preview of changes (new):** no" in await admin(world, "settings", preview_limits=False)
    assert shown(await asked()).content.startswith("✅ **Set.**")
    assert "Save" in labels(await use(world, "set", videos="9", preview=True))
    assert (await quota(world, "set", videos="8", preview=False)).startswith("✅ **Set.**")
