"""Shows what a change of the rules would have done, keeps it, and saves it once the moderator says so."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admission.replay import RuleSet
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import Generation
from bot.db.transactions import Work
from bot.moderation.decisions import Moderator, checked_reason
from bot.moderation.importing import Imports
from bot.moderation.rules import QuotaRules, nothing_first
from bot.moderation.service import Moderation
from bot.policy.documents import MemberPolicy, Policy, Rule
from bot.policy.store import fetch_documents, fetch_policy
from bot.preview.chart import Chart, render_change
from bot.preview.comparison import Comparison
from bot.preview.contents import KnownChannels, compare_contents, content_check
from bot.preview.history import SPAN, find_members, find_span, read_history
from bot.preview.limits import RolesOf, compare_limits, has_role_rules
from bot.preview.proposal import (
    KeptProposal,
    PreviewGoneError,
    Proposal,
    drop,
    fetch,
    is_worth_showing,
    keep,
    replace,
    take,
)
from bot.preview.suggesting import Suggestions, suggest, widest


@dataclass(frozen=True, slots=True)
class Preview:
    """A change that isn't saved yet.

    Attributes:
        policy: the server's document without it.
        changed: the server's document with it.
        is_changed: the moderator was shown other rules a while ago.
    """

    kept: KeptProposal
    policy: Policy
    changed: Policy
    comparison: Comparison
    daily_limit: int
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """A change that was saved.

    Attributes:
        removed: the rules that there were, where some were taken away.
        is_new: a word wasn't blocked before.
        policy: the server's document as it is now, where settings were changed.
    """

    proposal: Proposal
    removed: Sequence[Rule] = ()
    is_new: bool = True
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class ServerNow:
    """Discord's state of a server: its members' roles, its channels and threads."""

    roles_of: RolesOf
    channels: KnownChannels = field(default_factory=dict[int, int | None])


class Previews:
    """The service behind the previews of `/quota`, of words and of settings.

    Args:
        daily_limit: videos in 24 hours where no rule says otherwise.
    """

    def __init__(
        self,
        database: Database,
        rules: QuotaRules,
        imports: Imports,
        moderation: Moderation,
        *,
        daily_limit: int,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._rules = rules
        self._imports = imports
        self._moderation = moderation
        self._daily_limit = daily_limit
        self._clock = clock
        self._lock = asyncio.Lock()  # each takes seconds of a processor

    async def is_wanted(self, by: Moderator, proposal: Proposal, asked: bool | None) -> bool:
        """Whether a change is to be shown first: there is something to show, and the moderator wants it.

        `asked`: what the moderator said; None: nothing, so that the server's setting holds.
        """
        since = self._clock() - SPAN
        made = select(Generation.id).where(Generation.guild_id == by.guild_id, Generation.created_at >= since)

        def look(session: Session) -> bool:
            policy = fetch_policy(session, by.guild_id)
            if not is_worth_showing(proposal, policy, asked):
                return False
            return asked is True or session.scalar(made.limit(1)) is not None

        return await self._database.read(look, hurried=True)

    async def show(self, by: Moderator, proposal: Proposal, server: ServerNow) -> Preview:
        """Keep a change, and return what it would have done.

        Raises:
            BadInputError: the change isn't possible.
            DatabaseBusyError: nothing can be read or recorded now.
        """
        checked_reason(proposal.reason)
        policy, changed, comparison = await self._compare(by, proposal, server)
        kept = KeptProposal.new(by, proposal, policy, self._clock())
        await self._database.write(lambda session: keep(session, kept), by.guild_id, hurried=True)
        return Preview(kept, policy, changed, comparison, self._daily_limit)

    async def find(self, by: Moderator, key: str, revision: int | None = None) -> KeptProposal:
        """Return a change that is kept; `revision`: the one that the moderator saw; None: whichever it is.

        Raises:
            PreviewGoneError: there is no such one, or it was changed since.
        """
        now = self._clock()
        kept = await self._database.read(lambda session: fetch(session, by, key, now), hurried=True)
        if revision not in {None, kept.revision}:
            raise PreviewGoneError
        return kept

    async def change(
        self, by: Moderator, key: str, revision: int, proposal: Proposal | None, server: ServerNow
    ) -> Preview:
        """Keep another change in place of one; None: the same, as the rules are now.

        Raises:
            PreviewGoneError: there is no such one, or it was changed, saved or dropped meanwhile.
            BadInputError: the change isn't possible.
        """
        kept = await self.find(by, key, revision)
        wanted = kept.proposal if proposal is None else proposal
        policy, changed, comparison = await self._compare(by, wanted, server)
        again = kept.again(wanted, policy)
        now = self._clock()
        await self._database.write(
            lambda session: replace(session, by, kept, again, now), by.guild_id, hurried=True
        )
        is_changed = proposal is None and again.rules != kept.rules
        return Preview(again, policy, changed, comparison, self._daily_limit, is_changed=is_changed)

    async def save(self, by: Moderator, key: str, revision: int) -> Saved:
        """Save what is kept, with its row of the audit trail, in one transaction.

        Raises:
            PreviewGoneError: there is no such one, or it was saved or changed before.
            RulesChangedError: the rules aren't those that the moderator saw.
            BadInputError: the change isn't possible any more.
        """
        kept = await self.find(by, key, revision)
        first = partial(take, by=by, seen=kept, now=self._clock())
        return await self.save_at_once(by, kept.proposal, first)

    async def save_at_once(
        self, by: Moderator, proposal: Proposal, first: Work[None] = nothing_first
    ) -> Saved:
        """Save a change without a preview; raises as `save`. `first`: what the transaction begins with."""
        reason = proposal.reason
        if proposal.word is not None:
            return Saved(proposal, is_new=await self._moderation.add_word(by, proposal.word, first))
        if proposal.settings is not None:
            changes = proposal.settings.changes
            return Saved(proposal, policy=await self._moderation.change_settings(by, changes, first))
        if proposal.imported is not None:
            await self._imports.save(by, proposal.imported, first)
        elif proposal.budgets:
            await self._rules.set_budgets(by, proposal.budgets, reason, first)
        elif proposal.limits:
            await self._rules.set_limits(by, proposal.subject, proposal.limits, reason, first)
        else:
            kinds = proposal.removed
            removed = await self._rules.unset_limits(by, proposal.subject, kinds, reason, first)
            return Saved(proposal, removed)
        return Saved(proposal)

    async def drop(self, by: Moderator, key: str) -> None:
        """Forget a change.

        Raises:
            PreviewGoneError: there is no such one.
        """
        now = self._clock()

        def work(session: Session) -> None:
            fetch(session, by, key, now)
            drop(session, key)

        await self._database.write(work, by.guild_id, hurried=True)

    async def draw(self, comparison: Comparison) -> Chart | None:
        """Return the chart of what a change would have done; None where there's nothing to see."""
        if not comparison.has_chart:
            return None
        return await asyncio.to_thread(render_change, comparison.days)

    async def suggest(self, by: Moderator, amount: float, roles_of: RolesOf) -> Suggestions:
        """Return rules that would have kept the last 30 days within `amount` credits; nothing is kept.

        Raises:
            DatabaseBusyError: nothing can be read now.
        """
        now = self._clock()
        policy, member_policies = await self._documents(by)
        span = await find_span(self._database, by.guild_id, [widest(policy, amount, now)], now)
        role_ids: Mapping[int, frozenset[int]] = {}
        if has_role_rules(policy):
            role_ids = await roles_of(await find_members(self._database, by.guild_id, span))
        rules = RuleSet(policy, self._daily_limit, member_policies, role_ids)
        async with self._lock:
            history = await read_history(self._database, by.guild_id, span)
            return await asyncio.to_thread(suggest, history, rules, amount)

    async def _compare(
        self, by: Moderator, proposal: Proposal, server: ServerNow
    ) -> tuple[Policy, Policy, Comparison]:
        now = self._clock()
        policy, member_policies = await self._documents(by)
        changed = self._changed(proposal, policy)
        if proposal.word is None and proposal.settings is None:
            rules = RuleSet(policy, self._daily_limit, member_policies)
            comparison = await compare_limits(
                self._database, by.guild_id, rules, changed, server.roles_of, now, self._lock
            )
        else:
            check = content_check(proposal, policy, changed, server.channels)
            comparison = await compare_contents(self._database, by.guild_id, check, now, self._lock)
        return policy, changed, comparison

    async def _documents(self, by: Moderator) -> tuple[Policy, Mapping[int, MemberPolicy]]:
        return await self._database.read(partial(fetch_documents, guild_id=by.guild_id), hurried=True)

    def _changed(self, proposal: Proposal, policy: Policy) -> Policy:
        if proposal.imported is not None:
            return self._imports.changed(proposal.imported, policy)
        if proposal.settings is not None:
            return self._moderation.with_settings(policy, proposal.settings.changes)
        return proposal.applied_to(policy, self._clock())
