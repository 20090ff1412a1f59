"""Checks of Discord's answers about the bot: findings for `veo-bot doctor`."""

from datetime import timedelta

from bot.doctor.channel_access import AccessUnknownError, find_refusal
from bot.doctor.check_result import CheckResult
from bot.doctor.discord_api import (
    Application,
    DiscordApi,
    DiscordError,
    GatewayInfo,
    Server,
    TokenError,
    User,
)
from bot.doctor.required_permissions import NEEDS, lacking, names
from bot.text import clean, shorten

FEW_STARTS = 0.05  # of Discord's total; below, a bot that keeps starting anew is soon locked out
NAME_LENGTH = 60
INVITATION = sum(need.bit for need in NEEDS)
# Discord's flags of an application whose privileged intents are on, for few and for many servers.
PRIVILEGED = {
    "Presence": 1 << 12 | 1 << 13,
    "Server Members": 1 << 14 | 1 << 15,
    "Message Content": 1 << 18 | 1 << 19,
}
CHANNELS = CheckResult(
    is_good=True,
    what="Channels can have their own permissions. Check one with /veo-admin doctor in it.",
)


async def check_token(api: DiscordApi) -> CheckResult:
    """Find out whether Discord takes the token, and whose it is."""
    try:
        user = await api.fetch_user()
    except TokenError:
        return CheckResult(
            is_good=False,
            what="Discord rejects the token.",
            remedy="Copy it again from the developer portal, under Bot, to DISCORD_TOKEN.",
        )
    except DiscordError as error:
        return _unreadable("Discord", error)
    return CheckResult(is_good=True, what=f"Discord accepts the token: the bot is {_name(user)}.")


async def check_application(api: DiscordApi) -> list[CheckResult]:
    """Find out whether the application is set up for a bot that gets its commands over the gateway."""
    try:
        application = await api.fetch_application()
    except DiscordError as error:
        return [_unreadable("The application at Discord", error)]
    return [_check_endpoint(application), _check_intents(application)]


async def check_gateway(api: DiscordApi, address: str = "") -> list[CheckResult]:
    """Find out whether the gateway can be reached and sessions be started; starts none.

    `address`: in place of the one that Discord names.
    """
    try:
        info = await api.fetch_gateway()
    except DiscordError as error:
        return [_unreadable("The gateway's address", error)]
    return [_check_starts(info), await _check_hello(api, address or info.url)]


async def check_servers(api: DiscordApi) -> tuple[list[CheckResult], list[Server]]:
    """Find out what the bot may do on each server, and return the servers too."""
    try:
        servers = await api.fetch_servers()
        if not servers:
            return [_uninvited(await api.fetch_application())], []
    except DiscordError as error:
        return [_unreadable("The bot's servers", error)], []
    return [*map(check_server, servers), CHANNELS], servers


async def check_operator_channel(api: DiscordApi, channel_id: int) -> CheckResult:
    """Find out whether alerts arrive in the operator's channel; writes nothing there."""
    try:
        refusal = await find_refusal(api.read, channel_id, (await api.fetch_user()).id)
    except (DiscordError, AccessUnknownError) as error:
        return _unreadable("OPERATOR_CHANNEL_ID", DiscordError(str(error)))
    if not refusal:
        return CheckResult(
            is_good=True, what="The bot can post alerts in the channel set in OPERATOR_CHANNEL_ID."
        )
    return CheckResult(
        is_good=False,
        what=f"The bot can't post alerts in the channel set in OPERATOR_CHANNEL_ID: {refusal}.",
        remedy="Set the ID of a text channel where the bot has View Channel and Send Messages.",
    )


def check_server(server: Server) -> CheckResult:
    """Check what the bot's roles allow on a whole server."""
    without = lacking(server.permissions)
    if not without:
        return CheckResult(
            is_good=True, what=f"{server_name(server)}: the bot has all the permissions it needs."
        )
    losses = " ".join(dict.fromkeys(need.without for need in without))
    return CheckResult(
        is_good=False,
        is_warning=True,  # a channel may allow it all the same
        what=f"{server_name(server)}: the bot's roles are missing {names(without)}. {losses}",
        remedy="Allow it for the bot's role, or in the channels where members request videos.",
    )


def server_name(server: Server) -> str:
    """Return how to call a server in a terminal."""
    return f"{shorten(clean(server.name), NAME_LENGTH)} ({server.id})"


def _name(user: User) -> str:
    return f"{shorten(clean(user.username), NAME_LENGTH)} ({user.id})"


def _check_endpoint(application: Application) -> CheckResult:
    if not application.interactions_endpoint_url:
        return CheckResult(is_good=True, what="Commands arrive over the gateway.")
    return CheckResult(
        is_good=False,
        what="The application has an Interactions Endpoint URL, so commands don't reach the bot.",
        remedy="Clear that field in the developer portal, under General Information.",
    )


def _check_intents(application: Application) -> CheckResult:
    granted = [name for name, bits in PRIVILEGED.items() if application.flags & bits]
    if not granted:
        return CheckResult(is_good=True, what="No privileged intents are turned on, and none are needed.")
    return CheckResult(
        is_good=False,
        is_warning=True,
        what=f"Privileged intents are turned on that the bot doesn't need: {', '.join(granted)}.",
        remedy="Turn them off in the developer portal, under Bot.",
    )


def _check_starts(info: GatewayInfo) -> CheckResult:
    limit = info.session_start_limit
    what = f"{limit.remaining:,} of {limit.total:,} session starts left"
    if limit.remaining > limit.total * FEW_STARTS:
        return CheckResult(is_good=True, what=f"{what}; Discord recommends {info.shards} shard(s).")
    hours = timedelta(milliseconds=limit.reset_after) / timedelta(hours=1)
    return CheckResult(
        is_good=False,
        is_warning=limit.remaining > 0,
        what=f"{what}, for the next {hours:.1f} hours.",
        remedy="Find out what keeps restarting the bot; the log says why it ends.",
    )


async def _check_hello(api: DiscordApi, address: str) -> CheckResult:
    try:
        is_gateway = await api.greet(address)
    except DiscordError as error:
        return _unreadable("The gateway", error)
    if is_gateway:
        return CheckResult(is_good=True, what="The gateway answers.")
    return _unreadable("The gateway", DiscordError("the answer isn't Discord's"))


def _uninvited(application: Application) -> CheckResult:
    address = (
        f"https://discord.com/oauth2/authorize?client_id={application.id}"
        f"&scope=bot+applications.commands&permissions={INVITATION}"
    )
    return CheckResult(
        is_good=False, is_warning=True, what="The bot isn't on any server.", remedy=f"Invite it: {address}"
    )


def _unreadable(what: str, error: DiscordError) -> CheckResult:
    return CheckResult(
        is_good=False,
        what=f"{what}: {error}.",
        remedy="Try again in a few minutes. If this continues, check this machine's network.",
    )
