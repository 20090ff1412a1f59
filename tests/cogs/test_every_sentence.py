"""Every text of the catalogue reads well with the times and numbers that are put into it."""

import re

import pytest

from tests.sentences import misplaced_times, rendered_sentences

UNNATURAL = re.compile(
    r"\b(?:whoever|whom|anew|shall|may not|by itself|no further|make out|towards|be told|asked for)\b",
    re.IGNORECASE,
)


def test_a_relative_time_stands_after_a_verb() -> None:
    wrong = misplaced_times(rendered_sentences())
    assert wrong == [], "Discord words the time as “in 5 minutes” or “3 hours ago”"


@pytest.mark.parametrize("word", ["about", "since", "until", "for", "in"])
def test_a_misplaced_time_is_found(word: str) -> None:
    sentences = [f"It ends {word} in 5 minutes.", f"It began {word} 3 hours ago.", "Ready in 5 minutes."]
    assert misplaced_times(iter(sentences)) == sentences[:2]


def test_a_time_in_place_of_a_sentence_is_found() -> None:
    sentences = ["I'll write to you, or in 5 minutes if there's none.", "Ready in 5 minutes."]
    assert misplaced_times(iter(sentences)) == sentences[:1]


def test_no_sentence_has_words_that_nobody_says() -> None:
    assert [text for text in rendered_sentences() if UNNATURAL.search(text)] == []
