"""The price before the spending: requests that are offered first, where the server wants that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.admission.budgets import BudgetState
from bot.admission.check_request import Admission, Asker, Facts
from bot.admission.limits import Limit, remaining, resolve_limits
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import DraftRow, Generation, Placement, Status
from bot.errors import UserError
from bot.eta.eta import Outlook
from bot.jobs.queue_estimate import Foresight
from bot.requests.confirmation import (
    Consent,
    UnconfirmedError,
    discard,
    fetch_open,
    kept_wishes,
    renew,
    wishes_in,
)
from bot.requests.service import GenerationService, understand
from bot.requests.spec import Wishes

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a member is told before anything is spent.

    Attributes:
        preview: the generation that it would become; it is written down nowhere.
        is_recalled: the price is what such videos did cost, since the provider's list does not tell.
        is_changed: they were told another price a while ago.
        limit: the one that leaves the fewest videos; None: nothing limits them.
        left: how many that limit leaves once this one is made.
        budgets: the server's, as they would stand then.
        outlook: how long the wait would be.
        now: what the outlook is counted from.
    """

    draft: DraftRow
    preview: Generation
    is_recalled: bool
    is_changed: bool
    limit: Limit | None
    left: int
    budgets: Sequence[BudgetState]
    outlook: Outlook
    now: datetime


class Drafts:
    """Requests videos, by an offer where the server wants it, and keeps the offers.

    Args:
        generations: accepts the requests, and says which of them must be offered first.
        admission: the same that decides there.
    """

    def __init__(
        self,
        database: Database,
        generations: GenerationService,
        admission: Admission,
        foresight: Foresight,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._generations = generations
        self._admission = admission
        self._foresight = foresight
        self._clock = clock

    async def ask(self, asker: Asker, wishes: Wishes, consent: Consent | None = None) -> Generation | Offer:
        """Ask for a video: it is accepted, or offered first; raises what `GenerationService.request` does.

        `consent`: the click on the offer of just these wishes.
        """
        try:
            return await self._generations.request(
                asker,
                model=wishes.model,
                prompt=wishes.prompt,
                options=wishes.options,
                pictures=wishes.pictures,
                source_id=wishes.source_id,
                consent=consent,
            )
        except UnconfirmedError as held:
            return await self._offer(asker, held.draft, held.facts, is_changed=held.is_changed)

    async def confirm(self, asker: Asker, draft_id: str, revision: int) -> Generation | Offer:
        """Ask for what a member clicked on, as it was shown at `revision`; all rules are asked anew.

        It is offered once more where its price has changed.

        Raises:
            OfferGoneError: there is no such offer of theirs (any more).
            OfferChangedError: it was changed after that.
            RepeatedError: it was confirmed before.
            Others: what `GenerationService.request` raises; the offer stays.
        """
        draft = await self.find(asker, draft_id)
        return await self.ask(asker, wishes_in(draft), Consent(draft_id, revision))

    async def find(self, asker: Asker, draft_id: str) -> DraftRow:
        """Return a member's own offer.

        Raises:
            OfferGoneError: there is none (any more).
            RepeatedError: it was confirmed before.
            DatabaseBusyError: nothing can be read now.
        """
        return await self._database.read(
            lambda session: fetch_open(session, asker, draft_id, self._clock()), hurried=True
        )

    async def change(self, asker: Asker, draft_id: str, wishes: Wishes) -> Offer:
        """Offer something else instead; nothing is asked for.

        Raises:
            BadRequestError: the options do not make a video.
            RefusedError: a rule of the server does not allow it.
            OfferGoneError, RepeatedError: as `find`.
            DatabaseBusyError: nothing can be recorded now.
        """
        video, now = understand(wishes), self._clock()

        def change(session: Session) -> tuple[DraftRow, Facts, UserError | None]:
            draft = fetch_open(session, asker, draft_id, now)
            facts = self._admission.fetch_facts(session, asker, video, now, is_offer=True)
            refusal = self._admission.decide(session, asker, video, facts, now)
            if refusal is None:
                draft = renew(session, draft, kept_wishes(video, wishes), facts.price, now)
            return draft, facts, refusal

        draft, facts, refusal = await self._database.write(change, asker.guild_id, hurried=True)
        if refusal is not None:
            raise refusal
        return await self._offer(asker, draft, facts, is_changed=False)

    async def repeat(self, asker: Asker, draft_id: str) -> Offer:
        """Offer the same once more, where the member does not see what is offered; raises as `change`."""
        draft = await self.find(asker, draft_id)
        return await self.change(asker, draft_id, wishes_in(draft))

    async def drop(self, asker: Asker, draft_id: str) -> None:
        """Forget an offer.

        Raises:
            OfferGoneError, RepeatedError: as `find`.
        """

        def forget(session: Session) -> None:
            discard(session, fetch_open(session, asker, draft_id, self._clock()))

        await self._database.write(forget, asker.guild_id, hurried=True)

    async def _offer(self, asker: Asker, draft: DraftRow, facts: Facts, *, is_changed: bool) -> Offer:
        now = self._clock()
        preview = preview_of(draft, now)
        limit, left = _tightest(asker, facts, self._admission.daily_limit, now)
        log.info("offered", draft=draft.id, guild=draft.guild_id, user=draft.user_id)
        return Offer(
            draft,
            preview,
            is_recalled=facts.is_recalled,
            is_changed=is_changed,
            limit=limit,
            left=left,
            budgets=[state.after(facts.price or 0) for state in facts.budgets],
            outlook=await self._foresight.outlook(preview),
            now=now,
        )


def preview_of(draft: DraftRow, now: datetime) -> Generation:
    """Return the generation that an offer would become; it belongs to no session."""
    return Generation(
        guild_id=draft.guild_id,
        channel_id=draft.channel_id,
        user_id=draft.user_id,
        placement=Placement.CHANNEL,
        prompt=draft.prompt,
        model=draft.model,
        options=dict(draft.options),
        status=Status.QUEUED,
        created_at=now,
    )


def _tightest(asker: Asker, facts: Facts, daily_limit: int, now: datetime) -> tuple[Limit | None, int]:
    """Return the limit that leaves the fewest videos after one more, and how many; None: there is none."""
    limits = resolve_limits(
        facts.policy.rules, facts.standing, asker.user_id, asker.role_ids, daily_limit, now
    )
    lefts = [(limit, remaining(limit, facts.use, now)) for limit in limits]
    limited = [(limit, left - 1) for limit, left in lefts if left is not None]
    return min(limited, key=lambda found: found[1], default=(None, 0))
