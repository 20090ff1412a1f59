"""Text that people wrote is harmless and fits."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.escape import escape_within
from bot.text import JOINERS, clean, cut, share, shorten

# Mostly ordinary characters, but often the ones that hide or disguise.
texts = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\u202e\u200b\ufeff\u200c\u200d\x00\x1b\x7f\x85\u2028\r\n\t \ue000\ud800\u00ad\u3164\u2800\u034f"
        ),
    )
)


# Fillers of Hangul, the empty Braille pattern, and marks that are drawn on nothing.
INVISIBLE = ("\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u034f", "\ufe0f", "\U000e0100", "\u3000")


@given(texts)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(texts)
def test_no_hidden_character_is_left(text: str) -> None:
    hidden = {
        char
        for char in clean(text)
        if unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs"} and char != "\n" and char not in JOINERS
    }
    assert not hidden, f"left over: {sorted(map(ascii, hidden))}"


@given(texts)
def test_a_clean_text_is_trimmed_and_shows_something_or_is_empty(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == cleaned.strip()
    assert not cleaned or any(char not in JOINERS and not char.isspace() for char in cleaned)


@given(texts)
def test_a_clean_text_can_be_sent(text: str) -> None:
    assert clean(text).encode().decode() == clean(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\tb", "a b"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("\u200b\u200b", ""),
        ("\u200d", ""),
        (" \n\t ", ""),
        *((blank, "") for blank in INVISIBLE),
        *((f"{blank} {blank}\n{blank}", "") for blank in INVISIBLE),
        ("\u0301", ""),
        ("e\u0301", "e\u0301"),
        ("\u2764\ufe0f", "\u2764\ufe0f"),
        ("a\u3164b", "a\u3164b"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    ],
)
def test_line_ends_disguises_and_joiners(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(texts, st.integers(1, 50))
def test_a_shortened_text_fits_on_one_line(text: str, length: int) -> None:
    short = shorten(text, length)
    assert len(short) <= length
    assert len(short.splitlines()) <= 1


@given(st.text(st.sampled_from("ab "), max_size=20))
def test_a_text_that_fits_keeps_its_words(text: str) -> None:
    assert shorten(text, 20).split() == text.split()


def test_a_cut_text_says_so() -> None:
    assert shorten("one two  three", 8) == "one two…"
    assert shorten("one two\nthree", 13) == "one two three"


@pytest.mark.parametrize(
    "sign",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\U0001f44d\U0001f3fd",  # a thumb with a tone of skin
        "\u2764\ufe0f",  # a red heart
        "\U0001f1e9\U0001f1ea",  # a flag
        "e\u0301",
        "\u0928\u0940",  # a letter and its vowel sign
    ],
)
@pytest.mark.parametrize("before", ["x", "\U0001f1eb\U0001f1f7", "a dragon "])
def test_a_cut_parts_no_sign(before: str, sign: str) -> None:
    whole = f"{before}{sign} and more"
    for length in range(len(before) + 1, len(before) + len(sign)):
        assert cut(whole, length) == before
        assert shorten(whole, length + 1) == f"{before.rstrip()}…"
        assert escape_within(whole, length + 1) == f"{before.rstrip()}…"
    assert cut(whole, len(before + sign)) == before + sign


def test_a_sign_longer_than_the_room_is_cut_all_the_same() -> None:
    assert cut("e" + "\u0301" * 50, 10) == "e" + "\u0301" * 9


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 200))
def test_short_texts_leave_their_room_to_long_ones(lengths: list[int], room: int) -> None:
    each = share(lengths, room)
    assert sum(min(length, each) for length in lengths) <= room
    more = sum(min(length, each + 1) for length in lengths)
    assert more > room or each >= max(lengths, default=0), "there was more room"
