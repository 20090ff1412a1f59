"""A server's rules on another server: exported as a file, previewed, imported as one decision, and undone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
import pytest
import simcord

from bot.db.database import open_database
from bot.db.guild_models import Action, AuditRow
from bot.db.models import Generation
from bot.moderation.portable import MAX_BYTES
from bot.policy.documents import LimitKind, Policy, Rule, Scope
from bot.preview.proposal import PreviewGoneError
from sandbox.world import World
from tests.e2e.driver import shown
from tests.e2e.limiting import add_role, quota
from tests.e2e.moderating import admin, before_the_gateway_told, labels, said
from tests.e2e.moderating import use as use_admin
from tests.e2e.quoting import as_shown, buttons_kept, buttons_now, now_shown
from tests.e2e.reporting import mona_of
from tests.e2e.test_quota_preview import refused_in_words, videos_of
from tests.e2e.videos import private

NAME = "*Elsewhere* @everyone"
NOT_OURS = "This isn't a file from `/veo-admin export`, or it's damaged. Nothing changed."


@dataclass
class Elsewhere:
    """Another server: its moderator, its channels, and a role that the first one has, too."""

    guild: simcord.GuildHandle
    olga: simcord.MemberActor
    videos: simcord.ChannelHandle
    moderators_channel: simcord.ChannelHandle
    fans: simcord.RoleHandle

    async def load(self, content: bytes, name: str = "rules.json") -> simcord.InteractionResult:
        """Let olga import a file."""
        return await self.olga.slash(self.videos, "veo-admin import", file=(name, content))

    async def policy(self, world: World) -> Policy:
        """Return what holds there."""
        return await world.app.services.moderation.read(self.guild.id)

    async def trail(self, world: World) -> list[AuditRow]:
        """Return what was decided there, newest first."""
        return await world.app.services.moderation.list_log(self.guild.id, size=100)


@pytest.fixture
def elsewhere(world: World) -> Elsewhere:
    return open_elsewhere(world)


def open_elsewhere(world: World) -> Elsewhere:
    guild = world.env.create_guild("Elsewhere")
    bosses = guild.create_role("Bosses", permissions=discord.Permissions(manage_guild=True))
    olga = guild.add_member(world.env.create_user("olga"), roles=[bosses])
    videos, moderators_channel = (guild.create_text_channel(name) for name in ("videos", "moderators"))
    return Elsewhere(guild, olga, videos, moderators_channel, guild.create_role("Fans"))


async def exported(world: World) -> bytes:
    """Let mona export the server's rules; return the file, which only she sees."""
    answer = await use_admin(world, "export")
    assert "Limits of individual members, blocks, extra videos and a pause aren't in it." in said(answer)
    [file] = shown(answer).attachments
    assert file.filename == "veo-bot-rules.json"
    return await file.read()


async def set_up(world: World) -> None:
    """Let mona set what can be carried, for a role that the other server lacks, too."""
    fans, _ = add_role(world, "Fans")
    helpers, _ = add_role(world, "Helpers")
    await quota(world, "set", videos="5")
    await quota(world, "set", videos="9", at_once="2", role=fans)
    await quota(world, "set", videos="unlimited", role=helpers)
    await quota(world, "set", videos="1", member=world.alice)
    await quota(world, "budget", month="60 USD")
    await admin(world, "words add", word="gun")
    await admin(world, "strikes", ladder="2: 1h", days=3)
    await admin(world, "pause")
    chosen: dict[str, Any] = {"channels": world.channel.mention, "longest_duration": 6, "ask_first": True}
    await admin(world, "settings", moderators_channel=world.moderators_channel, **chosen)


def lines(text: str) -> list[str]:
    """Return a preview's text without its last line, which says when it expires."""
    *rest, end = text.split("\n")
    assert end.startswith("-# Nothing is saved until you click **Save**. This preview expires <t:"), end
    return rest


