"""What members and moderators have in common: they come to one of the processes, and read why it refuses."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import discord

from bot.errors import AlreadyRequestedError, UserError
from bot.jobs.ports import DeliveryPostponedError
from bot.services import Services

if TYPE_CHECKING:
    from tests.simulation.process import Process

EPOCH = datetime(2030, 1, 1, 8, tzinfo=UTC)  # a morning
DAY = 86_400.0
MODERATOR = 7

Visit = Callable[["Process"], Coroutine[Any, Any, object]]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on a server."""

    guild_id: int
    user_id: int


def services_of(process: "Process") -> Services:
    """Return what a process that runs serves with."""
    assert process.opened is not None
    return process.opened.services


async def politely(process: "Process", visit: Visit) -> None:
    """Serve somebody, who reads why it was refused."""
    try:
        await visit(process)
    except AlreadyRequestedError:
        process.world.note(process.name, "has that interaction already")
    except UserError as error:
        process.world.note(process.name, f"refuses: {type(error).__name__}")
    except (discord.HTTPException, DeliveryPostponedError) as error:
        process.world.note(process.name, f"could not answer: {error}")
