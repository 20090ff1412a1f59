"""A preview that is shown again: a word that's blocked already, a click on an older one, what isn't known."""

from typing import Any

import pytest

from bot.policy.documents import LimitKind, Reviewed, ReviewRule
from sandbox.world import World
from tests.e2e.driver import refuse
from tests.e2e.limiting import add_role, quota
from tests.e2e.quoting import as_shown, buttons_now, now_shown
from tests.e2e.reporting import mona_of
from tests.e2e.test_admin_setup_whole import let_them_have_had_videos
from tests.e2e.test_content_previews import History, history, lines, policy_of, previewed
from tests.e2e.test_quota_preview import previewed as limits_previewed
from tests.e2e.test_quota_preview import rules_of
from tests.e2e.videos import filled_in, private

__all__ = ["history"]

THERE = "“GORE” was already on the list. Nothing changed."


async def test_a_word_that_is_blocked_already_is_not_shown_in_place_of_another(
    world: World, history: History
) -> None:
    await world.app.services.moderation.add_word(mona_of(world), "gore")
    await history(world, {"prompt": "gore"})
    message = await previewed(world, "words add", word="dragon")
    form = await world.mona.click(message, label="Change")
    assert private(await world.mona.submit_modal(form, {"word": "GORE"})) == THERE
    assert "“dragon”" in now_shown(world, message)
    assert as_shown(world, message).attachments == [], "the change refuses nothing"


@pytest.mark.nightly
async def test_a_word_that_somebody_else_blocked_meanwhile_is_there(world: World, history: History) -> None:
    await history(world, {"prompt": "gore"})
    message = await previewed(world, "words add", word="GORE")
    await world.app.services.moderation.add_word(mona_of(world), "gore")
    await world.mona.click(message, label="Save")
    assert now_shown(world, message) == THERE
    assert buttons_now(world, message) == []
    assert (await policy_of(world)).words == ("gore",)
    assert len(await world.app.services.moderation.list_log(world.guild.id, size=5)) == 1


@pytest.mark.parametrize("label", ["Save", "Change"])
async def test_a_preview_that_discord_did_not_show_again_is_shown_by_the_next_click(
    world: World, history: History, label: str
) -> None:
    await history(world, {"prompt": "a dragon, gore"})
    message = await previewed(world, "words add", word="dragon")
    await world.app.services.moderation.add_word(mona_of(world), "gore")
    refuse(world, "PATCH", "/webhooks/*/messages/@original", 130000)
    await world.mona.click(message, label="Save")
    assert "already blocked" not in now_shown(world, message)
    answer = await world.mona.click(as_shown(world, message), label=label)
    if label == "Change":
        assert filled_in(answer) == {"word": "dragon"}
        answer = await world.mona.submit_modal(answer, {"word": "dragon"})
    else:
        assert private(answer).startswith("This preview has changed. Read it again, then click once more.")
    assert "1 of them has a word that's already blocked." in now_shown(world, message)
    assert (await policy_of(world)).words == ("gore",), "it was saved unseen"
    await world.mona.click(as_shown(world, message), label="Save")
    assert (await policy_of(world)).words == ("gore", "dragon")


async def test_where_no_place_is_known_nothing_is_claimed_of_settings(world: World, history: History) -> None:
    await history(world, {"channel_id": 999})
    message = await previewed(world, "settings", channels=world.channel.mention)
    assert lines(message.content)[2:] == [
        "I can't find the thread, channel or model of any request from the last 30 days, so I can't tell "
        "what it would have done."
    ]


async def test_what_is_not_known_of_the_settings_as_they_are_is_said(world: World, history: History) -> None:
    here = frozenset({world.channel.id})
    await world.app.services.moderation.change_settings(mona_of(world), {"channels": here})
    long = {"options": {"duration": 8}}
    await history(world, long, {**long, "channel_id": 999})
    message = await previewed(world, "settings", longest_duration=4)
    assert lines(message.content)[2:] == [
        "ℹ️ Members have to set `duration` every time, because the defaults are above your limits.",
        "In the last 30 days it would have refused **2 of 2 requests** by **1 member** and saved about "
        "**$1.00**.",
        f"Most affected: <@{world.alice.id}> (2).",
        "-# I can't tell whether 1 of these requests is refused now, too. It's not in the chart, and its "
        "cost isn't counted as saved.",
    ]


@pytest.mark.nightly
async def test_settings_by_which_nobody_approves_say_so_before_they_are_saved(
    world: World, history: History
) -> None:
    await history(world, {"options": {"duration": 8}})
    everybody: dict[str, Any] = {"review": "everybody", "longest_duration": 4}
    message = await previewed(world, "settings", **everybody)
    assert "⚠️ Without a moderators' channel, nobody can approve requests" in message.content
    assert "Your own requests can wait, too." in message.content
    mods = world.guild.create_text_channel("mods")
    message = await previewed(world, "settings", **everybody, moderators_channel=mods)
    assert "nobody can approve" not in message.content
    rule = ReviewRule(who=Reviewed.EVERYBODY)
    await world.app.services.moderation.change_settings(mona_of(world), {"review": rule})
    message = await previewed(world, "settings", longest_duration=4)
    assert "nobody can approve" not in message.content, "it has nothing to do with this change"


async def test_a_limit_of_a_role_that_was_deleted_since_is_not_saved(world: World, database_url: str) -> None:
    await let_them_have_had_videos(world, database_url, world.alice.id)
    fans, _ = add_role(world, "Fans")
    await quota(world, "set", videos="9", role=fans)
    message = await limits_previewed(world, "set", videos="2", role=fans)
    world.env.backend.delete_role(world.guild.id, fans.id)
    told = private(await world.mona.click(message, label="Save"))
    assert told == "That role no longer exists, so it can't have a limit. Nothing changed."
    assert await rules_of(world) == [(LimitKind.DAY, 9)]
    message = await limits_previewed(world, "unset", deleted_role=str(fans.id))
    await world.mona.click(message, label="Save")
    assert await rules_of(world) == [], "what is left of it can't be removed"
