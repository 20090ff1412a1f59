"""An option of a model: what a row of the catalogue must say about itself."""

import pytest

from bot.provider.catalogue import ENHANCE_PROMPT, SEED
from bot.provider.options import Option


def test_a_yes_or_no_is_shown_in_the_words_of_its_row() -> None:
    shown = [ENHANCE_PROMPT.shown(value) for value in (True, False)]
    assert shown == ["prompt enhanced", "prompt as written"]
    assert SEED.shown(7) == "7"


def test_a_yes_or_no_without_words_cannot_be_added() -> None:
    with pytest.raises(TypeError, match="loop: a bool has words"):
        Option("loop", bool, "End where the video begins")


def test_only_a_yes_or_no_has_words() -> None:
    with pytest.raises(TypeError, match=r"size: .* nothing else has"):
        Option("size", int, "How large", words=("large", "small"))
