"""A server that gives strikes for a blocked word, in which members ask moderators."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.admission.check_request import Admission
from bot.admission.denials import RefusedError
from bot.db.database import Database
from bot.db.guild_models import AppealDecision, StrikeRow
from bot.moderation.appeals import Appeals
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from bot.moderation.strikes import Strikes
from bot.policy.documents import Block, Step
from bot.policy.store import fetch_member_policy
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, new_requester

MONA = Moderator(1, 9)
ALICE = Moderator(1, new_requester().user_id)
SPEC = RequestSpec(MODEL, "a zebra", {})


@dataclass
class Room:
    """A server with strikes, in which a member asks and a moderator answers."""

    service: GenerationService
    database: Database
    clock: StoppedClock
    sent: int = 100

    @property
    def appeals(self) -> Appeals:
        """What members ask."""
        return Appeals(self.database, self.clock)

    @property
    def decisions(self) -> Decisions:
        """What moderators' services share."""
        return Decisions(self.database, self.clock)

    async def refused(self, prompt: str = SPEC.prompt) -> RefusedError:
        """Send the request, which is refused, and return how."""
        self.sent += 1
        self.clock.advance(timedelta(minutes=1))
        with pytest.raises(RefusedError) as refused:
            await self.service.request(new_requester(interaction_id=self.sent), replace(SPEC, prompt=prompt))
        return refused.value

    async def ask(self, refusal: RefusedError) -> str:
        """Let the member ask about a refusal; return the appeal's ID."""
        assert refusal.appeal_id is not None, "there is nothing to ask about"
        await self.appeals.ask(ALICE, refusal.appeal_id, "please")
        return refusal.appeal_id

    async def answer(self, refusal: RefusedError, decision: AppealDecision) -> None:
        """Let the member ask about a refusal, and decide."""
        await self.appeals.decide(MONA, await self.ask(refusal), decision)

    async def climb(self, *steps: timedelta | None) -> None:
        """Let the first strike, the second, and so on block for so long; None: until a moderator ends it."""
        ladder = (
            Step(strikes=number, pause=None if pause is None else int(pause.total_seconds()))
            for number, pause in enumerate(steps, start=1)
        )
        await Strikes(self.decisions).change(MONA, steps=tuple(ladder))

    async def count_strikes(self) -> int:
        """Return how many strikes nobody has forgiven."""
        unforgiven = select(StrikeRow).where(StrikeRow.forgiven_at.is_(None))
        return len(await self.database.read(lambda session: session.scalars(unforgiven).all()))

    async def block(self) -> Block | None:
        """Return the member's block."""
        member = await self.database.read(lambda session: fetch_member_policy(session, 1, ALICE.user_id))
        return member.block


async def striking_service(database: Database, clock: StoppedClock) -> GenerationService:
    """Return the service on a server that gives strikes for one word."""
    decisions = Decisions(database, clock)
    await Moderation(decisions).add_word(MONA, "zebra")
    await Strikes(decisions).change(MONA, is_on=True)
    admission, never = Admission(FixedPrices(1.0), daily_limit=100), asyncio.Event()
    return GenerationService(database, admission=admission, work=never, stopping=never, clock=clock)


async def open_room(database: Database, clock: StoppedClock) -> Room:
    """Return a server whose moderators can be asked; strikes block nobody."""
    room = Room(await striking_service(database, clock), database, clock)
    await Moderation(room.decisions).change_settings(MONA, {"moderators_channel_id": 5})
    await Strikes(room.decisions).change(MONA, steps=(Step(strikes=99, pause=None),))
    return room
