"""Discord's word on an answer to an interaction: where it cannot be read, the answer was taken all the same.

Without this, discord.py's own error would reach the member as "Something went wrong", after what they did.
"""

from typing import Any

import discord
import structlog
from discord.webhook.async_ import AsyncWebhookAdapter

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_send = AsyncWebhookAdapter.create_interaction_response


class CallbackResponse(discord.InteractionCallbackResponse[Any]):
    """discord.py's own; what cannot be read is not known, and so neither is the message."""

    def _update(self, data: Any) -> None:
        try:
            super()._update(data)
        except Exception as error:  # noqa: BLE001 discord.py raises whatever it stumbles over
            log.warning("could not read Discord's response to an answer", reason=repr(error))
            self.id = self._parent.id
            self._thinking = self._ephemeral = False
            self.message_id = self.activity_id = self.resource = None


async def _send_and_forgive(self: AsyncWebhookAdapter, *arguments: Any, **options: Any) -> Any:
    try:
        return await _send(self, *arguments, **options)
    except ValueError as error:  # half of it, or no JSON
        log.warning("Discord's response to an answer isn't JSON", reason=str(error))
        return {}


def forgive_answers() -> None:
    """Let all clients of this process read these words so; discord.py has no setting for that."""
    discord.interactions.InteractionCallbackResponse = CallbackResponse
    AsyncWebhookAdapter.create_interaction_response = _send_and_forgive
