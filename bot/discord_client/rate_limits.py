"""The longest wait for a rate limit of Discord's, after which a call is an error that says its length."""

import asyncio

from discord.http import HTTPClient

RATE_LIMIT_WAIT_SECONDS = 30.0  # discord.py takes no fewer (`max_ratelimit_timeout`)


class _Gate(asyncio.Event):
    """Holds up all calls while Discord limits the bot as a whole, but never longer than one of them waits.

    discord.py closes it, sleeps and opens it; where the call that does so is cancelled, as by a time-out, it
    would stay closed for good.
    """

    def clear(self) -> None:
        super().clear()
        asyncio.get_running_loop().call_later(RATE_LIMIT_WAIT_SECONDS, self.set)


def bound_global_limit(http: HTTPClient) -> None:
    """Let no call wait for ever after a limit on the whole bot; call it after each login."""
    gate = _Gate()
    gate.set()
    http._global_over = gate  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: not public
