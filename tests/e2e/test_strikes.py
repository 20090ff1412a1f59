"""Strikes: what gives one, how they block, who sees them, and how moderators take them back."""

from sandbox.world import World
from tests.e2e.moderating import accepted, admin, refused
from tests.e2e.videos import private

WORD = "zebra"


async def turn_on(world: World, **options: object) -> None:
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
        "⚠️ **This counts as a strike.** You have 1 strike. Counted: blocked words: 1. It fades <t:" in first
    )
    assert "From 3 strikes on, you're blocked: 1 hour." in first
    await refused(world, "You have 2 strikes.", negative_prompt=WORD)
    third = await refused(world, "You have 3 strikes.", prompt=WORD)
    assert "You're blocked from /veo on this server. The block ends <t:" in third
    blocked = await refused(world, "Reason: “Too many strikes.”")
    assert "counts as a strike" not in blocked
    assert "Counted: blocked words: 3." in await usage(world)
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
