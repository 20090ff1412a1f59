"""Before anything is spent: whether the bot is on the server, and whether the request's card can be seen."""

import structlog

from bot.db.models import Generation, Status, waits_since
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.jobs.steps.base import Step
from bot.jobs.steps.errors import postponed

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Readiness(Step):
    """Lets only those requests go on whose video somebody waits for and can be shown."""

    async def ensure(self, generation: Generation) -> Generation:
        """Return the row with its card, or ended: `cancelled` where the bot was removed, else `failed`.

        Raises:
            StepPostponedError: Discord cannot show the card now; nothing is sent meanwhile.
        """
        if await self._delivery.is_gone(generation):
            log.warning("cancelled because the bot was removed from the server", guild=generation.guild_id)
            return await self._queue.move(
                generation, Status.CANCELLED, cancelled_by=None, finished_at=self._clock()
            )
        if generation.card_id is not None:
            return generation
        try:
            card_id = await self._show_card(generation)
        except UndeliverableError as error:
            log.warning("could not post a card", reason=str(error))
            return await self._queue.fail(generation, FailureKind.UNSHOWN, None)
        except DeliveryPostponedError as error:
            log.warning("could not post a card yet", reason=str(error))
            if not self._patience.lasts(generation.id, waits_since(generation), self._timing.card_window):
                return await self._queue.fail(generation, FailureKind.UNSHOWN, None)
            raise postponed(error, self._timing) from error
        return await self._queue.update(generation, card_id=card_id)

    async def _show_card(self, generation: Generation) -> int:
        """Return the id of the card: Discord's answer to the one that was sent may be lost."""
        found = await self._delivery.find_card(generation)
        return await self._delivery.post_card(generation) if found is None else found
