"""Why there is no video, in the provider's words or in ours. Pure."""

from bot.escape import plain
from bot.failures import FailureKind
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
