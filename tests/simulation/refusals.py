"""What Discord says when it refuses, as discord.py raises it."""

from types import SimpleNamespace
from typing import Any, cast

import discord

KINDS = {403: discord.Forbidden, 404: discord.NotFound}


def refused(status: int, code: int, message: str) -> discord.HTTPException:
    """Return the error for an answer with this status and Discord's own code."""
    return KINDS[status](_response(status), {"code": code, "message": message})


def no_answer() -> discord.HTTPException:
    """Return the error for a call of which nobody knows what became of it."""
    return discord.DiscordServerError(_response(503), "the answer is lost")


def _response(status: int) -> Any:
    return cast("Any", SimpleNamespace(status=status, reason=""))
