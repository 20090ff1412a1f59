"""A member's entitlement, as `/usage` and the moderators' look at a member show it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.admission.budgets import BudgetState, period_start, states_of
from bot.admission.check_request import check_access, check_use
from bot.admission.denials import BlockedError, PausedError, QuotaReachedError, WaitingFullError
from bot.admission.limits import Limit, Use, resolve_limits
from bot.admission.usage_counts import fetch_member_spent, fetch_spent, fetch_use
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.policy.documents import MemberPolicy, Policy
from bot.policy.store import fetch_rules
from bot.policy.strike_rows import fetch_active_strikes
from bot.policy.strikes import ActiveStrikes

SPENDING_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A member's limits and use at a moment, and the server's budgets.

    Attributes:
        spent: the provider's credits for the member's videos of the last 30 days.
        max_waiting: how many requests the member may have in the queue; None: any number.
        strikes: those that count; None: the server gives none.
    """

    now: datetime
    policy: Policy
    member_policy: MemberPolicy
    limits: tuple[Limit, ...]
    use: Use
    budgets: tuple[BudgetState, ...]
    spent: float
    max_waiting: int | None = None
    strikes: ActiveStrikes | None = None

    @property
    def obstacle(self) -> PausedError | BlockedError | QuotaReachedError | WaitingFullError | None:
        """Why a request would be refused now, whatever it asks for; budgets are not looked at."""
        return check_access(self.policy, self.member_policy, self.now) or check_use(
            self.limits, self.member_policy, self.use, self.max_waiting, self.now
        )


class Entitlements:
    """Reads how members stand.

    Args:
        daily_limit: videos in 24 hours where no rule says otherwise.
        max_waiting: requests per member and server in the queue; None: any number.
    """

    def __init__(
        self,
        database: Database,
        *,
        daily_limit: int,
        max_waiting: int | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._daily_limit = daily_limit
        self._max_waiting = max_waiting
        self._clock = clock

    async def read(self, guild_id: int, user_id: int, role_ids: Collection[int]) -> Entitlement:
        """Return how a member with these roles stands."""
        now = self._clock()

        def look(session: Session) -> Entitlement:
            policy, member_policy = fetch_rules(session, guild_id, user_id)
            use = fetch_use(session, guild_id, user_id, member_policy, now)
            since = {period: period_start(period, now) for period in policy.budgets}
            spent = fetch_spent(session, guild_id, since, now) if since else {}
            own = fetch_member_spent(session, guild_id, user_id, now - SPENDING_WINDOW, now)
            limits = resolve_limits(policy.rules, member_policy, user_id, role_ids, self._daily_limit, now)
            budgets = states_of(policy.budgets, spent, now)
            rules = policy.strikes
            strikes = rules and fetch_active_strikes(session, rules, guild_id, user_id, now)
            return Entitlement(
                now, policy, member_policy, limits, use, budgets, own, self._max_waiting, strikes
            )

        return await self._database.read(look, hurried=True)
