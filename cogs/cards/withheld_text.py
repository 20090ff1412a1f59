"""The text of a video that was made, and that moderators kept from being posted. Pure."""

from bot.db.models import Generation
from bot.failures import WITHHELD, FailureKind
from bot.i18n import _
from cogs.cards.reasons import reasons


def withheld_lines(generation: Generation, *, quote: bool) -> tuple[str, str]:
    """Return why it isn't posted, and that it counts with what to do now; `quote`: in a moderator's words."""
    kind = _kind_of(generation)
    why = " ".join([_(WITHHELD[kind]), *reasons(kind, generation.failure_reason or "", quote=quote)])
    return why, f"{_counts()} {kind.advice}"


def withheld_state(generation: Generation) -> str:
    """Return how the card and `/videos` say it."""
    return f"{_('**Not posted.**')} {_(WITHHELD[_kind_of(generation)])} {_counts()}"


def _counts() -> str:
    return _("It was made, so it counts toward your limit.")


def _kind_of(generation: Generation) -> FailureKind:
    return generation.failure_kind or FailureKind.DECLINED
