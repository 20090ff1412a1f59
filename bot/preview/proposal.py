"""A change of the rules that a moderator may save, and the row that keeps it until then.

It's a row of the state, whose name begins with the time at which it ends, by which retention finds old ones.
All functions run inside a transaction of the caller's.
"""

import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import dumps
from typing import Any, Self

from pydantic import Field
from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.db.models import StateRow
from bot.db.state import PREVIEWS
from bot.errors import UserError
from bot.i18n import _
from bot.moderation.decisions import Moderator
from bot.moderation.matching import Imported
from bot.moderation.rules import Subject, rules_of, with_budget, with_limits, without_limits
from bot.moderation.service import SETTINGS, with_word
from bot.moderation.snapshots import find_word, snapshot_of_settings
from bot.policy.documents import Budget, Document, LimitKind, Period, Policy, Scope, ServerSettings
from bot.policy.store import fetch_policy
from bot.provider.catalogue import resolution_rank

# The settings by which a request can be refused; what a past one had of them is in its row.
REFUSING = ("channels", "models", "longest_duration", "highest_resolution")

LIFE = timedelta(hours=1)  # from when the moderator was first shown it
KEY = r"[0-9]{10}-[0-9a-f]{16}"  # when it ends, in seconds since 1970, and a number of its own


class PreviewGoneError(UserError):
    """There is nothing to save any more: it was saved, dropped, or its time is over."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This preview is no longer available: it was saved, changed or cancelled, or it expired. "
                "`/quota rules` and `/veo-admin settings` show the current rules."
            )
        )


class RulesChangedError(UserError):
    """The rules have changed since the moderator saw the preview."""

    def __init__(self) -> None:
        super().__init__(_("This preview has changed. Read it again, then click once more. Nothing changed."))


class NewSettings(Document):
    """Settings that would be saved: the `fields` of `values`."""

    fields: tuple[str, ...]
    values: ServerSettings

    @classmethod
    def of(cls, changes: Mapping[str, Any]) -> Self:
        """Return changes as they're kept."""
        return cls(fields=tuple(sorted(changes)), values=ServerSettings(**changes))

    @property
    def changes(self) -> dict[str, Any]:
        """The new values, by the names of the fields."""
        return {field: getattr(self.values, field) for field in self.fields}


class Proposal(Document):
    """The change to save: limits set or taken away, budgets, a word, settings, or an import.

    Attributes:
        limits: None: unlimited.
        budgets: in credits; None: without one.
        word: one that would be blocked, as it is kept.
        imported: all rules and settings at once, and nothing else then.
    """

    scope: Scope = Scope.SERVER
    subject_id: int = 0
    limits: dict[LimitKind, int | None] = Field(default_factory=dict[LimitKind, int | None])
    removed: tuple[LimitKind, ...] = ()
    budgets: dict[Period, float | None] = Field(default_factory=dict[Period, float | None])
    reason: str | None = None
    word: str | None = None
    settings: NewSettings | None = None
    imported: Imported | None = None

    @property
    def subject(self) -> Subject:
        """The server, role or member that the limits are for."""
        return Subject(self.scope, self.subject_id)

    def applied_to(self, policy: Policy, now: datetime) -> Policy:
        """Return a server's document with the change of limits, budgets or words.

        Raises:
            BadInputError: there would be too many rules or words.
        """
        if self.word is not None:
            policy = with_word(policy, self.word)
        if self.limits:
            policy = with_limits(policy, self.subject, self.limits)
        policy = without_limits(policy, self.subject, self.removed)
        for period, amount in self.budgets.items():
            budget = None if amount is None else Budget(credits=amount, since=now)
            policy = with_budget(policy, period, budget)
        return policy


class KeptProposal(Document):
    """A proposal as its row keeps it.

    Attributes:
        key: names the row.
        rules: the `fingerprint` of the rules that it was shown against.
        revision: grows by one each time it's shown again, so that a click on an older one is noticed.
    """

    key: str
    guild_id: int
    user_id: int
    proposal: Proposal
    rules: str
    revision: int = 1

    @property
    def expires_at(self) -> datetime:
        """When it stops being possible to save it."""
        return datetime.fromtimestamp(int(self.key.partition("-")[0]), UTC)

    @classmethod
    def new(cls, by: Moderator, proposal: Proposal, policy: Policy, now: datetime) -> Self:
        """Return a proposal as it is shown first; `policy`: what it was compared with."""
        key = f"{int((now + LIFE).timestamp()):010d}-{secrets.token_hex(8)}"
        return cls(
            key=key,
            guild_id=by.guild_id,
            user_id=by.user_id,
            proposal=proposal,
            rules=fingerprint(policy, proposal),
        )

    def again(self, proposal: Proposal, policy: Policy) -> Self:
        """Return it as it is shown once more."""
        change = {"proposal": proposal, "rules": fingerprint(policy, proposal), "revision": self.revision + 1}
        return self.model_copy(update=change)


