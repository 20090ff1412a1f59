"""Every English text of the catalogue, filled in as a reader may see it: `python -m tests.sentences`.

`{when}` is a relative time, which Discord words as "in 5 minutes" or "3 hours ago": each text with one comes
in both forms. `{date}` and `{since}` are dates.
"""

import re
import sys
from collections.abc import Iterator
from string import Formatter

from babel.messages.pofile import read_po

from docs.translations import TEMPLATE

RELATIVE_TIMES = ("in 5 minutes", "3 hours ago")
COUNTS = (0, 1, 2)
DATE = "1 May 2026 18:00"
SAMPLES = {
    "date": DATE,
    "last": DATE,
    "since": DATE,
    "until": f"until {DATE}",
    "limit": "3 videos in 24 hours",
    "limits": "3 videos in 24 hours and 1 video at once",
    "link": "https://discord.com/channels/1/2/3",
    "member": "@alice",
    "money": "$1.04 (2,080,000 credits)",
    "period": "today",
    "role": "@Fans",
    "subject": "@alice",
    "videos": "3 videos",
    "who": "@mona",
}


def rendered_sentences() -> Iterator[str]:
    """Yield each text, with every number that it counts and both kinds of relative time."""
    with TEMPLATE.open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if isinstance(message.id, str):
            yield from _with_times(message.id, {})
        else:
            singular, plural = message.id
            for count in COUNTS:
                yield from _with_times(singular if count == 1 else plural, {"count": str(count)})


def _with_times(text: str, values: dict[str, str]) -> Iterator[str]:
    names = {name for _, name, _, _ in Formatter().parse(text) if name}
    filled = {name: SAMPLES.get(name, f"<{name}>") for name in names} | values
    for when in RELATIVE_TIMES if "when" in names else ("",):
        if text:
            yield text.format(**(filled | {"when": when}))


def misplaced_times(sentences: Iterator[str]) -> list[str]:
    """Return the sentences in which a relative time stands where only a date or a length of time can."""
    times = "|".join(RELATIVE_TIMES)
    wrong = re.compile(
        rf"\b(?:about|since|until|for|in|on|at|by|from|after|before) (?:{times})|\bor (?:{times}) if\b",
        re.IGNORECASE,
    )
    return [sentence for sentence in sentences if wrong.search(sentence)]


if __name__ == "__main__":
    sys.stdout.writelines(f"{sentence}\n" for sentence in rendered_sentences())
