"""Forbidden words are found in every disguise a reader would see through, and only as whole words."""

import unicodedata
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.blocklist import MAX_WORDS, WORD_MAX_LENGTH, clean_word, fold, forbidden_in
from bot.errors import BadInputError
from bot.text import clean

# Drawn as nothing: zero-width characters, joiners, soft hyphen, direction marks, variation selectors, tags,
# fillers, stretched strokes; and accents that sit on the letter before.
UNSEEN = [
    *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u2066"),
    *("\ufe0f", "\ufe00", "\U000e0100", "\U000e0041", "\u034f", "\u180b", "\u17b5", "\u2065", "\ufff0"),
    *("\u3164", "\u115f", "\u1160", "\uffa0", "\u2800", "\u0640", "\x00", "\x1c", "\x85", "\ue000"),
]
ACCENTS = ["\u0301", "\u0308", "\u0345", "\u20dd", "\u0489", "\u0e34", "\u3099", "\u093e", "\u064e"]

anything = st.text(
    st.one_of(st.characters(), st.sampled_from([*UNSEEN, *ACCENTS, *"aïжον暴กが\u0627\n\t ½ﷺ"]))
)
latin = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=8)
any_word = st.one_of(
    latin,
    st.text(st.sampled_from("абвгдежзийклмноп"), min_size=1, max_size=6),
    st.text(st.sampled_from("暴力赤龍がパーกขมาهו한국"), min_size=1, max_size=6),
)
syllables = [
    "が",
    "か",
    "パ",
    "ハ",
    "ヴ",
    "ウ",
    "ก\u0e34",
    "ก\u0e48",
    "ก",
    "ह",
    "ह\u093f",
    "हब",
    "त",
    "한",
    "하",
]
other_scripts = st.lists(st.sampled_from(syllables), max_size=3).map("".join)
phrases = st.lists(any_word, min_size=1, max_size=4).map(" ".join)


def find_forbidden(text: str, words: Collection[str]) -> str | None:
    return next(forbidden_in(text, words), None)


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@given(anything)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(anything)
def test_what_is_cleaned_is_folded_alike(text: str) -> None:
    """Prompts are cleaned before they are kept, and it must not matter which of the two is searched."""
    assert fold(clean(text)) in {fold(text), ""}


@given(anything)
def test_a_folded_text_is_one_line_of_single_blanks_without_anything_unseen(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split())
    left = {c for c in folded if unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs"}} | {*folded} & {*UNSEEN}
    assert left == set(), f"left over: {sorted(map(ascii, left))}"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("VÏOLENCE", "violence"),
        ("ｖｉｏ　ｌｅｎｃｅ", "vio lence"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("𝓿𝓲𝓸𝓵𝓮𝓷𝓬𝓮", "violence"),
        ("\u0301violence", "violence"),
        ("5\ufe0f\u20e3", "5"),
        ("Ёлка", "eлкa"),
        ("ᾳ", "a"),
        (" a\r\n\tb\u2028c\u00a0d ", "a b c d"),
        # Marks of other scripts are parts of letters.
        ("が", "が"),
        ("か\u3099", "が"),
        ("ｶﾞ", "ガ"),
        ("हिन्दी", "हिन्दी"),
        ("ที่", "ที่"),
        ("한국", "한국"),
        ("آن", "آن"),
        # But not on a letter of another script, nor where points may be left out.
        ("暴\u0301力", "暴力"),
        ("暴\u0e34力", "暴力"),
        ("vi\u0e34o", "vio"),
        ("\u060c\u0653", "\u060c"),
        ("שָׁלוֹם", "שלום"),
        ("א\u05c3ב\u05be", "א\u05c3ב\u05be"),
        ("عُنْف", "عنف"),
        ("عـنـف", "عنف"),
        ("", ""),
        ("\u200b", ""),
    ],
)
def test_examples_of_folding(text: str, folded: str) -> None:
    assert fold(text) == unicodedata.normalize("NFC", folded)


@given(other_scripts, other_scripts)
def test_folding_keeps_words_of_other_scripts_apart(one: str, other: str) -> None:
    alike = unicodedata.normalize("NFKD", one) == unicodedata.normalize("NFKD", other)
    assert (fold(one) == fold(other)) == alike