def fingerprint(policy: Policy, proposal: Proposal) -> str:
    """Return what differs where anything of a server does that a change is compared with.

    For an import, it's anything but a pause; for settings, all that refuse anything, too.
    """
    # A set is told in order, which differs between processes otherwise.
    if proposal.imported is not None:
        settings = snapshot_of_settings(SETTINGS)(policy)
        rules = dumps([settings, policy.model_dump(mode="json", exclude={*SETTINGS, "pause"})])
    elif proposal.settings is not None:
        rules = dumps(snapshot_of_settings({*proposal.settings.fields, *REFUSING})(policy))
    else:
        compared = {"words"} if proposal.word is not None else {"rules", "budgets"}
        rules = policy.model_dump_json(include=compared)
    return sha256(rules.encode()).hexdigest()[:16]


def keep(session: Session, kept: KeptProposal) -> None:
    """Write a new one down."""
    session.add(StateRow(name=PREVIEWS + kept.key, value=kept.model_dump_json()))


def replace(session: Session, by: Moderator, seen: KeptProposal, again: KeptProposal, now: datetime) -> None:
    """Write one down in place of the one that it was made from.

    Raises:
        PreviewGoneError: that was saved or dropped, or is itself replaced.
    """
    if fetch(session, by, seen.key, now).revision != seen.revision:
        raise PreviewGoneError
    session.merge(StateRow(name=PREVIEWS + again.key, value=again.model_dump_json()))


def fetch(session: Session, by: Moderator, key: str, now: datetime) -> KeptProposal:
    """Return a moderator's proposal.

    Raises:
        PreviewGoneError: there is none with this key, it is somebody else's, or its time is over.
    """
    row = session.get(StateRow, PREVIEWS + key)
    kept = row and KeptProposal.model_validate_json(row.value)
    if kept is None or (kept.guild_id, kept.user_id) != (by.guild_id, by.user_id) or kept.expires_at <= now:
        raise PreviewGoneError
    return kept


def take(session: Session, by: Moderator, seen: KeptProposal, now: datetime) -> None:
    """Forget a proposal that is being saved, if it is what the moderator saw and the rules still hold.

    A word that was blocked meanwhile is there, whatever else changed, so there's nothing to see again.

    Raises:
        PreviewGoneError: as `fetch`.
        RulesChangedError: the server's rules are not those that were shown.
    """
    if fetch(session, by, seen.key, now) != seen:
        raise PreviewGoneError
    policy, word = fetch_policy(session, by.guild_id), seen.proposal.word
    is_there = word is not None and find_word(policy, word) is not None
    if seen.rules != fingerprint(policy, seen.proposal) and not is_there:
        raise RulesChangedError
    drop(session, seen.key)


def drop(session: Session, key: str) -> None:
    """Forget a proposal."""
    session.execute(
        delete(StateRow).where(StateRow.name == PREVIEWS + key).execution_options(synchronize_session=False)
    )


def is_worth_showing(proposal: Proposal, policy: Policy, asked: bool | None) -> bool:
    """Whether a change is to be shown, if there are requests to compare it with.

    `asked`: whether the moderator wants to see it; None: as the server's setting says, and settings only
    where they'd refuse something that is accepted now.
    """
    if asked is False or (asked is None and policy.saves_at_once):
        return False
    if proposal.removed:
        return bool(rules_of(policy, proposal.subject, proposal.removed))
    if proposal.word is not None:
        return find_word(policy, proposal.word) is None
    if proposal.settings is not None:
        changed = _changed(proposal.settings, policy)
        return (
            bool(changed)
            if asked
            else any(narrows(field, policy, proposal.settings.values) for field in changed)
        )
    return True


def _changed(settings: NewSettings, policy: Policy) -> Collection[str]:
    """Return the settings that would be others and can refuse something."""
    return [
        field
        for field in REFUSING
        if field in settings.fields and getattr(settings.values, field) != getattr(policy, field)
    ]


def narrows(field: str, old: ServerSettings, new: ServerSettings) -> bool:
    """Whether a setting of `REFUSING` would refuse something that it doesn't now."""
    before, after = getattr(old, field), getattr(new, field)
    match field:
        case "channels" | "models":
            return bool(after) and (not before or not before <= after)
        case "longest_duration":
            return after is not None and (before is None or after < before)
        case "highest_resolution":
            return after is not None and (before is None or resolution_rank(after) < resolution_rank(before))
        case _:
            raise ValueError(field)
