"""A suggested model in one line."""

from dataclasses import replace

from bot.i18n import locale_used
from bot.money import to_credits
from bot.provider.catalogue import CATALOGUE
from bot.requests.model_choices import ModelChoice
from cogs.veo.model_input import NAME_MAX_LENGTH, fits, model_text

FAST = tuple(model for model in CATALOGUE if model.family == "Veo 3.1 Fast")
CHOICE = ModelChoice(FAST, 8, to_credits(0.8), is_cheapest=True)


def test_it_says_the_length_the_price_and_what_it_takes() -> None:
    assert model_text(CHOICE) == (
        "Veo 3.1 Fast · 8 s · about $0.80 · cheapest · text, one image or two images"
    )
    dear = ModelChoice(FAST[:1], 4, to_credits(1234.5))
    assert model_text(dear) == "Veo 3.1 Fast · 4 s · about $1,234.50 · text"
    short = ModelChoice(FAST[:1], 4, to_credits(0.4), {"duration": 4, "resolution": "720p"})
    assert model_text(short) == "Veo 3.1 Fast · 4 s · about $0.40 · set duration: 4, resolution: 720p · text"
    with locale_used("de"):
        assert model_text(dear) == "Veo 3.1 Fast · 4 s · etwa 1.234,50\xa0$ · Text"


def test_what_is_not_known_is_not_said() -> None:
    assert model_text(ModelChoice(FAST[1:2], None, None)) == "Veo 3.1 Fast · one image"


def test_it_always_fits_into_what_discord_shows() -> None:
    for length in range(1, 200):
        family = "V" * length
        text = model_text(replace(CHOICE, models=tuple(replace(model, family=family) for model in FAST)))
        assert text.startswith(family[:NAME_MAX_LENGTH])
        assert len(text) <= NAME_MAX_LENGTH
        assert not text.endswith(" · ")


def test_it_is_found_by_a_part_of_what_it_is_called() -> None:
    for typed in ("", "veo 3.1 F", "FAST", " t2v-fast", "from two im", model_text(CHOICE)):
        assert fits(CHOICE, typed), typed
    for typed in ("Veo 3 Fast", "google/veo3", "8 s", "sora"):
        assert not fits(CHOICE, typed), typed
