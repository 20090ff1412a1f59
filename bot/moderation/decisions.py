"""Writes what moderators decide: the document and its row of the audit trail, in one transaction.

Two moderators who change the same thing at once are served one after the other: the last one wins, and
both are in the trail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import LiteralString

from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.guild_models import Action
from bot.db.transactions import Result, Work
from bot.errors import BadInputError, UserError
from bot.i18n import N_, _, ngettext, number
from bot.moderation.snapshots import Snapshot
from bot.policy.audit import record
from bot.policy.documents import MemberPolicy, Policy
from bot.policy.store import fetch_member_policy, fetch_policy, store_member_policy, store_policy
from bot.text import clean

REASON_MAX_LENGTH = 300  # characters

OWN_REQUEST = N_("This is your own request, so another moderator has to decide. Nothing changed.")

PolicyChange = Callable[[Policy], Policy]
MemberPolicyChange = Callable[[MemberPolicy], MemberPolicy]


@dataclass(frozen=True, slots=True)
class Moderator:
    """The person who acts, and their server: a moderator who decides, or a member who asks one."""

    guild_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A change, as the audit log tells it."""

    action: Action
    subject: str
    reason: str | None = None


class OwnCaseError(UserError):
    """A moderator decides about what is their own."""


def ensure_not_own(by: Moderator, member_id: int, sentence: LiteralString = OWN_REQUEST) -> None:
    """Check that an appeal, a review or a report is about somebody else: nobody decides about their own.

    That goes for the only moderator, too. `member_id`: who requested what it's about; `sentence`: what they
    read otherwise.

    Raises:
        OwnCaseError: it's the moderator's own.
    """
    if member_id == by.user_id:
        raise OwnCaseError(_(sentence))


class Decisions:
    """Changes documents; the services of moderators' commands share it."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self.database = database
        self.clock = clock

    async def change_policy(
        self, by: Moderator, event: AuditEvent, change: PolicyChange, snapshot: Callable[[Policy], Snapshot]
    ) -> tuple[Policy, Policy]:
        """Change a server's document; return it as it was and as it is.

        Raises:
            BadInputError: the reason is too long; or what `change` raises.
            DatabaseBusyError: nothing can be recorded now.
        """
        return await self.write(
            by, lambda session: self.change_policy_in(session, by, event, change, snapshot)
        )

    async def write(self, by: Moderator, work: Work[Result]) -> Result:
        """Run `work` in a transaction for what is decided about a server together.

        Raises:
            DatabaseBusyError: nothing can be recorded now.
        """
        return await self.database.write(work, by.guild_id, hurried=True)

    def change_policy_in(
        self,
        session: Session,
        by: Moderator,
        event: AuditEvent,
        change: PolicyChange,
        snapshot: Callable[[Policy], Snapshot],
    ) -> tuple[Policy, Policy]:
        """Do as `change_policy`, in a transaction in which more is done (`write`).

        Raises:
            BadInputError: the reason is too long; or what `change` raises.
        """
        reason = checked_reason(event.reason)
        old = fetch_policy(session, by.guild_id)
        new = change(old)
        store_policy(session, by.guild_id, new)
        self._record(session, by, event, reason, snapshot(old), snapshot(new))
        return old, new

    async def change_member_policy(
        self,
        by: Moderator,
        user_id: int,
        event: AuditEvent,
        change: MemberPolicyChange,
        snapshot: Callable[[MemberPolicy], Snapshot],
        also: Work[None] | None = None,
    ) -> tuple[MemberPolicy, MemberPolicy]:
        """Change a member's document; return it as it was and as it is.

        `also`: what is done in the same transaction.

        Raises:
            BadInputError: the reason is too long; or what `change` raises.
            DatabaseBusyError: nothing can be recorded now.
        """
        reason = checked_reason(event.reason)

        def decide(session: Session) -> tuple[MemberPolicy, MemberPolicy]:
            old = fetch_member_policy(session, by.guild_id, user_id)
            new = change(old)
            store_member_policy(session, by.guild_id, user_id, new)
            if also is not None:
                also(session)
            self._record(session, by, event, reason, snapshot(old), snapshot(new))
            return old, new

        return await self.write(by, decide)

    def _record(
        self,
        session: Session,
        by: Moderator,
        event: AuditEvent,
        reason: str | None,
        old: Snapshot,
        new: Snapshot,
    ) -> None:
        record(
            session,
            by.guild_id,
            by.user_id,
            event.action,
            self.clock(),
            subject=event.subject,
            old=old,
            new=new,
            reason=reason,
        )


def checked_reason(reason: str | None) -> str | None:
    """Return a reason as it is kept: without hidden characters; None where nothing was said.

    Raises:
        BadInputError: it is too long.
    """
    cleaned = clean(reason or "")
    if len(cleaned) > REASON_MAX_LENGTH:
        raise BadInputError(
            ngettext(
                "The reason has {count} character; the maximum is {most}. Nothing changed.",
                "The reason has {count} characters; the maximum is {most}. Nothing changed.",
                len(cleaned),
                most=number(REASON_MAX_LENGTH),
            )
        )
    return cleaned or None
