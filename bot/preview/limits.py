"""The effect of other limits and budgets: the past is played again with them and without."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime

from bot.admission.limits import Limit
from bot.admission.replay import PastRequest, Replay, RuleSet, wholes
from bot.db.database import Database
from bot.db.models import NOBODY
from bot.policy.documents import Policy, Scope
from bot.preview.comparison import Comparison, Counting, Verdict
from bot.preview.history import SPAN, History, Page, Span, find_members, find_span, process_pages, read_pages

# Returns the roles of those members whose roles it can find out.
RolesOf = Callable[[Collection[int]], Awaitable[Mapping[int, frozenset[int]]]]


def has_role_rules(*policies: Policy) -> bool:
    """Whether members' roles decide about anything."""
    return any(rule.scope is Scope.ROLE for policy in policies for rule in policy.rules)


def compare(history: History, rules: RuleSet, changed: Policy) -> Comparison:
    """Return what `changed` would have done in place of the policy of `rules`."""
    replays = Replays(history.span, rules, changed)
    replays.play(history.requests)
    return replays.result()


async def compare_limits(
    database: Database,
    guild_id: int,
    rules: RuleSet,
    changed: Policy,
    roles_of: RolesOf,
    now: datetime,
    lock: AbstractAsyncContextManager[None],
) -> Comparison:
    """Return the same of what a server's rows say; where no limit or budget changes, nothing is read.

    `rules`: without anybody's roles. `lock`: is held for each page, so that others get it in between.

    Raises:
        DatabaseBusyError: nothing can be read now.
    """
    policies = (rules.policy, changed)
    if (rules.policy.rules, rules.policy.budgets) == (changed.rules, changed.budgets):
        return Replays(Span(now, now - SPAN, now), rules, changed).result()
    span = await find_span(database, guild_id, policies, now)
    if has_role_rules(*policies):
        rules = replace(rules, role_ids=await roles_of(await find_members(database, guild_id, span)))
    replays = Replays(span, rules, changed)

    async def play(page: Page) -> None:
        await asyncio.to_thread(replays.play, [request for request, _ in page])

    await process_pages(lock, read_pages(database, guild_id, span), play)
    return await asyncio.to_thread(replays.result)


class Replays:
    """Plays the past twice at once, with a change of the rules and without.

    Without budgets, nobody's requests depend on others'. So where a change doesn't concern a member,
    their requests are asked once.
    """

    def __init__(self, span: Span, rules: RuleSet, changed: Policy) -> None:
        self._span = span
        self._now, self._then = rules, replace(rules, policy=changed)
        self._replays = Replay(span.start, self._now), Replay(span.start, self._then)
        self._difference = set(rules.policy.rules) ^ set(changed.rules)
        has_budgets = bool(rules.policy.budgets or changed.budgets)
        self._concerns_all = has_budgets or any(rule.scope is Scope.SERVER for rule in self._difference)
        self._concerned: dict[int, bool] = {}  # those who may have other limits by the change
        self._counting = Counting(span)
        self._members: set[int] = set()
        self._forgotten = 0

    def play(self, requests: Iterable[PastRequest]) -> None:
        """Ask the requests that come next; all that were made at the same time come together."""
        replay_now, replay_then = self._replays
        for whole in wholes(requests):
            user_id = whole[0].user_id
            now = then = replay_now.refuses(whole)
            if self._concerns_all or self._concerns(user_id):
                then = replay_then.refuses(whole)
            if whole[0].created_at < self._span.start:
                continue
            self._counting.add(whole, Verdict(now, then, then))
            self._members.add(user_id)
            self._forgotten += len(whole) if user_id == NOBODY else 0

    def _concerns(self, user_id: int) -> bool:
        """Whether the change may give a member other limits."""
        if user_id not in self._concerned:
            self._concerned[user_id] = self._now.concern(user_id, self._difference)
        return self._concerned[user_id]

    def result(self) -> Comparison:
        """Return what it has come to."""
        members, by_roles = self._members - {NOBODY}, has_role_rules(self._now.policy, self._then.policy)
        concerned = (member for member in members if self._concerns(member))
        limits = ((self._now.limits_of(member, self._span.end), member) for member in concerned)
        gaining = sum(_gains(old, self._then.limits_of(member, self._span.end)) for old, member in limits)
        return replace(
            self._counting.result(),
            gaining=gaining,
            by_roles=by_roles,
            strangers=len(members - self._now.role_ids.keys()) if by_roles else 0,
            forgotten=self._forgotten,
        )


def _gains(old: Sequence[Limit], new: Sequence[Limit]) -> bool:
    pairs = [(_number(before), _number(after)) for before, after in zip(old, new, strict=True)]
    return any(after > before for before, after in pairs) and all(after >= before for before, after in pairs)


def _number(limit: Limit) -> float:
    return float("inf") if limit.most is None else limit.most
