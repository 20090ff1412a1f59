"""A stage with something to steal: what three members have and asked, and four thieves."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import discord
import simcord
from simcord.backend import serializers

from bot.moderation.decisions import Moderator
from bot.policy.documents import Reviewed, ReviewRule
from sandbox.world import wait_until
from tests.e2e.raw import COMPONENT
from tests.e2e.reporting import add_bob, open_moderators_channel
from tests.fuzz.listening import Listener
from tests.fuzz.rows import Row, Rows
from tests.fuzz.stage import Stage, open_stage

STRANGERS = ("another member", "a moderator of another server")
ENTITLED = ("the owner", "a moderator")
ELSEWHERE = "the owner in another server"
FORBIDDEN = "forbidden"


class Crime:
    """See the module.

    Attributes:
        people: who acts, by what they are to alice's things.
        belongings_of: the ids of what each member has, by the member's name and by what it is.
    """

    def __init__(self, stage: Stage, rows: Rows) -> None:
        self.stage = stage
        self.rows = rows
        self.people: dict[str, simcord.MemberActor] = {}
        self.belongings_of: dict[str, dict[str, str]] = {}
        self._messages: dict[int, tuple[int, int]] = {}

    @property
    def targets(self) -> dict[str, str]:
        """The ids of what is alice's, by what it is."""
        return self.belongings_of["alice"]

    @property
    def patterns(self) -> dict[str, Any]:
        """The custom ids that the program knows, by their patterns."""
        store: Any = self.stage.world.app.bot._connection._view_store  # pyright: ignore[reportPrivateUsage]: there is no public list
        return {pattern.pattern: pattern for pattern in store._dynamic_items}

    async def set_up(self) -> None:
        """Let everything happen that there is something to steal from."""
        world = self.stage.world
        await open_moderators_channel(world)
        elsewhere = world.env.create_guild("Elsewhere")
        elsewhere.create_text_channel("videos")
        changes = {"moderators_channel_id": elsewhere.create_text_channel("moderators").id}
        await world.app.services.moderation.change_settings(Moderator(elsewhere.id, 1), changes)
        role = elsewhere.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
        zoe = elsewhere.add_member(world.env.create_user("zoe"), roles=[role])
        yves = elsewhere.add_member(world.env.create_user("yves"))
        bob, carol = add_bob(world), add_bob(world, name="carol")
        acting = (world.alice, world.mona, bob, zoe, elsewhere.add_member(world.alice.user))
        self.people = dict(zip((*ENTITLED, *STRANGERS, ELSEWHERE), acting, strict=True))
        owners = {"alice": (world.alice, carol), "bob": (bob, carol), "yves": (yves, zoe)}
        await self._have_videos(owners)
        for moderator in (world.mona, zoe):
            await moderator.slash(_place_of(moderator), "veo-admin settings", ask_first=True)
            answer = await moderator.slash(_place_of(moderator), "veo-admin queue")
            shown = (await wait_until(partial(_answer_of, answer), seconds=120)).message
            await moderator.slash(_place_of(moderator), "veo-admin words add", word=FORBIDDEN, preview=False)
            self._messages[moderator.guild.id] = (shown.channel.id, shown.id)
        for name, (owner, _) in owners.items():
            await owner.slash(_place_of(owner), "veo", prompt="is offered", duration=4)
            form = await owner.slash(_place_of(owner), "film", duration=4)
            await owner.submit_modal(form, {"title": "A film", "shots": "is offered"})
            await self._appeal(owner)
            await self._await_review(owner)
            self.belongings_of[name] = self._find(owner)

    async def _have_videos(self, owners: dict[str, tuple[simcord.MemberActor, simcord.MemberActor]]) -> None:
        """Let each owner have a video, which is reported, and a request that is being made."""
        world = self.stage.world
        for owner, _ in owners.values():
            await owner.slash(_place_of(owner), "veo", prompt="is made", duration=4)
        await self._wait_for_calm(requests=len(owners))
        for owner, reporter in owners.values():
            found = self.rows.read("SELECT id FROM generations WHERE user_id = ?", owner.id)
            place = (owner.guild.id, found[0]["id"], reporter.id)
            await world.app.services.reports.report(*place, "it is cruel", None)
        world.provider.hold = True
        for owner, _ in owners.values():
            await owner.slash(_place_of(owner), "veo", prompt="is in progress", duration=4)
        await self._wait_for_calm(requests=2 * len(owners))

    async def _appeal(self, owner: simcord.MemberActor) -> None:
        """Let an owner ask the moderators about a refusal."""
        services, place = self.stage.world.app.services, Moderator(owner.guild.id, owner.id)
        await owner.slash(_place_of(owner), "veo", prompt=f"is {FORBIDDEN}", duration=4)
        (kept,) = self.rows.read("SELECT id FROM appeals WHERE user_id = ?", owner.id)
        await services.appeals.ask(place, kept["id"], "it is a play")

    async def _await_review(self, owner: simcord.MemberActor) -> None:
        """Let a request of an owner wait for moderators."""
        moderation, place = self.stage.world.app.services.moderation, Moderator(owner.guild.id, 1)
        now = {"ask_first": False, "review": ReviewRule(who=Reviewed.EVERYBODY)}
        before = {"ask_first": True, "review": None}
        await moderation.change_settings(place, now)
        await owner.slash(_place_of(owner), "veo", prompt="waits for moderators", duration=4)
        await moderation.change_settings(place, before)

    def _find(self, owner: simcord.MemberActor) -> dict[str, str]:
        """Return the ids of what is somebody's."""
        read = self.rows.read
        (video,) = read("SELECT id FROM generations WHERE user_id = ? AND result_id IS NOT NULL", owner.id)
        (request,) = read("SELECT id FROM generations WHERE user_id = ? AND status = 'running'", owner.id)
        (quote_row,) = read("SELECT id FROM drafts WHERE user_id = ?", owner.id)
        (film,) = read("SELECT id FROM films WHERE user_id = ?", owner.id)
        (reported,) = read("SELECT id FROM reports WHERE generation_id = ?", video["id"])
        (appeal,) = read("SELECT id FROM appeals WHERE user_id = ?", owner.id)
        (review,) = read("SELECT id FROM reviews WHERE user_id = ?", owner.id)
        (decision,) = read("SELECT max(id) AS id FROM audit WHERE guild_id = ?", owner.guild.id)
        return {
            "decision": str(decision["id"]),
            "video": video["id"],
            "request": request["id"],
            "offer": quote_row["id"],
            "film": film["id"],
            "report": reported["id"],
            "appeal": appeal["id"],
            "review": review["id"],
            "member": str(owner.id),
        }

    def calm_down(self) -> None:
        """Wait until the program has done what follows from the last case; what is held stays so."""
        self.stage.play(self._wait_for_calm())

    async def _wait_for_calm(self, requests: int = 0) -> None:
        """Wait until nothing is on its way, and so many requests were accepted: an answer may come first."""
        calm = "'running'" if self.stage.world.provider.hold else "''"
        moving = f"delivered_at IS NULL AND review_until IS NULL AND status != {calm}"
        open_ones = f"SELECT id FROM generations WHERE {moving}"  # noqa: S608 ours

        async def look() -> bool | None:
            are_there = len(self.rows.read("SELECT id FROM generations")) >= requests
            return True if are_there and not self.rows.read(open_ones) else None

        await wait_until(look, seconds=120)

    def check(self, sent: list[dict[str, Any]]) -> None:
        """Check what must hold after anything that somebody does."""
        owners = [int(belongings["member"]) for belongings in self.belongings_of.values()]
        self.stage.check(sent, requesters=[*owners, *(who.id for who in self.people.values())])

    def message_in(self, who: simcord.MemberActor) -> dict[str, Any]:
        """Return a message of the bot in somebody's server, as Discord sends it."""
        backend = self.stage.world.env.backend
        found = backend.get_message(*self._messages[who.guild.id])
        return dict(serializers.message_payload(backend, found))

    def protected(self, role: str) -> list[list[Row]]:
        """Return all that is not somebody's to change, once nothing else changes: others', other servers'.

        A moderator may change all of the own server but members' offers and words; whoever else, what they
        asked for there.
        """
        self.calm_down()
        who, is_moderator = self.people[role], "moderator" in role
        mine = "guild_id = ?" if is_moderator else f"guild_id = ? AND user_id = {who.id}"
        here = "guild_id = ?" if is_moderator else "guild_id = ? AND 0"
        reported = "guild_id = ?" if is_moderator else f"guild_id = ? AND reporter_id = {who.id}"
        read, guild_id = self.rows.settled, who.guild.id
        return [
            read(f"SELECT * FROM generations WHERE NOT ({mine}) ORDER BY id", guild_id),  # noqa: S608 ours
            read("SELECT * FROM drafts WHERE guild_id != ? OR user_id != ? ORDER BY id", guild_id, who.id),
            read("SELECT * FROM films WHERE guild_id != ? OR user_id != ? ORDER BY id", guild_id, who.id),
            read(
                "SELECT id, user_id, prompt, erase_at FROM generations WHERE user_id != ? ORDER BY id", who.id
            ),
            read(f"SELECT * FROM members WHERE NOT ({mine}) ORDER BY guild_id, user_id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM guilds WHERE NOT ({here}) ORDER BY guild_id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM audit WHERE NOT ({here}) ORDER BY id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM appeals WHERE NOT ({mine}) ORDER BY id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM reviews WHERE NOT ({mine}) ORDER BY id", guild_id),  # noqa: S608 ours
            read(f"SELECT * FROM reports WHERE NOT ({reported}) ORDER BY id", guild_id),  # noqa: S608 ours
        ]

    async def click(self, role: str, custom_id: str, **more: Any) -> list[dict[str, Any]]:
        """Let somebody click a button that a changed client made up; return the bot's requests.

        `more`: what else is sent; with another `component_type` it is no button.
        """
        who = self.people[role]
        channel_id, message_id = self._messages[who.guild.id]
        message = self.message_in(who)
        button: dict[str, Any] = {"type": 2, "style": 2, "label": "x", "custom_id": custom_id, "options": []}
        button["type"] = more.get("component_type", 2)
        message["components"] = [{"type": 1, "components": [button]}]
        data = {"custom_id": custom_id, "component_type": 2, **more}
        return await self.stage.dispatch(
            who, COMPONENT, data, more={"message": message}, channel_id=channel_id, source=message_id
        )


async def _answer_of(answer: simcord.InteractionResult) -> simcord.ResponseMessage | None:
    return answer.response


def _place_of(who: simcord.MemberActor) -> simcord.ChannelHandle:
    return next(iter(who.guild.channels.values()))


@contextmanager
def open_crime(folder: Path, log: Listener) -> Generator[Crime]:
    """Open a stage, and let everything happen that there is something to steal from."""
    with open_stage(folder, log) as stage, closing(Rows(folder / "data" / "veo.db")) as rows:
        crime = Crime(stage, rows)
        stage.play(crime.set_up())
        yield crime
