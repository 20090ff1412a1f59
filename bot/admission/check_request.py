"""Admission of a request: every rule there is, in one place and in one order.

`check_request` is pure; `Admission` reads what it needs in the transaction that inserts the request, so that
two requests cannot take one slot or the same money.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy.orm import Session

from bot.admission.appeals import fetch_releases, fingerprint, left_words, passes, use, use_lifted
from bot.admission.availability import allows_channel
from bot.admission.blocklist import forbidden_in
from bot.admission.budgets import BudgetState, exhausted, period_start, states_of
from bot.admission.context import AdmissionContext, Release, Requester
from bot.admission.denials import (
    BlockedError,
    BudgetReachedError,
    ChannelNotAllowedError,
    ModelGoneError,
    ModelNotAllowedError,
    PausedError,
    PriceUnknownError,
    QuotaReachedError,
    TooHighError,
    TooLongError,
    WaitingFullError,
    WordNotAllowedError,
)
from bot.admission.limits import Limit, Use, check_quota, resolve_limits
from bot.admission.prices import fetch_past_price
from bot.admission.reviewing import count_videos, needs_review
from bot.admission.usage_counts import fetch_spent, fetch_use
from bot.db.guild_models import Action
from bot.errors import UserError
from bot.policy.audit import record, was_recorded
from bot.policy.documents import MemberPolicy, Policy
from bot.policy.store import fetch_rules
from bot.provider.catalogue import CATALOGUE, Model, VideoRequest, resolution_rank
from bot.provider.choosing import alike, is_allowed
from bot.provider.options import words_in


def check_request(
    requester: Requester, video: VideoRequest, context: AdmissionContext, daily_limit: int, now: datetime
) -> UserError | None:
    """Return why the request is refused, or None; `daily_limit`: the operator's, where no rule is set."""
    living = [model for model in context.models if model.id not in context.gone]
    return (
        check_channel(requester, context, now)
        or check_settings(video, context.policy, living)
        or _check_words(video, context)
        or _check_model(video, context)
        or _check_use(requester, context, daily_limit, now)
        or _check_budgets(context)
    )


def check_channel(requester: Requester, context: AdmissionContext, now: datetime) -> UserError | None:
    """Return why the member may not have videos there at all, or None."""
    policy = context.policy
    refusal = check_access(policy, context.member_policy, now, context.releases)
    if refusal is not None:
        return refusal
    if not allows_channel(policy, requester.channel_id, requester.parent_id):
        return ChannelNotAllowedError(policy.channels)
    return None


def check_access(
    policy: Policy, member_policy: MemberPolicy, now: datetime, releases: Collection[Release] = ()
) -> PausedError | BlockedError | None:
    """Return why the member can request nothing on this server, or None; `releases`: for one request."""
    block = member_policy.block
    if policy.pause is not None:
        return PausedError(policy.pause.reason)
    if block is not None and block.holds(now) and not passes(block, releases):
        return BlockedError(block.until, block.reason)
    return None


def check_use(
    limits: Sequence[Limit], member_policy: MemberPolicy, use: Use, max_waiting: int | None, now: datetime
) -> QuotaReachedError | WaitingFullError | None:
    """Return why the member can't request one more video beside those they have, or None."""
    verdict = check_quota(limits, member_policy, use, now)
    if not verdict.allowed:
        return QuotaReachedError(verdict)
    if max_waiting is not None and use.in_queue >= max_waiting:
        return WaitingFullError(max_waiting, use.in_review)
    return None


def check_settings(video: VideoRequest, policy: Policy, models: Sequence[Model]) -> UserError | None:
    """Return why the server's settings leave no such video, whatever its words; or None.

    `models`: those that the bot offers.
    """
    if not is_allowed(video.model, policy.models):
        able = alike(models, video.model)
        allowed = [model.label for model in able if is_allowed(model, policy.models)]
        return ModelNotAllowedError(video.model.label, allowed)
    spec, longest = video.resolved, policy.longest_duration
    if longest is not None and int(spec.get("duration", 0)) > longest:
        return TooLongError(longest)
    resolution, highest = spec.get("resolution"), policy.highest_resolution
    if highest is not None and resolution_rank(resolution) > resolution_rank(highest):
        return TooHighError(highest)
    return None


def _check_model(video: VideoRequest, context: AdmissionContext) -> UserError | None:
    if video.model.id not in context.gone:
        return None
    able, allowed = alike(context.models, video.model), context.policy.models
    others = [model for model in able if model.id not in context.gone and is_allowed(model, allowed)]
    return ModelGoneError(video.model.label, [model.label for model in others])


def check_words(words: str, policy: Policy) -> WordNotAllowedError | None:
    """Return an error that names all forbidden words, or None."""
    found = [*forbidden_in(words, policy.words)] if policy.words else []
    return WordNotAllowedError(found) if found else None


def _check_words(video: VideoRequest, context: AdmissionContext) -> UserError | None:
    """Return an error that names all forbidden words that no release passes, or None."""
    forbidden = left_words(context.policy.words, context.releases)
    if not forbidden:
        return None
    texts = words_in(video.prompt, video.options)
    found = {word for text in texts for word in forbidden_in(text, forbidden)}
    return WordNotAllowedError([word for word in forbidden if word in found]) if found else None


