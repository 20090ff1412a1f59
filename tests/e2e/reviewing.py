"""Requests that moderators look at first, in the words of the tests."""

from typing import Any

import discord
import simcord

from bot.policy.documents import Reviewed, ReviewRule
from sandbox.world import World
from tests.e2e.driver import eventually, shown
from tests.e2e.reporting import mona_of, open_moderators_channel

APPROVE, DECLINE = "Approve", "Decline"
EVERYBODY = ReviewRule(who=Reviewed.EVERYBODY)


async def review_everybody(world: World, rule: ReviewRule | None = EVERYBODY, **settings: Any) -> None:
    changes = {"review": rule, **settings}
    await world.app.services.moderation.change_settings(mona_of(world), changes)


async def open_reviewing(world: World, **settings: Any) -> simcord.ChannelHandle:
    """Let everybody's requests wait for moderators, who have a channel."""
    moderators_channel = await open_moderators_channel(world)
    await review_everybody(world, **settings)
    return moderators_channel


def reviews_in(moderators_channel: simcord.ChannelHandle) -> list[discord.Message]:
    return [message for message in moderators_channel.history() if message.content.startswith("👀")]


async def the_review(moderators_channel: simcord.ChannelHandle, number: int = 1) -> discord.Message:
    await eventually("a review", lambda: len(reviews_in(moderators_channel)) == number)
    return reviews_in(moderators_channel)[-1]


async def post_again(world: World) -> str:
    """Let what waits be shown again, from home; return what is said."""
    home = shown(await world.mona.slash(world.channel, "veo-admin home"))
    return shown(await world.mona.click(home.message, label="Post requests again")).content


async def decline(who: simcord.MemberActor, message: discord.Message, words: str = "") -> None:
    form = await who.click(message, label=DECLINE)
    await who.submit_modal(form, {"words": words})
