"""Why there is no video, in the provider's words, a moderator's or ours. Pure."""

from bot.db.models import Generation
from bot.escape import plain
from bot.failures import WITHHELD, FailureKind
from bot.i18n import _, translate_stored
from bot.provider.models import OWN_REASONS

REASON_LENGTH = 300
# Kinds whose reason is the provider's; that of the others is for the log.
PROVIDERS = frozenset(
    {
        FailureKind.REFUSED,
        FailureKind.UNTAKEN,
        FailureKind.UNMADE,
        FailureKind.GONE,
        FailureKind.MODEL_GONE,
    }
)


def reasons(kind: FailureKind, reason: str, *, quote: bool) -> list[str]:
    """Return the reason as one sentence, or none; only what the provider or a moderator said is quoted.

    `quote`: with these.
    """
    if kind is FailureKind.DECLINED and quote and (said := plain(reason, REASON_LENGTH)):
        return [_("They say: “{words}”", words=said)]
    if kind not in PROVIDERS:
        return []
    if reason in OWN_REASONS:
        return [translate_stored(reason)]
    if quote and (said := plain(reason, REASON_LENGTH)):
        # Translators: it is the video service
        return [_("Its reason: “{words}”", words=said)]
    return []


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
