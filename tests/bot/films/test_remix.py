"""What a film was made from, to be changed and made once more."""

from datetime import timedelta
from typing import Any

import pytest

from bot.db.film_models import Continuity, FilmRow, Transition
from bot.films.remix import CannotRemixError, spec_of
from bot.films.rows import Film
from bot.films.script import first_models
from bot.provider.catalogue import CATALOGUE, get_model
from bot.provider.input_kinds import InputKind
from tests.cogs.generation import NOON, generation

IMAGE = "https://cdn.discordapp.com/attachments/1/2/a.png"
REFERENCED: dict[str, Any] = {"has_references": True, "continuity": Continuity.CUTS}


def film(*prompts: str, shots: dict[str, Any] | None = None, **changes: Any) -> Film:
    values = {"title": "Dragons", "options": {"duration": 4}, "continuity": Continuity.CONTINUOUS}
    row = FilmRow(**{**values, "id": "f" * 16, "has_image": False, **changes})
    takes = [
        generation(id=f"{number:016}", film_id=row.id, shot=number, prompt=prompt, **(shots or {}))
        for number, prompt in enumerate(prompts, 1)
    ]
    return Film(row, takes)


def test_it_is_as_its_member_asked_for_it_with_the_words_of_redone_shots() -> None:
    made = film("one", "two")
    redone = generation(id="9" * 16, film_id="f" * 16, shot=2, prompt="two\nlines", source_id="0" * 15 + "2")
    spec = spec_of(Film(made.row, [*made.takes, redone]), CATALOGUE, (), NOON)
    assert (spec.title, spec.prompts, spec.options) == ("Dragons", ("one", "two lines"), {"duration": 4})
    assert (spec.model, spec.images, spec.continuity) == ("Veo 3", (), Continuity.CONTINUOUS)


def test_shots_that_faded_into_each_other_do_so_again() -> None:
    assert (
        spec_of(film("one", transition=Transition.CROSSFADE), CATALOGUE, (), NOON).transition == "crossfade"
    )


def test_where_its_model_is_gone_none_is_chosen() -> None:
    gone = [model.id for model in CATALOGUE if model.family == "Veo 3"]
    assert spec_of(film("one"), CATALOGUE, gone, NOON).model is None


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (film("one", removed_at=NOON), "This film was removed"),
        (film("", erased_at=NOON), "The prompts of this film were deleted"),
        (film("one", "", shots={"erased_at": NOON}), "The prompts of this film were deleted"),
        (film("x" * 2000, "y" * 2000), "more than 4,000 characters in total"),
        (film("one", has_image=True), "begins with an image that I no longer have"),
        (film("one", has_image=True, shots={"picture_urls": [IMAGE]}), "an image that I no longer have"),
        (film("one", **REFERENCED), "made from reference images that I no longer have"),
    ],
    ids=["removed", "erased", "a shot erased", "too long", "forgotten", "expired", "references"],
)
def test_what_is_not_there_any_more_is_said(made: Film, words: str) -> None:
    with pytest.raises(CannotRemixError, match=words):
        spec_of(made, CATALOGUE, (), NOON + timedelta(days=1))


def test_the_first_image_is_kept_as_long_as_discord_has_it() -> None:
    made = film("one", has_image=True, shots={"picture_urls": [IMAGE]})
    (image,) = spec_of(made, CATALOGUE, (), NOON).images
    assert image.url == IMAGE


def test_references_are_kept_as_references() -> None:
    made = film("one", **REFERENCED, shots={"picture_urls": [IMAGE, f"{IMAGE}?2"]})
    spec = spec_of(made, CATALOGUE, (), NOON)
    assert (len(spec.images), spec.has_references) == (2, True)
    assert {model.kind for model in first_models(spec, CATALOGUE)} == {InputKind.REFERENCES}


def test_shots_that_follow_on_each_other_need_a_family_that_takes_frames() -> None:
    alone = get_model("google/veo3")
    lite = tuple(model for model in CATALOGUE if model.family == "Veo 3.1 Lite")
    assert alone is not None
    continuous = spec_of(film("one"), CATALOGUE, (), NOON)
    cuts = spec_of(film("one", continuity=Continuity.CUTS), CATALOGUE, (), NOON)
    assert [model.family for model in first_models(continuous, [alone, *lite])] == ["Veo 3.1 Lite"]
    assert [model.family for model in first_models(cuts, [alone, *lite])] == ["Veo 3", "Veo 3.1 Lite"]
