"""Running the bot: logging in, staying connected, working, and stopping in order."""

import asyncio
import signal
from contextlib import suppress
from itertools import count

import aiohttp
import discord
import structlog
from pydantic import SecretStr

from bot.app import App, open_app
from bot.client import VeoBot
from bot.database import DatabaseBusyError
from bot.roles import Role
from bot.settings import Settings
from bot.timing.pacing import retry_delay
from bot.watch.hang import ended_when_hung
from bot.work.steps.errors import StoppingError
from bot.work.steps.timing import Timing, pause

TOKEN_REFUSED = 4004  # the gateway's close code

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class TokenRefusedError(Exception):
    """Discord refuses the bot's token."""


async def run(settings: Settings, *, timing: Timing | None = None) -> None:
    """Run the bot until SIGINT or SIGTERM, then close everything in order; one that hangs ends at once.

    Args:
        settings: what the operator chose.
        timing: in place of what the settings say.

    Raises:
        DatabaseError: the database cannot be used.
        TokenRefusedError: Discord refuses the token.
    """
    async with ended_when_hung(), open_app(settings, timing=timing) as app:
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signal_number, app.stop)
        async with app.client:
            with suppress(StoppingError):
                await _log_in(app, settings.discord_token)
                await _serve(app, settings.discord_token)
    log.info("stopped")


async def _log_in(app: App, token: SecretStr) -> None:
    """Log in, however long Discord cannot be reached.

    Raises:
        TokenRefusedError: Discord refuses the token.
        StoppingError: the program is to stop.
    """
    for attempt in count():
        try:
            await app.client.login(token.get_secret_value())
        except discord.LoginFailure as error:
            raise TokenRefusedError from error
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("Discord cannot be reached yet", error=str(error) or type(error).__name__)
        except DatabaseBusyError:
            log.warning("it cannot be read yet what Discord was told about the commands")
        else:
            return
        await app.client.http.close()
        app.client.http.connector = discord.utils.MISSING  # closed with the session; discord.py would keep it
        await pause(retry_delay(attempt), app.stopping)


async def _serve(app: App, token: SecretStr) -> None:
    """Serve until `app.stop()`; an end of the gateway for another reason ends the tasks too.

    Raises:
        TokenRefusedError: the token was reset while the program ran.
    """
    if app.gateway is None:
        log.info("ready", role=Role.WORKER.value, name=str(app.client.user))
        await app.run_tasks()
        return
    try:
        async with asyncio.TaskGroup() as group:
            gateway = group.create_task(_stay_connected(app, app.gateway.bot, token), name="gateway")
            await app.run_tasks()
            await app.client.close()
            gateway.cancel()  # it may be waiting before its next try, for minutes
    except* TokenRefusedError as errors:
        raise TokenRefusedError from errors


async def _stay_connected(app: App, bot: VeoBot, token: SecretStr) -> None:
    """Keep the gateway open; discord.py reconnects by itself once the first connection has worked.

    Raises:
        TokenRefusedError: the token is not valid any more.
    """
    for attempt in count():
        try:
            await bot.connect()
        except discord.ConnectionClosed as error:
            if error.code == TOKEN_REFUSED:
                raise TokenRefusedError from error
            raise
        # discord.py fails in its own error handling when the very first connection does not open, and
        # a malformed event ends `connect`; both are worth another try.
        except Exception as error:  # noqa: BLE001 whatever it is, members wait for an answer
            log.warning("the gateway cannot be reached yet", error=str(error.__context__ or error))
            if (socket := bot.ws) is not None:  # pyright: ignore[reportUnnecessaryComparison]: None at first
                await socket.close()
        else:
            return
        try:
            await pause(retry_delay(attempt), app.stopping)
            await _ensure_open(app, bot, token)
        except StoppingError:
            return


async def _ensure_open(app: App, bot: VeoBot, token: SecretStr) -> None:
    """Log in anew where discord.py has closed the client: it does when one of several shards has an error.

    Raises:
        TokenRefusedError: the token is not valid any more.
        StoppingError: the program is to stop.
    """
    if not bot.is_closed():
        return
    bot.clear()
    bot.http.connector = discord.utils.MISSING  # closed as well
    await _log_in(app, token)
