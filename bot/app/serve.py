"""Running the bot: logging in, staying connected, working, and stopping in order."""

import asyncio
import gc
import signal
from contextlib import suppress
from itertools import count

import aiohttp
import discord
import structlog
from pydantic import SecretStr

from bot.app.application import App, open_app
from bot.discord_client.client import VeoBot
from bot.errors import DatabaseBusyError
from bot.eta.pacing import retry_delay
from bot.jobs.steps.timing import Timing
from bot.monitoring.loop_lag import ended_when_hung
from bot.roles import Role
from bot.settings import Settings
from bot.signals import StoppingError, pause
from bot.system_errors import words_of

LOGIN_REFUSED = "DISCORD_TOKEN: Discord rejects it. Copy it again from the developer portal"
# The gateway's close codes after which the same settings would be refused again (Discord's reference,
# "Gateway Close Event Codes").
REFUSALS = {
    4004: LOGIN_REFUSED,
    4010: "SHARD_IDS: Discord has no such shard of this bot. Check SHARD_COUNT",
    4011: "SHARD_COUNT: the bot is on too many servers for so few shards. Set a higher number",
}
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)
STABLE = 600.0  # seconds that a connection lasted after which its end is no sign of trouble

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class DiscordRefusedError(Exception):
    """Discord does not let the bot in; `str()` names the setting and says what to do."""


async def run(settings: Settings, *, timing: Timing | None = None) -> None:
    """Run the bot until SIGINT, SIGTERM or SIGHUP, then close all in order; one that hangs ends at once.

    Args:
        settings: what the operator chose.
        timing: in place of what the settings say.

    Raises:
        DatabaseError: the database cannot be used.
        FolderError: there can be no files.
        ListenError: the address of the server for those who watch cannot be listened on.
        DiscordRefusedError: Discord refuses the token, or its shards.
    """
    async with ended_when_hung(), open_app(settings, timing=timing) as app:
        # What is there now stays to the end. To look through it at each full collection of garbage would stop
        # the loop for a tenth of a second (`benchmarks/replay.py`).
        gc.freeze()
        loop = asyncio.get_running_loop()
        # A terminal that is closed ends the program, unless it was started with nohup.
        hangup = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
        for signal_number in (signal.SIGINT, signal.SIGTERM, *hangup):
            loop.add_signal_handler(signal_number, app.stop)
        async with app.client:
            with suppress(StoppingError):
                await _log_in(app, settings.discord_token)
                await _serve(app, settings.discord_token)
    log.info("stopped")


async def _log_in(app: App, token: SecretStr) -> None:
    """Log in, however long Discord cannot be reached.

    Raises:
        DiscordRefusedError: Discord rejects the token.
        StoppingError: the program is to stop.
    """
    for attempt in count():
        try:
            await app.client.login(token.get_secret_value())
        except discord.LoginFailure as error:
            raise DiscordRefusedError(LOGIN_REFUSED) from error
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError) as error:
            log.warning("could not reach Discord yet", error=words_of(error))
        # A network's own page in place of the answer, as before one has signed in to it.
        except UNREADABLE as error:
            log.warning(
                "could not reach Discord yet: something else answers in its place",
                error=type(error).__name__,
            )
        except DatabaseBusyError:
            log.warning("could not read the record of synced commands yet")
        else:
            return
        await app.client.http.close()
        app.client.http.connector = discord.utils.MISSING  # closed with the session; discord.py would keep it
        await pause(retry_delay(attempt), app.stopping)


async def _serve(app: App, token: SecretStr) -> None:
    """Serve until `app.stop()`; where the gateway ends for another reason, the tasks are asked to end too.

    Raises:
        DiscordRefusedError: the token was reset while the program ran, or the shards are not enough.
    """
    if app.gateway is None:
        log.info("ready", role=Role.WORKER.value, name=str(app.client.user))
        await app.run_tasks()
        return
    gateway = asyncio.create_task(_stay_connected(app, app.gateway, token), name="gateway")
    gateway.add_done_callback(lambda _: app.stop())
    try:
        await app.run_tasks()
    finally:
        await app.client.close()
        gateway.cancel()  # it may be waiting before its next try, for minutes
        with suppress(asyncio.CancelledError):
            await gateway


async def _stay_connected(app: App, bot: VeoBot, token: SecretStr) -> None:
    """Keep the gateway open; discord.py reconnects by itself once the first connection has worked.

    Raises:
        DiscordRefusedError: the token is not valid any more, or the shards are not enough.
    """
    failures, clock = 0, asyncio.get_running_loop().time
    with suppress(StoppingError):
        while not app.stopping.is_set():
            began = clock()
            await _connect(bot)
            failures = 0 if clock() - began > STABLE else failures
            await pause(retry_delay(failures), app.stopping)
            failures += 1
            await _ensure_open(app, bot, token)


async def _connect(bot: VeoBot) -> None:
    """Hold one connection to its end.

    Raises:
        DiscordRefusedError: the next one would be refused as well.
    """
    try:
        await bot.connect()
    except discord.ConnectionClosed as error:
        if error.code in REFUSALS:
            raise DiscordRefusedError(REFUSALS[error.code]) from error
        raise
    # discord.py fails in its own error handling when the very first connection does not open, and
    # a malformed event ends `connect`; both are worth another try.
    except Exception as error:  # noqa: BLE001 whatever it is, members wait for an answer
        log.warning("could not reach the gateway yet", error=words_of(error.__context__ or error))
        if (socket := bot.ws) is not None:  # pyright: ignore[reportUnnecessaryComparison]: None at first
            await socket.close()


async def _ensure_open(app: App, bot: VeoBot, token: SecretStr) -> None:
    """Log in anew where discord.py has closed the client: it does when one of several shards has an error.

    Raises:
        DiscordRefusedError: the token is not valid any more.
        StoppingError: the program is to stop.
    """
    if not bot.is_closed():
        return
    await bot.reopen()
    await _log_in(app, token)
