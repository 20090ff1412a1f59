"""Whether a request ended because the provider's safety refused its prompt or image. Pure.

Only what says so in the provider's own words counts: a member may get a strike for it, so an end that safety
can cause, such as one without a video and without a reason, isn't one. Nor is one that only mentions safety,
since its service is out of order, an option is named like that, or the prompt is quoted.
"""

import re
from datetime import datetime

from bot.failures import FailureKind
from bot.provider.models import OWN_REASONS

KINDS = frozenset({FailureKind.REFUSED, FailureKind.UNMADE})


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.VERBOSE)


# Up to the end where it's cut off. An apostrophe within a word opens nothing.
QUOTED = _pattern(r""" "[^"]*(?:"|$) | “[^”]*(?:”|$) | `[^`]*(?:`|$) | (?<!\w)'[^']*(?:'(?!\w)|$) """)
# Trouble of the service's own, or about options.
OTHER = _pattern(
    r"""overload | time[ds]?[\ -]?out | unavailable | temporar | maintenance | internal | connection
    | (?:server|service)\ error | rate[\ -]limit | too\ many\ requests
    | (?:try|retry)(?:\ again)?\ (?:later|in\ a|soon)
    | (?:could\ not|couldn't|cannot|can't|unable\ to)\ (?:reach|connect|run|load|check)
    | fail(?:ed|s|ure)\ to\ (?!pass)
    | parameter | argument | must\ be | expected | out\ of\ range | between\ \d
    | invalid\ (?:value|enum|option)
    """
)
CODES = _pattern(
    r"""\b(?:content[_\ -]?policy[_\ -]?violation | moderation_blocked | prohibited_content
    | content_filter(?:ed)? | nsfw_(?:content_)?detected | (?:blocked|image|prompt|input|output)_safety)\b"""
)
NAMES = re.compile(r"\w+_\w+")  # of options
SENTENCE_ENDS = re.compile(r"[.!?;\n]+(?:\s+|$)")
ALONE = _pattern(r"(?:(?:finish|block)[\ ]?reason\W*)?(?:safety|nsfw|prohibited\ content|unsafe\ content)\W*")

CAUSE = (
    r"(?:safety | moderation | nsfw | risk\ control | responsible\ ai"
    r"| content\ (?:polic(?:y|ies)|filters?|checker)"
    r"| (?:usage|use|community|safety|content)\ (?:polic(?:y|ies)|guidelines|rules)"
    r"| (?:sensitive|harmful|prohibited|inappropriate|unsafe|explicit|disallowed)"
    r"\ (?:words?|content|topics?|material|uses?|imagery))"
)
SUBJECT = r"(?:content|prompts?|inputs?|request|images?|videos?|outputs?|text|words?|material)"
VERDICT = (
    r"(?:block | reject | refus | flag | filter(?:ed|s)\ | den(?:ied|y|ies) | declin | violat | prohibit"
    r"| disallow | breach | stopped | detected | trigger | contain | against | removed"
    r"| not\ (?:allowed|permitted))"
)
OFFENSES = (
    _pattern(rf"\b{VERDICT} .* \b{CAUSE}\b | \b{CAUSE}\b .* \b{VERDICT}"),
    _pattern(r"\bviolat\w*(?:\s+\S+){0,5}?\s+(?:polic(?:y|ies)|guidelines?)\b"),
    _pattern(rf"\b{SUBJECT}\s+(?:\S+\s+){{0,3}}?flagged\b | \bflagged\ (?:as|for)\b"),
    _pattern(
        rf"\b(?:fail(?:ed|s)|fail(?:ed|ure)\ to\ pass|did(?:\ not|n't)\ pass)\s+(?:\S+\s+){{0,3}}?{CAUSE}\b"
    ),
    _pattern(rf"\b(?:reason|because\ of|due\ to)\b\W+(?:\w+\W+){{0,2}}?{CAUSE}\b"),
)


def is_refused_for_safety(
    kind: FailureKind, reason: str | None, late_until: datetime | None, prompt: str = ""
) -> bool:
    """Whether the provider says so; `late_until`: the video may come all the same.

    `prompt`: what the reason may repeat.
    """
    if kind not in KINDS or late_until is not None or reason is None or reason in OWN_REASONS:
        return False
    said = QUOTED.sub(" ", _without(prompt, reason))
    if OTHER.search(said):
        return False
    if CODES.search(said):
        return True
    sentences = [sentence.strip() for sentence in SENTENCE_ENDS.split(NAMES.sub(" ", said))]
    return any(_is_offense(sentence) for sentence in sentences)


def _is_offense(sentence: str) -> bool:
    return ALONE.fullmatch(sentence) is not None or any(offense.search(sentence) for offense in OFFENSES)


def _without(prompt: str, reason: str) -> str:
    if not prompt:
        return reason
    return re.sub(rf"(?<!\w){re.escape(prompt)}(?!\w)", " ", reason, flags=re.IGNORECASE)
