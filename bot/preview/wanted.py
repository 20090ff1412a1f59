"""Check for a preview: there's something to show, and the moderator wants to see it. Pure."""

from collections.abc import Collection

from bot.moderation.rules import rules_of
from bot.moderation.snapshots import find_word
from bot.policy.documents import Policy, ServerSettings
from bot.preview.proposal import REFUSING, NewSettings, Proposal
from bot.provider.catalogue import resolution_rank


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
        case _:
            return after is not None and (before is None or resolution_rank(after) < resolution_rank(before))