@given(st.data(), phrases)
def test_nothing_unseen_inside_an_occurrence_hides_it(data: st.DataObject, phrase: str) -> None:
    hidden = "".join(
        char + data.draw(st.text(st.sampled_from([c for c in UNSEEN if c != "\u2800"]), max_size=2))
        for char in phrase
    )
    assert find_forbidden(f"a prompt with {hidden} in it", [phrase]) == phrase
    assert find_forbidden(hidden, [phrase]) == phrase
    assert find_forbidden(f"a prompt with {phrase} in it", [hidden]) == hidden


@given(st.data(), latin)
def test_no_accent_hides_a_word(data: st.DataObject, word: str) -> None:
    marks = st.text(st.sampled_from(ACCENTS), max_size=3)
    disguised = data.draw(marks) + "".join(char + data.draw(marks) for char in word)
    assert find_forbidden(f"a, {disguised}, b", [word]) == word


@given(phrases)
def test_neither_case_nor_width_nor_form_hides_a_phrase(phrase: str) -> None:
    for disguised in (
        phrase.upper(),
        phrase.title(),
        full_width(phrase),
        *(unicodedata.normalize(form, phrase) for form in ("NFC", "NFD", "NFKD")),
    ):
        assert find_forbidden(f"({disguised})", [phrase]) == phrase, ascii(disguised)


@given(st.lists(latin, min_size=2, max_size=4), st.data())
def test_anything_that_is_no_letter_may_stand_between_the_words_of_a_phrase(
    words: list[str], data: st.DataObject
) -> None:
    gaps = st.text(st.sampled_from(" \n\t-_.,/|*'’ʼ\u3000\u00a0…🔫"), min_size=1, max_size=4)
    text = "".join(word + data.draw(gaps) for word in words)
    assert find_forbidden(text, [" ".join(words)])
    assert find_forbidden(text, ["-".join(words)]), "an entry's own hyphens are as good as blanks"
    assert find_forbidden("".join(words), [" ".join(words)]) is None, "the words are glued to one"


@given(st.text(st.characters(codec="ascii")), st.lists(latin, min_size=1, max_size=3).map("-".join))
def test_plain_letters_are_searched_like_all_others(text: str, phrase: str) -> None:
    for around in (text, f"{text} {phrase.upper()} {text}", f"{text}{phrase}"):
        assert find_forbidden(around, [phrase]) == find_forbidden(f"{around}\u200b", [phrase]), around


@given(latin, latin, st.sampled_from(["before", "after"]))
def test_a_word_glued_to_other_letters_is_another_word(word: str, letters: str, side: str) -> None:
    glued = letters + word if side == "before" else word + letters
    assert find_forbidden(f"1 {glued} 2", [word]) is None
    assert find_forbidden(f"1 {glued} 2 {word}", [word]) == word
    assert find_forbidden(f"1 {word}7 2", [word]) is None
    assert find_forbidden(f"1 \u200b{word}\u200b{letters} 2", [word]) is None, "nothing unseen is an edge"


