"""Check whether the provider's safety refused a prompt or image. Pure.

Only what says so in the provider's own words counts: a member may get a strike for it, so an end that safety
can cause, such as one without a video and without a reason, isn't one. Nor is one that only mentions safety,
since its service is out of order, an option is named like that, or the prompt is quoted. A doubtful sentence
doesn't count: it has to name what stopped the request (`CAUSE`), as one of `OFFENSES` does.
"""

import re

from bot.failures import FailureKind
from bot.i18n import N_

OWN_REASONS = (
    N_("It finished without a video. Its safety filter can cause this."),
    N_("It gave no reason."),
)  # in place of the provider's words, and never quoted as these
WITHOUT_VIDEO, WITHOUT_REASON = OWN_REASONS
KINDS = frozenset({FailureKind.REFUSED, FailureKind.UNMADE})


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.VERBOSE)


# Up to the end where it's cut off. An apostrophe within a word opens nothing.
QUOTED = _pattern(r""" "[^"]*(?:"|$) | “[^”]*(?:”|$) | `[^`]*(?:`|$) | (?<!\w)'[^']*(?:'(?!\w)|$) """)
NAMES = re.compile(r"\b\w+_\w+")  # of options
SENTENCE_ENDS = re.compile(r"[.!?;\n]+(?:\s+|$)")
ADVICE = re.compile(r"if you (?:believe|think|feel)\b", re.IGNORECASE)  # its sentence tells no cause

# What speaks against it, wherever it stands: trouble of the service's own, and what is wrong with options.
TROUBLE = _pattern(
    r"""overload | time[ds]?[\ -]?out | unavailable | temporar | maintenance | connection | crash | \bbusy\b
    | \bdown\b | offline | \bslow | (?:server|service|internal)\ (?:error|failure|problem)
    | returned | \b5\d\d\b | rate[\ -]limit | too\ many\ requests
    | (?:try|retry)(?:\ again)?\ (?:later|in\ a|soon)
    | (?:could\ not|couldn't|cannot|can't|unable\ to)\ (?:reach|connect|run|load|check)
    | fail(?:ed|s|ure)\ to\ (?!pass)"""
)
OPTIONS = _pattern(
    r"""parameter | argument | must\ be | expected | out\ of\ range | between\ \d | content-type | header
    | schema | invalid\ (?:value|enum|option)"""
)
# And in its own sentence: it's about who asks, not about what is in the prompt.
ACCOUNT = _pattern(
    r"""\b(?:keys?|accounts?|access|billing|payments?|plans?|subscriptions?|organi[sz]ations?|quotas?|ip)\b
    | \busers?\b(?![\ -](?:prompts?|inputs?|content|provided|supplied))"""
)

TOOL = (
    r"(?:(?:safety|content|moderation|nsfw|risk\ control)"
    r"\ (?:systems?|filters?|check(?:s|ers?)?|classifiers?|guardrails?) | moderation | risk\ control)"
)
RULES = (
    r"(?:responsible\ ai"
    r"| (?:content|safety|usage|use|community|moderation)\ (?:polic(?:y|ies)|guidelines?|rules?))"
)
MATERIAL = (
    r"(?:nsfw | (?:sensitive|harmful|prohibited|inappropriate|unsafe|explicit|disallowed)"
    r"\ (?:words?|content|topics?|material|uses?|imagery)) (?![\w-])"
)
CAUSE = rf"(?:{TOOL} | {RULES} | {MATERIAL} | safety)"
ITSELF = r"\b(?!\ (?:settings?|endpoints?|queues?|services?|models?|options?|api|is|are|was|were)\b)"
CONTENT = r"(?:content|prompts?|inputs?|images?|videos?|outputs?|text|words?|material)"
STOPS = (
    r"(?:block(?:s|ed)|reject(?:s|ed)|refuse[sd]|flag(?:s|ged)|filter(?:s|ed)|declin(?:es|ed)|stop(?:s|ped))"
)
STOPPED = rf"(?:{STOPS} | denied | prohibited | disallowed | not\ (?:allowed|permitted))"
BREAKS = r"(?:violat\w+ | breach\w* | against | (?:not|n't)\ (?:comply\ with|follow|meet))"
FEW = r"(?:(?!(?:too|for|with|by|in|on|to|not)\b)[\w']+\s+){0,4}?"  # words, such as "the provider's"
BY = r"(?:\s*[:,(\-–]\s*|\s+(?:by|due\ to|because\ of|under|for|as|as\ a\ result\ of)\s+)"

