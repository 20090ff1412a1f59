"""Asking for a video, however it is done: the answer is its card or, where the server wants it, an offer."""

import asyncio
from functools import partial

import structlog

from bot.db.models import Generation
from bot.discord_client.replies import LATE, SENT
from bot.requests.quotes import Quote
from bot.requests.spec import RequestSpec
from cogs.ui.interaction import Interaction
from cogs.ui.markup_names import spec_in_words
from cogs.ui.requester import ensure_inside, requester_of
from cogs.veo.answer import answer_with, follow_with_card, send_card
from cogs.veo.quote_buttons import quote_message

# Discord wants an answer within 3 s. After this long we say "thinking", which leaves time for that call.
DEFER_AFTER_SECONDS = 1.0
# Its answer to that is not waited for longer: the card must be there before the runner looks for one
# (`ANSWER_GRACE`), or two are shown.
DEFER_TIMEOUT = 3.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def ask(interaction: Interaction, spec: RequestSpec) -> None:
    """Accept the request and answer with its card, which the runner carries on; or answer with the offer.

    Where the member sees "thinking" already, for themselves alone, the answer takes its place.

    Raises:
        UserError: it is refused, and nobody was answered yet, or shown more than "thinking".
    """
    services = interaction.client.services
    requester, spec = requester_of(interaction), spec_in_words(interaction, spec)
    await ensure_inside(interaction)
    decision = asyncio.create_task(services.quotes.ask(requester, spec), name=f"decide {interaction.id}")
    is_late = interaction.response.is_done() or await _has_to_wait(interaction, decision)
    answer = await decision
    if isinstance(answer, Generation):
        send = follow_with_card if is_late else send_card
        await answer_with(services.generations, answer.id, partial(send, interaction, answer))
    elif is_late:
        await interaction.edit_original_response(**quote_message(answer))
    else:
        await interaction.response.send_message(**quote_message(answer), ephemeral=True)


async def _has_to_wait(interaction: Interaction, decision: asyncio.Task[Generation | Quote]) -> bool:
    """Wait for the decision for a moment; where many wait for theirs, let the member see "thinking" then.

    The member alone sees that: most answers that are not a card are private, and Discord keeps it so.
    """
    await asyncio.wait({decision}, timeout=max(0.0, DEFER_AFTER_SECONDS - interaction.extras.get(LATE, 0.0)))
    if decision.done():
        return False
    interaction.extras[SENT] = True
    try:
        async with asyncio.timeout(DEFER_TIMEOUT):
            await interaction.response.defer(ephemeral=True, thinking=True)
    # discord.py raises whatever it stumbles over where Discord's word on it cannot be read.
    except Exception as error:  # noqa: BLE001 the decision is under way
        # It may be shown all the same; the answer will tell.
        log.warning(
            "could not show that a request is taking longer", interaction=interaction.id, error=repr(error)
        )
    return True
