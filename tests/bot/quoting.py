"""The service of offers on a database of its own, and members who use it."""

import asyncio
from datetime import timedelta
from typing import Any

from bot.admission.check_request import Admission
from bot.db.database import Database
from bot.db.models import Generation, QuoteRow
from bot.eta.duration_estimator import DurationEstimator
from bot.films.service import Films
from bot.jobs.position_updater import QueueEstimate
from bot.jobs.queue import GenerationQueue
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.rules import QuotaRules
from bot.moderation.service import Moderation
from bot.policy.documents import Policy
from bot.requests.quotes import Quote, Quotes
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from sandbox.recent import list_recent
from tests.bot.clocks import StoppedClock
from tests.bot.engine import LEASE
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, new_requester

PRICE = 3_120_000.0  # credits
MODERATOR = Moderator(guild_id=1, user_id=99)
WISHES = RequestSpec(MODEL, PROMPT, {"duration": 4})


class Desk:
    """Everything that offers need, on one database; prices are in the test's hands."""

    def __init__(
        self, database: Database, clock: StoppedClock, *, daily_limit: int = 5, max_waiting: int | None = 100
    ) -> None:
        self.database = database
        self.clock = clock
        self.prices = FixedPrices(PRICE)
        self.stopping = asyncio.Event()
        decisions = Decisions(database, clock)
        self.moderation = Moderation(decisions)
        self.rules = QuotaRules(decisions, daily_limit=daily_limit)
        admission = Admission(self.prices, daily_limit=daily_limit, max_waiting=max_waiting)
        self.generations = GenerationService(
            database, admission=admission, work=asyncio.Event(), stopping=self.stopping, clock=clock
        )
        queue = GenerationQueue(database, "one", max_running=2, lease=LEASE, clock=clock)
        estimator = DurationEstimator(interval=10, rate=50, deadline=timedelta(seconds=1000), max_running=2)
        self.queue_estimate = QueueEstimate(queue.line, estimator, clock)
        self.films = Films(
            database,
            admission=admission,
            queue_estimate=self.queue_estimate,
            work=asyncio.Event(),
            stopping=self.stopping,
            clock=clock,
        )
        self.quotes = Quotes(database, self.generations, admission, self.queue_estimate, clock)

    async def ask_first(self, *, is_on: bool = True) -> Policy:
        """Let the moderators switch the offers on or off."""
        return await self.moderation.change_settings(MODERATOR, {"ask_first": is_on})

    async def offer(self, spec: RequestSpec = WISHES, **requester: Any) -> Quote:
        """Let a member ask, and return what they are offered."""
        answer = await self.quotes.ask(new_requester(**requester), spec)
        assert isinstance(answer, Quote), "it was accepted at once"
        return answer

    async def click(self, offer: Quote, **requester: Any) -> Generation | Quote:
        """Let a member click Generate on an offer as it was shown to them."""
        return await self.quotes.confirm(
            new_requester(**requester), offer.quote_row.id, offer.quote_row.revision
        )

    async def accept(self, offer: Quote) -> Generation:
        """Let the member click Generate, and return what was accepted."""
        answer = await self.click(offer)
        assert isinstance(answer, Generation), "it was offered again"
        return answer

    async def accepted(self) -> list[Generation]:
        """Return the server's generations, newest first."""
        return await list_recent(self.generations, 1)

    async def quote_row(self, offer: Quote) -> QuoteRow | None:
        """Return the offer's row as it is now."""
        return await self.database.read(lambda session: session.get(QuoteRow, offer.quote_row.id))
