"""Whether the bot can write in the operator's channel, found out before an alert is lost."""

from collections.abc import Callable

import pytest

from bot.doctor.channel_access import ChannelInfo, GuildInfo, MemberInfo, permissions_in
from bot.doctor.examine import examine
from bot.doctor.required_permissions import ADMINISTRATOR
from tests.wire_discord import WireDiscord
from tests.wire_discord.state import Channel, ChannelType, Json

pytestmark = pytest.mark.usefixtures("environment")

VIEW, SEND, BOTH = 1 << 10, 1 << 11, 1 << 10 | 1 << 11
EVERYONE, ROLE, OTHER_ROLE, BOT = 1, 2, 3, 4
NOTHING: list[Json] = []


async def said(environment: pytest.MonkeyPatch, channel_id: int) -> tuple[str, str]:
    """Return what the doctor says about the operator's channel, and what to do."""
    environment.setenv("OPERATOR_CHANNEL_ID", str(channel_id))
    findings = [finding for section in await examine() for finding in section.findings]
    [found] = [finding for finding in findings if "OPERATOR_CHANNEL_ID" in finding.what]
    assert found.is_good is not bool(found.remedy)
    return found.what, found.remedy


async def test_a_channel_that_the_bot_can_write_in_is_good(
    environment: pytest.MonkeyPatch, wire: WireDiscord
) -> None:
    assert await said(environment, wire.channel.id) == (
        "The bot can post alerts in the channel set in OPERATOR_CHANNEL_ID.",
        "",
    )
    assert {request.method for request in wire.requests} == {"GET"}, "the doctor wrote something"


def gone(_: WireDiscord) -> Channel:
    return Channel(4711, ChannelType.TEXT, "gone")


def read_only(wire: WireDiscord) -> Channel:
    wire.guild.permissions &= ~ADMINISTRATOR  # administrators may write everywhere
    channel = wire.add_channel("news")
    channel.overwrites = [{"id": str(wire.guild.id), "type": 0, "allow": "0", "deny": str(SEND)}]
    return channel


def category(wire: WireDiscord) -> Channel:
    return wire.add_channel("rooms", ChannelType.CATEGORY)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (gone, "there's no such channel."),
        (read_only, "the bot is missing Send Messages there."),
        (category, "that kind of channel has no messages."),
    ],
    ids=["gone", "read-only", "category"],
)
async def test_a_channel_that_takes_no_alerts_is_bad(
    environment: pytest.MonkeyPatch, wire: WireDiscord, make: Callable[[WireDiscord], Channel], why: str
) -> None:
    what, remedy = await said(environment, make(wire).id)
    assert what == f"The bot can't post alerts in the channel set in OPERATOR_CHANNEL_ID: {why}"
    assert "Send Messages" in remedy


def overwrite(subject: int, *, allow: int = 0, deny: int = 0) -> Json:
    return {"id": str(subject), "allow": str(allow), "deny": str(deny)}


@pytest.mark.parametrize(
    ("overwrites", "roles", "expected"),
    [
        (NOTHING, [], VIEW),
        (NOTHING, [ROLE], BOTH),
        ([overwrite(EVERYONE, deny=VIEW)], [ROLE], SEND),
        ([overwrite(EVERYONE, deny=BOTH), overwrite(ROLE, allow=VIEW)], [ROLE], VIEW),
        ([overwrite(ROLE, deny=SEND), overwrite(OTHER_ROLE, allow=SEND)], [ROLE, OTHER_ROLE], BOTH),
        ([overwrite(ROLE, allow=SEND), overwrite(BOT, deny=SEND)], [ROLE], VIEW),
        ([overwrite(OTHER_ROLE, deny=BOTH)], [ROLE], BOTH),
    ],
    ids=[
        *["everyone's", "a role's", "taken from everyone", "given to a role", "one role wins over another"],
        *["the bot's own word is the last", "another's role"],
    ],
)
def test_overwrites_come_in_discords_order(overwrites: list[Json], roles: list[int], expected: int) -> None:
    permissions = {EVERYONE: VIEW, ROLE: SEND, OTHER_ROLE: 0}
    listed = [{"id": role, "permissions": str(some)} for role, some in permissions.items()]
    guild: Json = {"id": EVERYONE, "owner_id": 99, "roles": listed}
    shown = {"type": 0, "guild_id": EVERYONE, "permission_overwrites": overwrites}
    channel = ChannelInfo.model_validate(shown)
    member = MemberInfo(roles=roles)
    assert permissions_in(channel, GuildInfo.model_validate(guild), member, BOT) == expected
    owned = GuildInfo.model_validate({**guild, "owner_id": BOT})
    assert permissions_in(channel, owned, member, BOT) & ADMINISTRATOR