def _check_use(
    requester: Requester, context: AdmissionContext, daily_limit: int, now: datetime
) -> UserError | None:
    limits = resolve_limits(
        context.policy.rules, context.member_policy, requester.user_id, requester.role_ids, daily_limit, now
    )
    return check_use(limits, context.member_policy, context.use, context.max_waiting, now)


def _check_budgets(context: AdmissionContext) -> UserError | None:
    if not context.budgets:
        return None
    if context.price is None:
        return PriceUnknownError()
    full = exhausted(context.budgets, context.price)
    if full is None:
        return None
    takes_others = exhausted(context.budgets, 0) is None
    return BudgetReachedError(full, context.price, takes_others=takes_others)


class Prices(Protocol):
    """Source of prices, and of the models that are gone."""

    @property
    def gone(self) -> frozenset[str]:
        """The ids of the models that the provider doesn't list any more."""
        ...

    def quote(self, request: VideoRequest) -> float | None:
        """Return the price in credits, or None where it is not known."""
        ...


class Admission:
    """Decides about requests, inside the transaction of whoever inserts them.

    Args:
        prices: also says which models are gone.
        daily_limit: videos per member and server in 24 hours, where no rule says otherwise.
        max_waiting: requests per member and server in the queue; None: any number.
        models: those that may be asked for, in the operator's order.
    """

    def __init__(
        self,
        prices: Prices,
        *,
        daily_limit: int,
        max_waiting: int | None = None,
        models: Sequence[Model] = CATALOGUE,
    ) -> None:
        self.prices = prices
        self.models = models
        self.daily_limit = daily_limit
        self._max_waiting = max_waiting

    def fetch_context(
        self,
        session: Session,
        requester: Requester,
        video: VideoRequest,
        now: datetime,
        *,
        is_quoted: bool = False,
        made_from: Sequence[object] = (),
        before: AdmissionContext | None = None,
    ) -> AdmissionContext:
        """Read what the decision about this request rests on.

        `is_quoted`: the price is shown. `made_from`: see `bot.requests.spec.RequestSpec.made_from`.
        `before`: of the shot before in the same transaction, whose member needn't be checked again.
        """
        policy, member_policy = fetch_rules(session, requester.guild_id, requester.user_id)
        use = fetch_use(session, requester.guild_id, requester.user_id, member_policy, now)
        price = quoted = self.prices.quote(video)
        if price is None and (policy.budgets or policy.ask_first or is_quoted):
            price = fetch_past_price(session, video)
        since = {period: period_start(period, now) for period in policy.budgets}
        spent = fetch_spent(session, requester.guild_id, since, now)
        states = states_of(policy.budgets, spent, now)
        is_past_price = quoted is None and price is not None
        mark = fingerprint(video, made_from)
        is_waiting = (
            needs_review(policy.review, requester, partial(count_videos, session, requester), now)
            if before is None
            else before.needs_review
        )
        is_stoppable = bool(policy.words) or member_policy.block is not None
        return AdmissionContext(
            policy,
            member_policy,
            use,
            states,
            price,
            self._max_waiting,
            is_past_price,
            self.prices.gone,
            self.models,
            fetch_releases(session, requester, mark, now) if is_stoppable else (),
            mark,
            is_waiting,
        )

    def decide(
        self,
        session: Session,
        requester: Requester,
        video: VideoRequest,
        context: AdmissionContext,
        now: datetime,
    ) -> UserError | None:
        """Return why the request is refused, or None; what moderators must know of that is recorded."""
        refusal = check_request(requester, video, context, self.daily_limit, now)
        if isinstance(refusal, BudgetReachedError):
            _tell_once(session, requester.guild_id, Action.BUDGET_REACHED, refusal.state, now)
        return refusal


def warn_of_budgets(session: Session, guild_id: int, context: AdmissionContext, now: datetime) -> None:
    """Record that moderators must know of a budget that little is left of once this is accepted."""
    for state in context.budgets:
        reserved = state.after(context.price or 0)
        if reserved.needs_warning:
            _tell_once(session, guild_id, Action.BUDGET_WARNING, reserved, now)


def record_passed(
    session: Session, requester: Requester, context: AdmissionContext, generation_id: str, now: datetime
) -> None:
    """Record that a request passed what moderators let it pass; `generation_id`: what it became."""
    use(session, context.releases, generation_id, now)
    if context.policy.strikes is not None:  # all that a lifted word spares
        use_lifted(session, requester, context.fingerprint, generation_id, now)


def _tell_once(session: Session, guild_id: int, action: Action, state: BudgetState, now: datetime) -> None:
    subject = f"budget:{state.period}"
    if not was_recorded(session, guild_id, action, subject, state.warned_since, now):
        new = {"budget": state.budget, "spent": state.spent, "resets_at": state.resets_at.isoformat()}
        record(session, guild_id, None, action, now, subject=subject, new=new)
