"""Takes decisions back: what was before is restored as a decision of its own, each decision once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot.admission.availability import ensure_possible
from bot.db.guild_models import Action, AuditRow
from bot.errors import UserError
from bot.i18n import _
from bot.moderation.decided import Decision, decision_of, find_later, fingerprint, parts_of, settings_of
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.report_decisions import follow_undo
from bot.moderation.restoring import (
    DocumentT,
    Part,
    can_be_undone,
    is_as_left,
    is_restored,
    member_part,
    server_part,
    still_holding,
)
from bot.moderation.service import LIMITING, show_waiting_reports
from bot.moderation.snapshots import Snapshot
from bot.policy.audit import list_page, record
from bot.policy.store import fetch_member_policy, fetch_policy, store_member_policy, store_policy
from bot.provider.catalogue import CATALOGUE, Model


class CannotBeUndoneError(UserError):
    """There is no such decision on this server, or nothing restores what was before it."""

    def __init__(self) -> None:
        super().__init__(_("This decision can't be undone. Nothing changed."))


class AlreadyRestoredError(UserError):
    """The state before the decision holds already, so there is nothing to restore."""

    def __init__(self, decision_id: int) -> None:
        super().__init__(
            _(
                "Everything is already as it was before #{decision}, or it would have ended by now. "
                "Nothing changed.",
                decision=decision_id,
            )
        )


@dataclass(frozen=True, slots=True)
class LogPage:
    """Rows of the trail, newest first; `undoable`: the ids of those that can be undone and are not yet."""

    rows: Sequence[AuditRow]
    undoable: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Undone:
    """The change by an undo: the state until now, and the restored one."""

    decision: Decision
    was: Snapshot
    restored: Snapshot


class AlreadyUndoneError(UserError):
    """Somebody was faster, or the same moderator clicked twice: `by` did it, `undone` is what it changed."""

    def __init__(self, undone: Undone, by: int | None) -> None:
        self.undone, self.by = undone, by
        who = _("The bot") if by is None else f"<@{by}>"
        super().__init__(
            _(
                "{who} has already undone #{decision}. Your click didn't change anything.",
                who=who,
                decision=undone.decision.id,
            )
        )


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """Nothing was restored: what is now is not what the decision left.

    `later`: the last decision about the same; None: none is known.
    """

    decision: Decision
    present: Snapshot
    later: int | None = None

    @property
    def seen(self) -> str:
        """The state that the moderator has seen once this is shown."""
        return fingerprint(self.present, self.later)


@dataclass(frozen=True, slots=True)
class _Clicked:
    """The decision to undo; `later`: the last one about the same; `seen`: see `Undo.undo`."""

    decision: Decision
    later: int | None
    seen: str | None


class Undo:
    """The service behind the buttons of `/veo-admin log`."""

    def __init__(self, decisions: Decisions, models: Sequence[Model] = CATALOGUE) -> None:
        """`models`: those that the bot offers; settings have to leave one of them."""
        self._decisions = decisions
        self._models = models

    async def list_log(self, guild_id: int, *, size: int, before: int | None = None) -> LogPage:
        """Return up to `size` rows of the trail, newest first; `before`: those with smaller ids."""

        def look(session: Session) -> LogPage:
            rows = list_page(session, guild_id, size=size, before=before)
            decisions = [decision for decision in map(decision_of, rows) if can_be_undone(decision)]
            undone = set(session.scalars(select(AuditRow.subject).where(*_undoes(guild_id, decisions))))
            open_ones = [decision.id for decision in decisions if decision.undo_subject not in undone]
            return LogPage(rows, frozenset(open_ones))

        return await self._decisions.database.read(look, hurried=True)

    async def find(self, by: Moderator, decision_id: int) -> Decision:
        """Return a decision that can be undone.

        Raises:
            CannotBeUndoneError: it can't.
        """
        return await self._decisions.database.read(
            lambda session: _fetch(session, by, decision_id), hurried=True
        )

    async def undo(self, by: Moderator, decision_id: int, seen: str | None = None) -> Undone | ChangedSince:
        """Restore what was before a decision, in one transaction with its row of the trail.

        `seen`: what the moderator was shown that has changed since, and overwrites; None: nothing.

        Raises:
            AlreadyUndoneError: somebody was faster.
            AlreadyRestoredError: there is nothing to restore.
            CannotBeUndoneError: it can't be undone.
            BadInputError: what was before is not possible any more.
            DatabaseBusyError: nothing can be recorded now.
        """

        def decide(session: Session) -> Undone | ChangedSince:
            decision = _fetch(session, by, decision_id)
            _ensure_first(session, by, decision)
            clicked = _Clicked(decision, _fetch_later(session, by, decision), seen)
            user_id = decision.user_id
            if user_id is None:
                return self._restore_server(session, by, clicked)
            return self._restore_member(session, by, clicked, user_id)

        return await self._decisions.write(by, decide)

    def _restore_server(self, session: Session, by: Moderator, clicked: _Clicked) -> Undone | ChangedSince:
        now = self._decisions.clock()
        policy = fetch_policy(session, by.guild_id)
        outcome, restored = _restore(clicked, server_part(clicked.decision), policy, now)
        if isinstance(outcome, Undone):
            names = set(settings_of(clicked.decision, outcome.restored))
            if names & LIMITING:
                ensure_possible(self._models, restored)
            store_policy(session, by.guild_id, restored)
            if "moderators_channel_id" in names and restored.moderators_channel_id is not None:
                show_waiting_reports(session, by.guild_id, now)
            _record(session, by, outcome, now)
        return outcome

    def _restore_member(
        self, session: Session, by: Moderator, clicked: _Clicked, user_id: int
    ) -> Undone | ChangedSince:
        now = self._decisions.clock()
        member_policy = fetch_member_policy(session, by.guild_id, user_id)
        outcome, restored = _restore(clicked, member_part(clicked.decision), member_policy, now)
        if isinstance(outcome, Undone):
            store_member_policy(session, by.guild_id, user_id, restored)
            _follow_block(session, outcome, now)
            _record(session, by, outcome, now)
        return outcome


def _fetch(session: Session, by: Moderator, decision_id: int) -> Decision:
    row = session.get(AuditRow, decision_id)
    decision = decision_of(row) if row is not None and row.guild_id == by.guild_id else None
    if decision is None or not can_be_undone(decision):
        raise CannotBeUndoneError
    return decision


def _ensure_first(session: Session, by: Moderator, decision: Decision) -> None:
    query = select(AuditRow).where(*_undoes(by.guild_id, [decision])).limit(1)
    row = session.scalars(query).one_or_none()
    if row is not None:
        undo = decision_of(row)
        raise AlreadyUndoneError(Undone(decision, was=undo.before, restored=undo.left), row.actor_id)


def _undoes(guild_id: int, decisions: Collection[Decision]) -> tuple[ColumnElement[bool], ...]:
    """Return the condition of the rows that undo one of these decisions."""
    subjects = [decision.undo_subject for decision in decisions]
    of_undos = (AuditRow.guild_id == guild_id, AuditRow.action == Action.UNDO)
    return (*of_undos, AuditRow.subject.in_(subjects))


def _fetch_later(session: Session, by: Moderator, decision: Decision) -> int | None:
    rows = session.scalars(
        select(AuditRow)
        .where(
            AuditRow.guild_id == by.guild_id,
            AuditRow.id > decision.id,
            or_(
                AuditRow.subject.in_({part.subject for part in parts_of(decision)}),
                AuditRow.action.in_((Action.UNDO, Action.IMPORT)),
            ),
        )
        .order_by(AuditRow.id.desc())
    )
    return find_later(decision, [decision_of(row) for row in rows])


def _restore(
    clicked: _Clicked, part: Part[DocumentT] | None, document: DocumentT, now: datetime
) -> tuple[Undone | ChangedSince, DocumentT]:
    """Return what becomes of a document, and the document: as it was where the moderator is asked first."""
    if part is None:
        raise CannotBeUndoneError
    decision = replace(clicked.decision, before=still_holding(clicked.decision.before, now))
    present = still_holding(part.snapshot(document), now)
    if is_restored(decision, present, now):
        raise AlreadyRestoredError(decision.id)
    changed = ChangedSince(decision, present, clicked.later)
    is_changed = clicked.later is not None or not is_as_left(decision, present, now)
    if is_changed and changed.seen != clicked.seen:
        return changed, document
    restored = part.put(document, decision.before, now)
    return Undone(decision, present, part.snapshot(restored)), restored


def _follow_block(session: Session, undone: Undone, now: datetime) -> None:
    """Show in a report whether the block that was decided about it holds; an undo may be undone in turn."""
    row = session.get_one(AuditRow, undone.decision.id)
    while undoes := decision_of(row).undoes:
        row = session.get_one(AuditRow, undoes)
    follow_undo(session, row, now, holds=decision_of(row).left == undone.restored)


def _record(session: Session, by: Moderator, undone: Undone, now: datetime) -> None:
    subject = undone.decision.undo_subject
    was, restored = undone.was, undone.restored
    record(session, by.guild_id, by.user_id, Action.UNDO, now, subject=subject, old=was, new=restored)