@pytest.mark.nightly
async def test_rules_are_shown_saved_and_undone_on_another_server(world: World, elsewhere: Elsewhere) -> None:
    await set_up(world)
    content = await exported(world)
    fans = elsewhere.fans
    await elsewhere.olga.slash(elsewhere.videos, "veo-admin words add", word="knife")
    old = elsewhere.guild.create_text_channel("old")
    await elsewhere.olga.slash(elsewhere.videos, "veo-admin settings", channels=old.mention)
    await elsewhere.olga.slash(
        elsewhere.videos, "quota set", videos="3", member=elsewhere.olga, preview=False
    )
    before = await elsewhere.policy(world)
    answer = await elsewhere.load(content)
    assert lines(said(answer)) == [
        "📥 **Rules of “Studio”**",
        "- monthly budget: none → $60.00 (120,000,000 credits)",
        "- 1 blocked word added: “gun”",
        "- 1 blocked word removed: “knife”",
        "- strikes: off → strikes within 3 days, 2: 1 hour",
        "- limits of everyone: none → 5 videos in 24 hours",
        "- Members confirm the price: no → yes",
        f"- Channels and their threads: {old.mention} → {elsewhere.videos.mention}",
        "- Longest video: any → 6 seconds",
        f"- Moderators' channel: none → {elsewhere.moderators_channel.mention}",
        f"- limits of {fans.mention}: none → 9 videos in 24 hours, 2 videos at once",
        "⚠️ Left out, because this server doesn't have them: @Helpers",
    ]
    assert labels(answer) == ["Save", "Cancel"]
    message = shown(answer).message
    assert await elsewhere.policy(world) == before, "it was saved before the click"
    with buttons_kept(world, message):
        await elsewhere.olga.click(message, label="Save")
    assert now_shown(world, message).startswith("✅ **Imported** the rules of “Studio”.")
    policy = await elsewhere.policy(world)
    there = await world.app.services.moderation.read(world.guild.id)
    assert (policy.pause, policy.words, policy.strikes) == (None, ("gun",), there.strikes)
    own = Rule(scope=Scope.MEMBER, subject_id=elsewhere.olga.id, kind=LimitKind.DAY, most=3)
    assert own in policy.rules
    again = private(await elsewhere.olga.click(message, label="Save"))
    assert again.startswith("This preview is no longer available")
    [entry, *_] = await elsewhere.trail(world)
    assert [row.action for row in await elsewhere.trail(world)].count(Action.IMPORT) == 1
    world.env.backend.delete_channel(old.id)
    await undo(world, elsewhere, entry.id)
    assert await elsewhere.policy(world) == before, "it's undone as a whole"


async def undo(world: World, elsewhere: Elsewhere, number: int) -> str:
    """Let olga undo a decision; return what stands above the log then."""
    message = shown(await elsewhere.olga.slash(elsewhere.videos, "veo-admin log")).message
    assert "imported the rules of “Studio”: " in message.content
    await elsewhere.olga.click(message, label=f"Undo #{number}")
    return now_shown(world, message)


async def imported(world: World, elsewhere: Elsewhere, content: bytes) -> discord.Message:
    """Let olga import a file and save it."""
    message = shown(await elsewhere.load(content)).message
    await elsewhere.olga.click(message, label="Save")
    assert now_shown(world, message).startswith("✅ **Imported**")
    return message


@pytest.mark.nightly
async def test_what_changed_since_an_import_is_shown_before_it_is_undone(
    world: World, elsewhere: Elsewhere
) -> None:
    await set_up(world)
    await imported(world, elsewhere, await exported(world))
    number = (await elsewhere.trail(world))[0].id
    await elsewhere.olga.slash(elsewhere.videos, "quota set", videos="7", preview=False)
    later = (await elsewhere.trail(world))[0].id
    text = await undo(world, elsewhere, number)
    assert text.splitlines() == [
        f"⚠️ **This has changed since #{number}.** Nothing is undone yet.",
        f"The newest change is #{later}.",
        f"#{number} left: limits of everyone: 5 videos in 24 hours",
        "Now: limits of everyone: 7 videos in 24 hours",
        "Undoing it would restore: limits of everyone: none",
        "Everything else that the import changed would be restored, too.",
    ]
    assert len((await elsewhere.policy(world)).words) == 1


async def test_the_same_rules_again_change_nothing(world: World) -> None:
    await set_up(world)
    answer = await use_admin(world, "import", file=("rules.json", await exported(world)))
    assert said(answer) == "📥 **Rules of “Studio”**\nNothing would change: this server already has them."
    assert labels(answer) == []


@pytest.mark.nightly
async def test_an_import_outlives_a_restart_and_is_for_those_alone_who_may_use_both_commands(
    own_world: World,
) -> None:
    world, elsewhere = own_world, open_elsewhere(own_world)
    await set_up(world)
    message = shown(await elsewhere.load(await exported(world))).message
    await world.restart()
    for command in ("veo-admin", "quota"):
        found = world.env.backend.find_command(command, elsewhere.guild.id)
        assert found is not None
        elsewhere.guild.set_command_permissions(int(found["id"]), {elsewhere.olga: False})
        refusal = private(await elsewhere.olga.click(message, label="Save"))
        assert refusal == f"Only members who can use `/{command}` can do that. Nothing changed."
        elsewhere.guild.set_command_permissions(int(found["id"]), {elsewhere.olga: True})
    assert await elsewhere.policy(world) == Policy()
    await elsewhere.olga.click(message, label="Save")
    assert now_shown(world, message).startswith("✅ **Imported**")


