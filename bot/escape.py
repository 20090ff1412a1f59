"""People's text made safe to show: no formatting, no mentions, no hidden links, no previews."""

import re

from bot.text import clean, cut, shorten

# Characters with which Discord's markdown begins: emphasis, spoilers, code, masked links, escapes.
MARKDOWN = re.compile(r"([\\*_~|`\[\]])")
# Headings, subtext, quotes and lists, where a line begins with them.
LINE_START = re.compile(r"^(\s*)([#>+-])", re.MULTILINE)
NUMBERED = re.compile(r"^(\s*\d+)\.(?=\s)", re.MULTILINE)
# <@1>, <#1>, <:name:1>, <t:1>, </name:1>, <id:home> and <https://…>.
MARKUP = re.compile(r"<(?=[@#:/a-z])")
# An address that Discord would show a preview of.
ADDRESS = re.compile(r"(?<=\w):(?=//)")
# @everyone, @here; <@1> has lost its bracket by then.
MENTION = re.compile(r"@(?=everyone|here|[!&]?[0-9]{17,20})")


def plain(text: str, length: int) -> str:
    """Return `text` on one line, cut to `length` characters, so that Discord shows it as it is.

    Escaping adds characters: the result may be twice as long.
    """
    return escape(shorten(clean(text), length))


def escape(text: str) -> str:
    """Return `text` so that Discord shows it as it is; at most twice as long."""
    escaped = MARKDOWN.sub(r"\\\1", text)
    escaped = NUMBERED.sub(r"\1\.", LINE_START.sub(r"\1\\\2", escaped))
    escaped = ADDRESS.sub(r"\:", MARKUP.sub(r"\<", escaped))
    return MENTION.sub("@\u200b", escaped)


def escape_within(text: str, length: int) -> str:
    """Return `text` as `escape` does, cut with an ellipsis to at most `length` characters of the result."""
    whole, kept = escape(text), text
    if len(whole) <= length:
        return whole
    while kept and len(escape(kept)) >= length:
        excess = len(escape(kept)) - length + 1
        kept = cut(kept, len(kept) - max(1, excess // 2)).rstrip()  # a character is two at most
    return f"{escape(kept)}…" if length > 0 else ""
