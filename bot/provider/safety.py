"""Whether a request ended because the provider's safety refused its prompt or image. Pure.

Only what says so in the provider's own words counts: a member may get a strike for it, so an end that safety
can cause, such as one without a video and without a reason, isn't one.
"""

import re
from datetime import datetime

from bot.failures import FailureKind
from bot.provider.models import OWN_REASONS

KINDS = frozenset({FailureKind.REFUSED, FailureKind.UNMADE})
WORDS = re.compile(
    r"""(?<![a-z])(?:
        safety | moderation | nsfw | responsible\ ai | content[ _-]?polic(?:y|ies) | contentpolicyviolation
        | (?:sensitive|harmful|prohibited|inappropriate|unsafe)\ (?:words?|content|topics?|material|uses?)
        | violat\w*(?:\s+\S+){0,5}?\s+(?:polic(?:y|ies)|guidelines?)
    )(?![a-z])""",
    re.IGNORECASE | re.VERBOSE,
)


def is_refused_for_safety(kind: FailureKind, reason: str | None, late_until: datetime | None) -> bool:
    """Whether the provider says so; `late_until`: the video may come all the same."""
    if kind not in KINDS or late_until is not None or reason is None or reason in OWN_REASONS:
        return False
    return WORDS.search(reason) is not None