@given(any_word, any_word)
def test_a_word_without_blanks_around_it_is_found_where_its_script_has_none(one: str, other: str) -> None:
    assert find_forbidden(f"{one}暴力{other}", ["暴力"]) == "暴力"


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("a film about nonviolence", "violence", False),
        ("non-violence", "violence", True),
        ("the dragon’s lair", "dragon", True),
        ("a red-dragon", "red dragon", True),
        ("a red   dragon", "red dragon", True),
        ("a Red_Dragon", "red dragon", True),
        ("red, then a dragon", "red dragon", False),
        ("red\u3164dragon", "red dragon", True),
        ("red\u2800dragon", "red dragon", True),
        ("vio\u2800lence", "violence", True),
        ("dragon, \u3164 red", "red dragon", False),
        ("infrared dragonfly", "red dragon", False),
        ("over 18s, 18+", "18", True),
        ("over 180", "18", False),
        # Scripts without blanks between words.
        ("反暴力的电影", "暴力", True),
        ("暴 力", "暴力", False),
        ("很大，麻的", "大麻", False),
        ("赤いdragonを描いて", "dragon", True),
        ("赤いdragonflyを描いて", "dragon", False),
        ("かき", "がき", False),
        ("がき", "かき", False),
        ("ハーﾌﾞ", "ハーブ", True),
        ("18禁アニメ", "18禁", True),
        ("118禁アニメ", "18禁", False),
        ("คนยิงปืนใหญ่", "ปืน", True),
        ("กนิ", "กน", False),
        # Scripts with blanks.
        ("फिल्म में हिंसा है", "हिंसा", True),
        ("अहिंसा की फिल्म", "हिंसा", False),
        ("हिंसात्मक फिल्म", "हिंसा", False),
        ("비폭력", "폭력", False),
        ("폭력", "폭력", True),
        ("فيلم عن العُنْف", "العنف", True),
        # Look-alikes, either way.
        ("viоlеnce", "violence", True),
        ("vιοlence", "violence", True),
        ("ѕех", "sex", True),
        ("opужиe", "оружие", True),
        ("ОРУЖИЕ", "оружие", True),
        ("και αν", "kai", False),
        ("και αν", "av", False),
        ("sık", "sik", False),
        ("a 🅱omb", "bomb", True),
        ("🆂🅴🆇", "sex", True),
        ("🅢🅔🅧", "sex", True),
        ("🇩🇪", "de", False),
        # Marks that are drawn over themselves, on a letter that can't have them, or in another order.
        ("は゛くだん", "ばくだん", True),
        ("ハ゜ンツ", "パンツ", True),
        ("ば\u3099くだん", "ばくだん", True),
        ("ば゛くだん", "ばくだん", True),
        ("あ゛だ゛る゛と", "あだると", True),
        ("あ\u3099だると", "あだると", True),
        ("ば゜くだん", "ばくだん", True),
        ("はくだん", "ばくだん", False),
        ("ぱん", "ばん", False),
        ("ระเบ\u0e34\u0e34ด", "ระเบ\u0e34ด", True),
        ("ด\u0e37\u0e48มน\u0e4d\u0e49า", "น\u0e49\u0e33", True),
        ("เเดง", "แดง", True),
        ("นา", "น\u0e49\u0e33", False),
    ],
)
def test_examples(text: str, word: str, found: bool) -> None:
    assert find_forbidden(text, [word]) == (word if found else None)


def test_the_first_entry_is_told_as_it_was_written() -> None:
    words = ["Unicorn", "RED Dragon", "dragon"]
    assert find_forbidden("a dragon, a red dragon", words) == "RED Dragon"
    assert find_forbidden("a dragon", tuple(words)) == "dragon"
    assert find_forbidden("a cat", words) is None
    assert find_forbidden("a cat", []) is None
    assert [*forbidden_in("a dragon, a red dragon", words)] == words[1:], "all of them are found"


@pytest.mark.parametrize("word", ["", "…", "\u200b", "ʼ"])
def test_an_entry_without_a_letter_forbids_nothing(word: str) -> None:
    assert find_forbidden("… anything at all ʼ", [word]) is None


@given(anything, st.lists(anything, max_size=5))
def test_any_text_can_be_searched_for_any_entries(text: str, words: list[str]) -> None:
    found = find_forbidden(text, words)
    assert found is None or found in words
    assert (find_forbidden("", words)) is None


@given(anything)
def test_an_entry_is_kept_so_that_it_finds_itself_or_refused(text: str) -> None:
    try:
        word = clean_word(text)
    except BadInputError:
        return
    assert 0 < len(word) <= WORD_MAX_LENGTH
    assert word == " ".join(clean(word).split()) == clean_word(word)
    assert find_forbidden(text, [word]) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("  Red\n\tDragon ", "Red Dragon"),
        ("vio\u200blence", "violence"),
        ("18+", "18+"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("x" * WORD_MAX_LENGTH + "  ", "x" * WORD_MAX_LENGTH),
    ],
)
def test_an_entry_is_kept_as_it_was_written_but_for_what_is_hidden(text: str, word: str) -> None:
    assert clean_word(text) == word


@pytest.mark.parametrize("text", ["", " ", "\u200b", "!?…", "🔫", "\u0301", "\u3164", "ـ", "\u200d"])
def test_an_entry_without_a_letter_or_digit_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="at least one letter or digit"):
        clean_word(text)


def test_an_entry_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadInputError, match=f"can have up to {WORD_MAX_LENGTH} characters"):
        clean_word("x" * (WORD_MAX_LENGTH + 1))


def test_as_many_entries_as_a_server_may_have_are_searched_for() -> None:
    words = [f"word{number}" for number in range(MAX_WORDS)]
    assert find_forbidden(f"a {words[-1].upper()} b", words) == words[-1]
