"""People's words are shown as they were written, whatever they wrote."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import shorten
from cogs.ui.escape import plain

PUNCTUATION = "*_`~|\\<>@#:&!/()-+=.1a t\n"
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
    ),
    *("<id:guide>", "<@123456789012345678>", "👩‍👩‍👧", "é", "字"),
]
MEANT_TO_HARM = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
TEXTS = st.one_of(MEANT_TO_HARM, st.text(max_size=200).filter(lambda text: "[" not in text))

ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
ZERO_WIDTH_SPACE = "\u200b"


def live(text: str) -> str:
    """Return `text` as Discord parses it: what is escaped is replaced by a letter without meaning."""
    return ESCAPED.sub("x", text)


def read(text: str) -> str:
    """Return what a reader sees: escapes are not shown, nor is the space that parts an @ from its name."""
    return ESCAPED.sub(r"\1", text).replace(ZERO_WIDTH_SPACE, "")


@given(TEXTS)
def test_no_formatting_is_left(text: str) -> None:
    left = re.findall(r"[*_`~|]", live(plain(text, 500)))
    assert left == [], f"{left} would be taken for formatting"


@given(TEXTS)
def test_no_mention_is_left(text: str) -> None:
    left = re.findall(r"<[@#:/]|<a:|<t:|<id:|<https?:|@everyone|@here", live(plain(text, 500)))
    assert left == [], f"{left} would be taken for markup"


@given(TEXTS)
def test_no_line_begins_a_block(text: str) -> None:
    shown = live(plain(text, 500))
    assert "\n" not in shown, "the text leaves its quote"
    assert not re.match(r"#{1,3}\s|-#\s|>\s|>>>\s|[-*]\s", shown), "the line is a heading, list or quote"


@given(TEXTS)
def test_the_reader_sees_what_was_written(text: str) -> None:
    expected = shorten(text, 500).replace(ZERO_WIDTH_SPACE, "")
    assert read(plain(text, 500)) == expected


@given(TEXTS, st.integers(min_value=1, max_value=50))
def test_the_length_is_kept(text: str, length: int) -> None:
    assert len(read(plain(text, length))) <= length
    assert len(plain(text, length)) <= 2 * length + length // 5, "escaping adds more than it needs"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[free](https://evil.example)", "\\[free](https://evil.example)"),
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
