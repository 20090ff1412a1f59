"""What moderators type for settings: understood in several ways, and refused where it makes no sense."""

from typing import Any

import discord

from bot.policy.documents import Policy
from bot.provider.catalogue import CATALOGUE
from sandbox.world import World
from tests.e2e.driver import case
from tests.e2e.moderating import admin, before_the_gateway_told, without_bounds

LABELS = [model.label for model in CATALOGUE]


async def policy(world: World) -> Policy:
    """Return what is decided about the server."""
    return await world.app.services.moderation.read(world.guild.id)


async def unchanged(world: World) -> None:
    """Check that nothing was changed or written down."""
    assert await policy(world) == Policy()
    assert await world.app.services.moderation.list_log(world.guild.id, size=9) == []


def denied(world: World, **permissions: bool) -> dict[Any, discord.PermissionOverwrite]:
    """Return overwrites by which the bot lacks the permissions named (all False)."""
    user = world.app.bot.user
    assert user is not None
    return {user: discord.PermissionOverwrite(**permissions)}  # pyright: ignore[reportArgumentType]: names of permissions


async def test_channels_can_be_typed_in_several_ways(world: World) -> None:
    art = world.guild.create_text_channel("art")
    for typed in ("{0} {1}", "{0},{1}", "{0}{1}", " {0} , {1} {0} ", "{2} {1}"):
        await admin(
            world, "settings", channels=typed.format(world.channel.mention, art.mention, world.channel.id)
        )
        assert (await policy(world)).channels == {world.channel.id, art.id}, typed
        await admin(world, "settings", reset="channels")


NO_CHANNELS = [
    ("#videos", "Choose channels"),
    ("nowhere", "Choose channels"),
    ("{channel} and more", "Choose channels"),
    ("all {channel}", "Choose channels"),
    (", ,", "Choose channels"),
    ("<#123456789012345678>", "This server has no channel `123456789012345678`."),
    ("{channel} 123456789012345678", "This server has no channel `123456789012345678`."),
    ("<@{user}>", "Choose channels"),
    ("{thread}", "is a thread. Choose its channel"),
    ("{category}", "is a category. Choose its channels instead."),
    ("{elsewhere}", "This server has no channel `"),
    ("{many}", "You can choose up to 50 channels"),
]


async def test_what_are_no_channels_of_the_server_is_refused(world: World) -> None:
    world.env.backend.create_thread(world.channel.id, "our film", world.alice.id)
    words = {
        "channel": world.channel.mention,
        "user": world.alice.id,
        "thread": world.channel.threads[0].mention,
        "category": world.guild.create_category("Films").mention,
        "elsewhere": world.env.create_guild("Elsewhere").create_text_channel("videos").mention,
        "many": " ".join(f"<#{10**17 + number}>" for number in range(51)),
    }
    for typed, said in NO_CHANNELS:
        with case(typed):
            text = await admin(world, "settings", channels=typed.format(**words), longest_duration=6)
            assert said in text
            assert "Nothing changed." in text
            await unchanged(world)


async def test_models_can_be_typed_in_several_ways(world: World) -> None:
    for typed in ("Veo 3, veo 3 FAST", "google/veo3,google/veo-3.0-fast,", "veo 3,GOOGLE/veo-3.0-fast"):
        await admin(world, "settings", models=typed)
        assert (await policy(world)).models == {"google/veo3", "google/veo-3.0-fast"}, typed
        await admin(world, "settings", reset="models")


async def test_what_are_no_models_is_refused(world: World) -> None:
    for typed in ("Veo 9", "Veo 3, all", "Veo 3; Veo 3 Fast", ",", "**Veo 3**"):
        text = await admin(world, "settings", models=typed, longest_duration=6)
        assert f"Available: {', '.join(LABELS)}. Nothing changed." in text, typed
    await unchanged(world)


OFFERED: dict[str, list[str]] = {
    "": ["all", *LABELS],
    "3 fa": ["Veo 3 Fast", "Veo 3 Fast from an image"],
    "Veo 3, ": [f"Veo 3, {label}" for label in LABELS if label != "Veo 3"],
    "veo 3 fast,3.1 fast f": [
        "veo 3 fast, Veo 3.1 Fast from an image",
        "veo 3 fast, Veo 3.1 Fast from two images",
    ],
    "nonsense": [],
    "x" * 300: [],
}


async def test_models_are_offered_while_one_types(world: World) -> None:
    for typed, offered in OFFERED.items():
        choices = await world.mona.autocomplete(world.channel, "veo-admin settings", "models", typed)
        assert [choice["value"] for choice in choices] == offered, typed


async def test_a_moderators_channel_that_the_bot_cannot_write_to_is_refused(world: World) -> None:
    # Discord grants nothing where a channel cannot be seen.
    lacking = {"send_messages": "Send Messages", "view_channel": "View Channel and Send Messages"}
    for permission, named in lacking.items():
        secret = world.guild.create_text_channel("secret", overwrites=denied(world, **{permission: False}))
        text = await admin(world, "settings", moderators_channel=secret, longest_duration=6)
        assert f"I can't write in {secret.mention}: I'm missing {named} there." in text
        assert "Nothing changed." in text
    await unchanged(world)


async def test_a_moderators_channel_needs_no_more_than_to_be_written_to(world: World) -> None:
    bare = denied(world, embed_links=False, attach_files=False, read_message_history=False)
    secret = world.guild.create_text_channel("secret", overwrites=bare)
    assert "Saved" in await admin(world, "settings", moderators_channel=secret)
    assert (await policy(world)).moderators_channel_id == secret.id


async def test_one_setting_cannot_be_set_and_reset_at_once(world: World) -> None:
    for reset in ("longest_duration", "everything"):
        text = await admin(world, "settings", longest_duration=6, reset=reset)
        assert "Set or reset a setting, not both" in text
    await unchanged(world)


IMPOSSIBLE: list[dict[str, Any]] = [
    {"longest_duration": 3},
    {"longest_duration": -1},
    {"highest_resolution": "8K"},
    {"delivery": "pigeon"},
    {"reset": "rules"},
]


async def test_what_only_a_modified_client_can_send_changes_nothing(world: World) -> None:
    await without_bounds(world)
    for options in IMPOSSIBLE:
        assert "Nothing changed." in await admin(world, "settings", **options), options
    await unchanged(world)


async def test_a_channel_is_not_called_missing_before_the_gateway_told(world: World) -> None:
    before_the_gateway_told(world)
    text = await admin(world, "settings", channels=f"<#{world.channel.id}>")
    assert text == "I don't know this server yet. Try again in a minute. Nothing changed."
    await unchanged(world)
