"""By which model a film is made that nobody chose one for: the first that makes all of its shots."""

import pytest

from bot.db.film_models import Continuity
from bot.errors import BadRequestError
from bot.films.script import FilmSpec, plan_shots
from bot.media.images import ImageInput
from bot.provider.catalogue import CATALOGUE
from bot.provider.choosing import parse_models

IMAGE = ImageInput.checked("https://cdn.discordapp.com/attachments/1/2/a.png")
CONTINUOUS, CUTS = Continuity.CONTINUOUS, Continuity.CUTS
TEXT_ROW, IMAGE_ROW = "google/veo3", "google/veo-3.0-i2v"


def film(continuity: Continuity, *images: ImageInput, count: int = 2) -> FilmSpec:
    return FilmSpec("Dragons", ("a dragon",) * count, None, {}, images, continuity)


@pytest.mark.parametrize("missing", ["gone", "not offered"])
@pytest.mark.parametrize(
    ("asked", "without", "family"),
    [
        (film(CONTINUOUS), TEXT_ROW, "Veo 3 Fast"),
        (film(CONTINUOUS), IMAGE_ROW, "Veo 3 Fast"),
        (film(CONTINUOUS, IMAGE), TEXT_ROW, "Veo 3"),
        (film(CONTINUOUS, count=1), IMAGE_ROW, "Veo 3"),
        (film(CUTS), IMAGE_ROW, "Veo 3"),
        (film(CUTS, IMAGE), TEXT_ROW, "Veo 3 Fast"),
        (film(CUTS, IMAGE), IMAGE_ROW, "Veo 3 Fast"),
    ],
)
def test_the_default_is_the_first_model_that_makes_every_shot(
    asked: FilmSpec, without: str, family: str, missing: str
) -> None:
    is_gone = missing == "gone"
    offered = CATALOGUE if is_gone else [model for model in CATALOGUE if model.id != without]
    plans = plan_shots(asked, offered, {without} if is_gone else ())
    assert {plan.video.model.family for plan in plans} == {family}


@pytest.mark.parametrize(
    ("models", "asked", "said"),
    [
        (f"{TEXT_ROW}, google/veo-3.1-i2v", film(CONTINUOUS), "Attach an image, or choose another"),
        (f"{TEXT_ROW}, google/veo-3.1-i2v", film(CUTS, IMAGE), "Leave the image out, or choose another"),
        (
            IMAGE_ROW,
            film(CONTINUOUS),
            "None of my models can make a video from text alone, only from an image",
        ),
        (TEXT_ROW, film(CONTINUOUS), "None of my models can make a video from 1 image"),
    ],
)
def test_where_no_model_makes_all_shots_the_refusal_says_what_would_do(
    models: str, asked: FilmSpec, said: str
) -> None:
    with pytest.raises(BadRequestError, match=said):
        plan_shots(asked, parse_models(models))
