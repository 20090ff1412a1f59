"""The real bot, made to kill itself with SIGKILL at a named point: `python killable.py`.

Environment, beside the bot's own settings:
    KILL_AT: `module:Class.method:before` or `…:after`: at the first call of that method, or `…:after:2`: at
        the second one. `…:found`: after the first call that returned something. `…:during`: once it has
        started another program. Empty: never.
    FULL_DISK: the share of all downloads that find the disk full.
    CALL_SECONDS: that one call to the provider may take; without it as many as ever.
    UPLOAD_SECONDS: that one upload may take; without it ten minutes.
    FAST: waits and time-outs are cut to seconds, so that a test need not take minutes; but not an answer's,
        whose card alone is looked for sooner.
"""

# pyright: reportPrivateUsage=false

import asyncio
import errno
import functools
import importlib
import os
import random
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse

import bot.app.serve
import bot.app.shared
import bot.db.database
import bot.media.downloads
import bot.requests.rows
import cogs.delivery.failed_destinations
import cogs.delivery.posting
from bot.app.application import timing_of
from bot.jobs.steps.timing import Timing
from bot.log import configure_logging
from bot.provider.client import VeoClient
from bot.settings import load_settings

ANSWER_SECONDS = 60.0  # that an answer may take: a machine that stands still is not what is tested
GRACE = timedelta(seconds=8)  # in which the card may be on its way
REFUSAL_SECONDS = 3.0  # for which a place that refused is left alone


def fast(timing: Timing) -> Timing:
    """Return a timing for tests; the intervals and the deadline are the settings'."""
    return Timing(
        poll_interval=timing.poll_interval,
        deadline=timing.deadline,
        card_interval=timing.card_interval,
        account_wait=timedelta(seconds=1),
        busy_wait=timedelta(seconds=0.5),
        lookup_wait=timedelta(seconds=0.2),
        lookup_longest_wait=timedelta(seconds=1),
        lookup_window=timedelta(seconds=float(os.environ.get("LOOKUP_WINDOW", "20"))),
        call_window=timedelta(seconds=1),
        stated_window=timedelta(seconds=0.2),
        doubt_window=timedelta(seconds=0.5),
        late_wait=timedelta(seconds=0.5),
        fetch_wait=timedelta(seconds=0.5),
        delivery_wait=timedelta(seconds=0.5),
        undeliverable_wait=timedelta(seconds=0.5),
        undeliverable_window=timedelta(seconds=20),
    )


def plant(point: str) -> None:
    """Replace the named method by one that kills this process before, while or after it does its work."""
    module_name, path, moment, *times = point.split(":")
    left = int(times[0]) if times else 1
    class_name, method_name = path.split(".")
    owner = getattr(importlib.import_module(module_name), class_name)
    method: Callable[..., Awaitable[Any]] = getattr(owner, method_name)

    @functools.wraps(method)
    async def killing(*arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        is_now = left == 0 or moment == "found"
        if is_now and moment == "before":
            kill()
        if is_now and moment == "during":
            kill_beside_a_program()
        result = await method(*arguments, **options)
        if is_now and (moment == "after" or result):
            kill()
        return result

    setattr(owner, method_name, killing)


def kill() -> None:
    """Let this process end at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_beside_a_program() -> None:
    """Let this process end as soon as it has started another one, which goes on."""
    start = asyncio.create_subprocess_exec

    @functools.wraps(start)
    async def starting(*arguments: Any, **options: Any) -> Any:
        await start(*arguments, **options)
        kill()

    asyncio.create_subprocess_exec = starting


def fill_disk(share: float) -> None:
    """Let writing a download fail now and then, as on a full disk."""
    write = bot.media.downloads._write

    async def failing(response: ClientResponse, path: Path, most: int) -> None:
        if random.random() < share:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        await write(response, path, most)

    bot.media.downloads._write = failing


def main() -> None:
    """Run the bot as `python -m bot run` does."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format, [settings.discord_token, settings.aimlapi_key])
    if point := os.environ.get("KILL_AT"):
        plant(point)
    if share := os.environ.get("FULL_DISK"):
        fill_disk(float(share))
    if seconds := os.environ.get("CALL_SECONDS"):
        bot.app.shared.VeoClient = functools.partial(VeoClient, timeout=float(seconds))
    if seconds := os.environ.get("UPLOAD_SECONDS"):
        cogs.delivery.posting.UPLOAD_TIMEOUT = float(seconds)
    timing = timing_of(settings)
    if os.environ.get("FAST"):
        timing = fast(timing)
        cogs.delivery.failed_destinations.REFUSAL_TTL_SECONDS = REFUSAL_SECONDS
        bot.db.database.ANSWER_PATIENCE = ANSWER_SECONDS
        bot.requests.rows.ANSWER_GRACE = GRACE
    asyncio.run(bot.app.serve.run(settings, timing=timing))


if __name__ == "__main__":
    main()
