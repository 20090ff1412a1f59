"""The composition root: opens every part in order, ties them together, closes them in reverse."""

import asyncio
import secrets
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import aiohttp
import discord
import structlog
from pydantic import SecretStr

from bot.client import VeoBot, use_addresses
from bot.clock import utc_now
from bot.database import open_database
from bot.generations import GenerationService
from bot.media import VideoStore
from bot.pacing import retry_delay
from bot.queue import GenerationQueue
from bot.runner import Runner
from bot.settings import Settings
from bot.steps.errors import StoppingError
from bot.steps.handover import Handover
from bot.steps.polling import Polling
from bot.steps.submission import Submission
from bot.steps.timing import Timing, pause
from bot.veo.client import VeoClient
from bot.workflow import Workflow
from cogs.ui.delivery import DiscordDelivery

TOKEN_REFUSED = 4004  # the gateway's close code

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class TokenRefusedError(Exception):
    """Discord refuses the bot's token."""


@dataclass(frozen=True, slots=True)
class App:
    """The opened parts that somebody outside starts or asks: the client, the runner, the service."""

    bot: VeoBot
    runner: Runner
    generations: GenerationService
    work: asyncio.Event
    stopping: asyncio.Event

    def stop(self) -> None:
        """Ask the runner to end; `runner.run()` returns when it has."""
        self.stopping.set()
        self.work.set()


def timing_of(settings: Settings) -> Timing:
    """Return the timing that the settings ask for."""
    return Timing(
        poll_interval=timedelta(seconds=settings.poll_interval),
        deadline=timedelta(seconds=settings.generation_deadline),
    )


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    timing: Timing | None = None,
    connector: aiohttp.BaseConnector | None = None,
) -> AsyncGenerator[App]:
    """Open all parts; nothing runs yet.

    Args:
        settings: what the operator chose.
        timing: in place of what the settings say.
        connector: how the HTTP session reaches the provider; by default aiohttp's own.

    Raises:
        DatabaseError: the database cannot be used.
    """
    timing = timing or timing_of(settings)
    use_addresses(settings.discord_api_base, settings.discord_gateway_url)
    work, stopping = asyncio.Event(), asyncio.Event()
    async with (
        open_database(settings.resolved_database_url) as database,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        generations = GenerationService(
            database, daily_limit=settings.default_daily_limit, work=work, stopping=stopping
        )
        bot = VeoBot(database=database, generations=generations)
        veo = VeoClient(
            session,
            settings.aimlapi_base_url,
            settings.aimlapi_key,
            legacy_urls=settings.aimlapi_legacy_urls,
        )
        queue = GenerationQueue(
            database,
            secrets.token_hex(8),
            max_running=settings.max_running,
            lease=timedelta(seconds=settings.lease_seconds),
        )
        delivery = DiscordDelivery(bot)
        videos = VideoStore(session, settings.data_dir / "videos")
        videos.discard_all_but(await queue.list_unfinished())
        workflow = Workflow(
            queue,
            delivery,
            submission=Submission(queue, veo, timing, utc_now),
            polling=Polling(queue, veo, delivery, timing, utc_now, stopping),
            handover=Handover(queue, videos, delivery, timing, utc_now),
        )
        runner = Runner(queue, workflow, work=work, stopping=stopping)
        yield App(bot, runner, generations, work, stopping)


async def run(settings: Settings, *, timing: Timing | None = None) -> None:
    """Run the bot until SIGINT or SIGTERM, then close everything in order.

    Args:
        settings: what the operator chose.
        timing: in place of what the settings say.

    Raises:
        DatabaseError: the database cannot be used.
        TokenRefusedError: Discord refuses the token.
    """
    async with open_app(settings, timing=timing) as app:
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signal_number, app.stop)
        async with app.bot:
            with suppress(StoppingError):
                await _log_in(app, settings.discord_token)
                await _serve(app)
    log.info("stopped")


async def _log_in(app: App, token: SecretStr) -> None:
    """Log in, however long Discord cannot be reached.

    Raises:
        TokenRefusedError: Discord refuses the token.
        StoppingError: the program is to stop.
    """
    for attempt in count():
        try:
            await app.bot.login(token.get_secret_value())
        except discord.LoginFailure as error:
            raise TokenRefusedError from error
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("Discord cannot be reached yet", error=str(error) or type(error).__name__)
            await app.bot.http.close()
            app.bot.http.connector = (
                discord.utils.MISSING
            )  # closed with the session; discord.py would keep it
        else:
            return
        await pause(retry_delay(attempt), app.stopping)


async def _serve(app: App) -> None:
    """Serve until `app.stop()`; an end of the gateway for another reason ends the runner too.

    Raises:
        TokenRefusedError: the token was reset while the program ran.
    """
    try:
        async with asyncio.TaskGroup() as group:
            gateway = group.create_task(_stay_connected(app), name="gateway")
            await app.runner.run()
            await app.bot.close()
            gateway.cancel()  # it may be waiting before its next try, for minutes
    except* TokenRefusedError as errors:
        raise TokenRefusedError from errors


async def _stay_connected(app: App) -> None:
    """Keep the gateway open; discord.py reconnects by itself once the first connection has worked.

    Raises:
        TokenRefusedError: the token is not valid any more.
    """
    for attempt in count():
        try:
            await app.bot.connect()
        except discord.ConnectionClosed as error:
            if error.code == TOKEN_REFUSED:
                raise TokenRefusedError from error
            raise
        # discord.py fails in its own error handling when the very first connection does not open, and
        # a malformed event ends `connect`; both are worth another try.
        except Exception as error:  # noqa: BLE001 whatever it is, members wait for an answer
            log.warning("the gateway cannot be reached yet", error=str(error.__context__ or error))
            if (socket := app.bot.ws) is not None:  # pyright: ignore[reportUnnecessaryComparison]: None at first
                await socket.close()
        else:
            return
        try:
            await pause(retry_delay(attempt), app.stopping)
        except StoppingError:
            return
