"""The one place where an error becomes a reply, and where whoever is too fast is told so."""

import secrets
import time
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.admission.cooldown import TOO_LATE, Cooldown, Pace
from bot.admission.denials import RefusedError
from bot.discord_client.interaction_payload import BAD_VALUE, OUTDATED
from bot.errors import AlreadyRequestedError, DatabaseBusyError, UserError
from bot.i18n import N_, _

# Discord's own codes: the interaction is not there any more, so there is nobody to answer.
NOBODY_TO_ANSWER = frozenset({10062, 10015, 50027})
ALREADY_ANSWERED = 40060

# In `Interaction.extras`.
SENT = "sent"  # an answer of ours that Discord may have taken
LATE = "late"  # how many seconds later than others it reached us

TOO_FAST = N_("That was too fast. Wait a few seconds and try again. This didn't count toward your limit.")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def is_served(interaction: discord.Interaction[Any]) -> bool:
    """Return whether an interaction is served: not if it comes too late to be answered, or too fast."""
    late = interaction.client.services.lateness.record(interaction.created_at.timestamp(), time.monotonic())
    interaction.extras[LATE] = late
    if late >= TOO_LATE:
        # Discord has told the person that the application did not respond.
        log.warning("too late to answer", seconds=round(late, 1), interaction=interaction.id)
        return False
    return await _keep_pace(interaction)


async def _keep_pace(interaction: discord.Interaction[Any]) -> bool:
    """Return whether somebody isn't too fast; one who is gets the answer here.

    Discord calls an interaction without an answer failed, so each costs one call, and nothing else: no
    database, and a line in the log for the first in a while. Further clicks are taken without a word; a
    command or a form has no such answer, and gets the sentence again.
    """
    cooldown: Cooldown = interaction.client.services.cooldown
    pace = cooldown.count(interaction.user.id, time.monotonic())
    if pace is Pace.FINE:
        return True
    if pace is Pace.TOO_FAST:
        log.info("too fast", user=interaction.user.id, guild=interaction.guild_id)
    is_click = interaction.type is discord.InteractionType.component
    try:
        if is_click and pace is Pace.STILL_TOO_FAST:
            await interaction.response.defer()
        else:
            await interaction.response.send_message(_(TOO_FAST), ephemeral=True)
    except discord.HTTPException as failure:
        log.debug("could not ask a member to slow down", code=failure.code, interaction=interaction.id)
    return False


async def reply_with_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Tell the person, and only them, what went wrong with what they did."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if isinstance(cause, discord.HTTPException) and cause.code in NOBODY_TO_ANSWER:
        log.warning("answered too late", code=cause.code, interaction=interaction.id)
        return
    if isinstance(cause, AlreadyRequestedError):
        log.warning("another process answered this interaction", interaction=interaction.id)
        return
    text = _text(interaction, cause)
    try:
        await _tell(interaction, text, interaction.client.way_on(cause))
    except discord.HTTPException as failure:
        log.warning("could not show an error", code=failure.code, interaction=interaction.id)
    else:
        await record_shown(interaction, cause)


async def record_shown(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Remember that a person was shown a refusal that tells of a strike; else a message tells it."""
    if not isinstance(error, RefusedError) or error.strike_id is None:
        return
    try:
        await interaction.client.services.strikes.record_shown(error.strike_id)
    except DatabaseBusyError as busy:
        log.warning("a strike will be announced twice", strike=error.strike_id, error=str(busy))


async def _tell(interaction: discord.Interaction[Any], text: str, view: discord.ui.View | None) -> None:
    """Answer privately; `view`: what the person can do now."""
    buttons = discord.utils.MISSING if view is None else view
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(text, ephemeral=True, view=buttons)
        except discord.HTTPException as failure:
            if failure.code != ALREADY_ANSWERED or SENT not in interaction.extras:
                raise
        else:
            return
    await interaction.followup.send(text, ephemeral=True, view=buttons)


def _text(interaction: discord.Interaction, error: Exception) -> str:
    match error:
        case UserError():
            log.info(
                "refused", kind=type(error).__name__, user=interaction.user.id, guild=interaction.guild_id
            )
            return str(error)
        case app_commands.TransformerError():
            return _(BAD_VALUE)
        case app_commands.CommandSignatureMismatch() | app_commands.CommandNotFound():
            return _(OUTDATED)
        case _:
            reference = secrets.token_hex(4)
            log.error("a command failed", reference=reference, exc_info=error)
            return _(
                "Something went wrong on our side. Please try again. If it happens again, give "
                "a moderator this ID: `{reference}`.",
                reference=reference,
            )