CODES = _pattern(
    r"""\b(?:content[_\ -]?policy[_\ -]?violation | moderation_blocked | prohibited_content
    | content_filter(?:ed)? | nsfw_(?:content_)?detected | (?:blocked|image|prompt|input|output)_safety
    | (?:input|output)[a-z]*sensitivecontentdetected)\b"""
)
ALONE = _pattern(
    r"\A(?:(?:finish|block)[\ ]?reason\W*)?(?:safety|nsfw|prohibited\ content|unsafe\ content)\W*\Z"
)
STOPPED_BY = _pattern(rf"\b{STOPPED}{BY}{FEW}{CAUSE}{ITSELF}")
TOOL_STOPS = _pattern(rf"\b{TOOL}{ITSELF}\s+(?:\w+\s+)??(?:{STOPS}|triggered)\b")
BREAKS_RULES = _pattern(
    rf"\b{BREAKS}\s+{FEW}{RULES}\b | \b{CONTENT}\s+{BREAKS}\s+(?:our|the)\s+(?:polic(?:y|ies)|guidelines)\b"
)
HAS_MATERIAL = _pattern(
    rf"\b(?:contain(?:s|ed|ing)?|detected|found)\s+{FEW}{MATERIAL}"
    rf"| \b{MATERIAL}\s+{FEW}(?:detected|found|not\ (?:allowed|permitted))\b"
)
DOES_NOT_PASS = _pattern(
    rf"\b(?:failed|fails|triggered|(?:failed|failure)\ to\ pass|did(?:\ not|n't)\ pass)\s+{FEW}{TOOL}{ITSELF}"
    rf"| \b{CONTENT}\ moderation\ failed\b"
)
IS_FLAGGED = _pattern(
    rf"\b{CONTENT}\s+(?:(?:is|are|was|were|has\ been|have\ been)\s+)?flagged\s*\Z"
    r"| \bflagged\ (?:as|for)\ (?:\w+\ )?(?:harmful|unsafe|inappropriate|sensitive|explicit|nsfw)\b"
)
REASON = _pattern(rf"\b(?:reason|because\ of|due\ to)\b\W+(?:\w+\W+){{0,2}}?{CAUSE}{ITSELF}")
OFFENSES = (
    ALONE,
    STOPPED_BY,
    TOOL_STOPS,
    BREAKS_RULES,
    HAS_MATERIAL,
    DOES_NOT_PASS,
    IS_FLAGGED,
    REASON,
)


def is_refused_for_safety(kind: FailureKind, reason: str | None, prompt: str = "") -> bool:
    """Whether the provider says so; `prompt`: what the reason may repeat."""
    return (
        kind in KINDS and reason is not None and reason not in OWN_REASONS and tells_of_safety(reason, prompt)
    )


def tells_of_safety(reason: str, prompt: str = "") -> bool:
    """Whether the provider's words say that its safety refused something; `prompt`: what they may repeat."""
    sentences = [
        sentence.strip()
        for sentence in SENTENCE_ENDS.split(QUOTED.sub(" ", _without(prompt, reason)))
        if ADVICE.match(sentence) is None
    ]
    if any(TROUBLE.search(sentence) or OPTIONS.search(sentence) for sentence in sentences):
        return False
    return any(_is_offense(sentence) for sentence in sentences)


def _is_offense(sentence: str) -> bool:
    if ACCOUNT.search(sentence):
        return False
    said = NAMES.sub(" ", sentence)
    return CODES.search(sentence) is not None or any(offense.search(said) for offense in OFFENSES)


def _without(prompt: str, reason: str) -> str:
    if not prompt:
        return reason
    return re.sub(rf"(?<!\w){re.escape(prompt)}(?!\w)", " ", reason, flags=re.IGNORECASE)
