"""People's words are shown as they were written, whatever they wrote."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.escape import escape, escape_within, plain
from bot.text import HIDDEN_CATEGORIES, JOINERS, clean, shorten

PUNCTUATION = "*_`~|\\<>@#:&!/()[]-+=.1a t\n"
PIECES = [
    *PUNCTUATION,
    *("@everyone", "@here", "<@1>", "<@!1>", "<@&1>", "<#1>", "<:a:1>", "<a:a:1>", "<t:0:R>", "</veo:1>"),
    *(
        "# ",
        "-# ",
        "> ",
        ">>> ",
        "- ",
        "1. ",
        "```",
        "||",
        "~~",
        "https://a_b.example",
        "<https://a.example>",
        "[a](b)",
        "[c](https://evil.example)",
        "\u202e",
        "\u200b",
    ),
    *("<id:guide>", "<@123456789012345678>", "👩‍👩‍👧", "é", "字"),
]
MEANT_TO_HARM = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
TEXTS = st.one_of(MEANT_TO_HARM, st.text(max_size=200))

ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
ZERO_WIDTH_SPACE = "\u200b"
BLOCK = re.compile(r"\s*(?:#{1,3}\s|-#\s|>\s|>>>\s|[-*+]\s|\d+\.\s)")


def live(text: str) -> str:
    """Return `text` as Discord parses it: what is escaped is replaced by a letter without meaning."""
    return ESCAPED.sub("x", text)


def read(text: str) -> str:
    """Return what a reader sees: escapes are not shown, nor is the space that parts an @ from its name."""
    return ESCAPED.sub(r"\1", text).replace(ZERO_WIDTH_SPACE, "")


@given(TEXTS)
def test_no_formatting_is_left(text: str) -> None:
    for shown in (escape(text), plain(text, 500)):
        left = re.findall(r"[*_`~|]", live(shown))
        assert left == [], f"{left} would be taken for formatting"


@given(TEXTS)
def test_no_mention_is_left(text: str) -> None:
    for shown in (escape(text), plain(text, 500)):
        left = re.findall(r"<[@#:/]|<a:|<t:|<id:|<https?:|@everyone|@here", live(shown))
        assert left == [], f"{left} would be taken for markup"


@given(TEXTS)
def test_no_masked_link_is_left(text: str) -> None:
    for shown in (escape(text), plain(text, 500)):
        assert re.findall(r"[\[\]]", live(shown)) == [], "a link could hide its address"


@given(TEXTS)
def test_no_address_with_a_preview_is_left(text: str) -> None:
    for shown in (escape(text), plain(text, 500)):
        assert re.findall(r"(?i)https?://", live(shown)) == [], "Discord would show a preview"


@given(TEXTS)
def test_no_line_begins_a_block(text: str) -> None:
    assert "\n" not in plain(text, 500), "the text leaves its quote"
    for line in [*escape(text).split("\n"), plain(text, 500)]:
        assert not BLOCK.match(live(line)), "the line is a heading, small print, list or quote"


@given(TEXTS)
def test_the_reader_sees_what_was_written(text: str) -> None:
    assert read(plain(text, 500)) == shorten(clean(text), 500).replace(ZERO_WIDTH_SPACE, "")
    assert read(escape(text)) == text.replace(ZERO_WIDTH_SPACE, "")


@given(TEXTS, st.integers(min_value=1, max_value=50))
def test_escaping_makes_at_most_twice_as_long(text: str, length: int) -> None:
    assert len(escape(text)) <= 2 * len(text)
    assert len(plain(text, length)) <= 2 * length
    assert len(read(plain(text, length))) <= length


@given(TEXTS)
def test_nothing_hidden_is_shown_but_what_parts_an_at_from_its_name(text: str) -> None:
    shown = plain(text, 500).replace(f"@{ZERO_WIDTH_SPACE}", "@")
    hidden = {c for c in shown if unicodedata.category(c) in HIDDEN_CATEGORIES and c not in JOINERS}
    assert hidden == set(), f"left over: {sorted(map(ascii, hidden))}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[free](https://evil.example)", "\\[free\\](https\\://evil.example)"),
        ("[a](b) [c](https://x.example)", "\\[a\\](b) \\[c\\](https\\://x.example)"),
        ("[[a]](b)", "\\[\\[a\\]\\](b)"),
        ("<https://x.example>", "\\<https\\://x.example>"),
        ("12. twelve", "12\\. twelve"),
        ("1.5 metres", "1.5 metres"),
        ("a\u202eb", "ab"),
        ("**bold**", "\\*\\*bold\\*\\*"),
        ("@everyone", "@\u200beveryone"),
        ("<@1>", "\\<@1>"),
        ("\\<@1>", "\\\\\\<@1>"),
        ("# big", "\\# big"),
        ("one\ntwo", "one two"),
        ("a < b > c", "a < b > c"),
        ("", ""),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert plain(text, 100) == shown


def test_what_is_cut_ends_with_an_ellipsis() -> None:
    assert plain("x" * 11, 10) == "x" * 9 + "…"
    assert plain("x" * 10, 10) == "x" * 10


def test_every_line_of_a_longer_text_is_escaped() -> None:
    text = "# one\n  - two\n\n3. three\n> four\n-# five"
    assert escape(text) == "\\# one\n  \\- two\n\n3\\. three\n\\> four\n\\-# five"


@given(st.text(st.sampled_from("ab*<@1#\n ")), st.integers(0, 40))
def test_what_is_cut_once_escaped_has_no_more_characters(text: str, length: int) -> None:
    shown = escape_within(text, length)
    assert len(shown) <= length
    assert shown == escape(text) or not length or shown.endswith("…")