async def test_export_and_import_need_quota_too(world: World) -> None:
    found = world.env.backend.find_command("quota", world.guild.id)
    assert found is not None
    world.guild.set_command_permissions(int(found["id"]), {world.mona: False})
    for name, options in (("export", {}), ("import", {"file": ("rules.json", b"{}")})):
        chosen: dict[str, Any] = options
        assert await admin(world, name, **chosen) == (
            "Only members who can use `/quota` can do that. Nothing changed."
        )


async def test_nobody_else_saves_an_import(world: World, elsewhere: Elsewhere) -> None:
    await set_up(world)
    answer = await elsewhere.load(await exported(world))
    [key] = {
        part["custom_id"].split(":")[2] for row in shown(answer).components for part in row["components"]
    }
    with pytest.raises(PreviewGoneError):
        await world.app.services.previews.save(mona_of(world), key, 1)
    await elsewhere.olga.click(shown(answer).message, label="Cancel")
    assert now_shown(world, shown(answer).message) == "🚫 **Cancelled.** Nothing changed."
    assert await elsewhere.policy(world) == Policy()


async def test_what_somebody_changed_meanwhile_is_shown_before_it_is_saved(
    world: World, elsewhere: Elsewhere
) -> None:
    await set_up(world)
    message = shown(await elsewhere.load(await exported(world))).message
    await elsewhere.olga.slash(elsewhere.videos, "veo-admin words add", word="gun")
    await elsewhere.olga.click(message, label="Save")
    text = now_shown(world, message)
    assert text.startswith("⚠️ **The rules have changed.**")
    assert "- Longest video: any → 6 seconds" in text
    assert "blocked word" not in text
    assert (await elsewhere.policy(world)).longest_duration is None, "it was saved unseen"
    await elsewhere.olga.click(as_shown(world, message), label="Save")
    assert (await elsewhere.policy(world)).longest_duration == 6
    assert buttons_now(world, message) == []


@pytest.mark.nightly
async def test_limits_are_shown_with_what_they_would_have_done(
    world: World, elsewhere: Elsewhere, database_url: str
) -> None:
    await quota(world, "set", videos="2")
    content = await exported(world)
    async with open_database(database_url) as database:
        rows = [replaced(row, elsewhere.guild.id) for row in videos_of(world, [elsewhere.olga.id] * 5)]
        await database.write(lambda session: session.add_all(rows))
    assert refused_in_words(3, of=5, by=1, saved=3) in lines(said(await elsewhere.load(content)))


def replaced(row: Generation, guild_id: int) -> Generation:
    row.guild_id = guild_id
    return row


async def test_names_that_somebody_wrote_do_nothing(world: World, elsewhere: Elsewhere) -> None:
    roles = [
        {"role": name, "limits": {"day": 1}} for name in ("everyone", "**bold**", "[a](https://b.example)")
    ]
    changes: dict[str, Any] = {
        "server": NAME,
        "limits": {"server": {}, "roles": roles},
        "settings": {"ask_first": True},
    }
    content = json.dumps({"format": "veo-bot rules", "version": 1, **changes}).encode()
    answer = await elsewhere.load(content)
    head, *_, left_out = lines(said(answer))
    assert head == "📥 **Rules of “\\*Elsewhere\\* @\u200beveryone”**"
    assert "@\u200beveryone, @\\*\\*bold\\*\\*, @\\[a\\](https\\://b.example)" in left_out
    message = await imported(world, elsewhere, content)
    assert "@everyone" not in now_shown(world, message)
    log = shown(await elsewhere.olga.slash(elsewhere.videos, "veo-admin log")).content
    assert (
        "imported the rules of “\\*Elsewhere\\* @\u200beveryone”: Members confirm the price: no → yes." in log
    )


BAD: Mapping[str, tuple[bytes, str]] = {
    "another program's": (b'{"format": "mod rules"}', NOT_OURS),
    "an image": (b"\x89PNG\r\n\x1a\n\0", NOT_OURS),
    "two megabytes": (
        b" " * 2_000_000,
        "This file is too large to be from `/veo-admin export`. Nothing changed.",
    ),
}


async def test_bad_files_change_nothing(world: World, elsewhere: Elsewhere) -> None:
    asked = len(world.cdn.asked)
    for content, sentence in BAD.values():
        assert said(await elsewhere.load(content)) == sentence
    assert len(world.cdn.asked) == asked + 2, "a file that is too large was fetched"
    assert MAX_BYTES < 2_000_000
    world.cdn.refusal = 404
    assert said(await elsewhere.load(b"{}")) == "I couldn't get the file. Try again. Nothing changed."
    world.cdn.refusal = None
    assert await elsewhere.trail(world) == []


async def test_before_the_gateway_told_about_the_server_nothing_is_matched(own_world: World) -> None:
    world = own_world
    content = await exported(world)
    before_the_gateway_told(world)
    for name, options in (("export", {}), ("import", {"file": ("rules.json", content)})):
        chosen: dict[str, Any] = options
        assert "I don't know this server yet." in await admin(world, name, **chosen)
