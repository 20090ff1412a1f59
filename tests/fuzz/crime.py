"""A stage with something to steal: alice's video, request, offer and report, and four people."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import discord
import simcord
from simcord.backend import serializers

from sandbox.world import wait_until
from tests.e2e.driver import ask_and_hold, ask_for_video
from tests.e2e.offering import offered
from tests.e2e.reporting import add_bob, open_board, report
from tests.fuzz.listening import Listener
from tests.fuzz.rows import Row, Rows
from tests.fuzz.stage import COMPONENT, Stage, open_stage

STRANGERS = ("another member", "a moderator of another server")
ENTITLED = ("the owner", "a moderator")


class Crime:
    """See the module; `targets` has the ids of what is alice's, by what it is."""

    def __init__(self, stage: Stage, rows: Rows) -> None:
        self.stage = stage
        self.rows = rows
        self.people: dict[str, simcord.MemberActor] = {}
        self.targets: dict[str, str] = {}
        self._messages: dict[int, tuple[int, int]] = {}

    @property
    def patterns(self) -> dict[str, Any]:
        """The custom ids that the program knows, by their patterns."""
        store: Any = self.stage.world.app.bot._connection._view_store  # pyright: ignore[reportPrivateUsage]: there is no public list
        return {pattern.pattern: pattern for pattern in store._dynamic_items}

    async def set_up(self) -> None:
        """Let everything happen that there is something to steal from."""
        world = self.stage.world
        await open_board(world)
        video = await ask_for_video(world)
        bob = add_bob(world)
        await report(world, add_bob(world, name="carol"))
        await ask_and_hold(world, prompt="is being made")
        await world.mona.slash(world.channel, "veo-admin settings", ask_first=True)
        await offered(world)
        elsewhere = world.env.create_guild("Elsewhere")
        elsewhere.create_text_channel("videos")
        role = elsewhere.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
        zoe = elsewhere.add_member(world.env.create_user("zoe"), roles=[role])
        await zoe.slash(next(iter(elsewhere.channels.values())), "veo-admin settings", ask_first=True)
        names = (*ENTITLED, *STRANGERS)
        self.people = dict(zip(names, (world.alice, world.mona, bob, zoe), strict=True))
        (running,) = self.rows.read("SELECT id FROM generations WHERE status = 'running'")
        (draft,) = self.rows.read("SELECT id FROM drafts")
        (reported,) = self.rows.read("SELECT id FROM reports")
        self.targets = {
            "video": video.id,
            "request": running["id"],
            "offer": draft["id"],
            "report": reported["id"],
            "member": str(world.alice.id),
        }
        for guild in (world.guild, elsewhere):
            who = world.mona if guild is world.guild else zoe
            answer = await who.slash(next(iter(guild.channels.values())), "veo-admin queue")
            assert answer.response is not None
            self._messages[guild.id] = (answer.response.message.channel.id, answer.response.message.id)

    def belongings(self) -> list[list[Row]]:
        """Return all that no stranger may change."""
        read = self.rows.settled
        return [
            read("SELECT * FROM generations ORDER BY id"),
            read("SELECT * FROM drafts ORDER BY id"),
            read("SELECT * FROM guilds ORDER BY guild_id"),
            read("SELECT * FROM members ORDER BY guild_id, user_id"),
            read("SELECT * FROM audit ORDER BY id"),
            read("SELECT * FROM reports WHERE id = ?", self.targets["report"]),
        ]

    def calm_down(self) -> None:
        """Wait until the program has done what follows from the last case; what is held goes on being held."""
        open_ones = "SELECT id FROM generations WHERE delivered_at IS NULL AND status != 'running'"

        async def look() -> bool | None:
            return None if self.rows.read(open_ones) else True

        self.stage.play(wait_until(look, seconds=20))

    def check(self, sent: list[dict[str, Any]]) -> None:
        """Check what must hold after anything that somebody does."""
        self.stage.check(sent, askers=[who.id for who in self.people.values()])

    def message_in(self, who: simcord.MemberActor) -> dict[str, Any]:
        """Return a message of the bot in somebody's server, as Discord sends it."""
        backend = self.stage.world.env.backend
        found = backend.get_message(*self._messages[who.guild.id])
        return dict(serializers.message_payload(backend, found))

    def protected(self, role: str) -> list[list[Row]]:
        """Return all that is not somebody's to change, once nothing else changes: others', other servers'.

        A moderator may change all of the own server; whoever else, what they asked for there.
        """
        self.calm_down()
        who, is_moderator = self.people[role], "moderator" in role
        mine = "guild_id = ?" if is_moderator else f"guild_id = ? AND user_id = {who.id}"
        here = "guild_id = ?" if is_moderator else "guild_id = ? AND 0"
        reported = "guild_id = ?" if is_moderator else f"guild_id = ? AND reporter_id = {who.id}"
        read, guild_id = self.rows.settled, who.guild.id
        return [
            read(f"SELECT * FROM generations WHERE NOT ({mine}) ORDER BY id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM drafts WHERE NOT ({mine}) ORDER BY id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM members WHERE NOT ({mine}) ORDER BY guild_id, user_id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM guilds WHERE NOT ({here}) ORDER BY guild_id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM audit WHERE NOT ({here}) ORDER BY id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM reports WHERE NOT ({reported}) ORDER BY id", guild_id),  # noqa: S608 ours
        ]

    async def click(self, role: str, custom_id: str, **more: Any) -> list[dict[str, Any]]:
        """Let somebody click a button that a changed client made up; return the bot's requests.

        `more`: what else is sent; with another `component_type` it is no button.
        """
        who = self.people[role]
        channel_id, message_id = self._messages[who.guild.id]
        message = self.message_in(who)
        button = {"type": 2, "style": 2, "label": "x", "custom_id": custom_id, "options": []}
        button["type"] = more.get("component_type", 2)
        message["components"] = [{"type": 1, "components": [button]}]
        data = {"custom_id": custom_id, "component_type": 2, **more}
        return await self.stage.dispatch(
            who, COMPONENT, data, {"message": message}, channel_id=channel_id, source=message_id
        )


@contextmanager
def open_crime(folder: Path, log: Listener) -> Generator[Crime]:
    """Open a stage, and let everything happen that there is something to steal from."""
    with open_stage(folder, log) as stage:
        crime = Crime(stage, Rows(folder / "data" / "veo.db"))
        stage.play(crime.set_up())
        yield crime
